// What is taken off the demo's list comes back, by pointer and by keyboard, to its place, and says so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, drawPhotos, settled, startDemo } from './kit/demo.mjs';

let demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.close());

const names = (page) => page.locator('.photo .name').allTextContents();
const tool = (page, name, kind) => card(page, name).locator(`[data-tool=${kind}]`);
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id);
const said = (page, words) => page.locator('#moved', { hasText: words }).waitFor({ state: 'attached' });

test('a removed photo comes back to its place, the last one first, by the button and by the keys that undo', { timeout: 120_000 }, async () => {
  const { page, notes, close } = await demo.open();
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 300, 200));
  await settled(page, 4);
  assert.ok(await page.locator('#removed').isHidden());
  await tool(page, 'b.jpg', 'remove').press('Enter');
  await said(page, /^Removed: b\.jpg\. .*Ctrl \+ Z/);
  assert.match(await focused(page), /^2\. c\.jpg/, 'the next has the focus');
  await tool(page, 'd.jpg', 'remove').click();
  assert.equal(await page.locator('#removed-text').textContent(), 'Removed: d.jpg');
  await page.click('#undo');
  assert.deepEqual(await names(page), ['a.jpg', 'c.jpg', 'd.jpg']);
  assert.match(await focused(page), /^3\. d\.jpg/);
  assert.equal(await page.locator('#removed-text').textContent(), 'Removed: b.jpg', 'the one before it is next');
  await page.focus('#title');
  await page.keyboard.press('ControlOrMeta+z');
  assert.equal((await names(page)).length, 3, 'in a field the keys undo what was typed');
  await page.locator('.photo').last().focus();
  await page.keyboard.press('ControlOrMeta+z');
  await said(page, 'b.jpg is now number 2');
  assert.deepEqual(await names(page), ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']);
  assert.ok(await page.locator('#removed').isHidden());
  assert.equal(await page.locator('.tag.good').count(), 4, 'ready as before');

  await tool(page, 'c.jpg', 'remove').dblclick();
  assert.deepEqual(await names(page), ['a.jpg', 'b.jpg', 'd.jpg'], 'a double click takes one');
  await page.selectOption('#language', 'de');
  assert.match(await page.locator('#removed').innerText(), /^Entfernt: c\.jpg\s+Rückgängig/);
  await page.selectOption('#language', 'en');
  await page.locator('#forget').click();
  assert.ok(await page.locator('#removed').isHidden());
  assert.match(await focused(page), /^3\. d\.jpg/, 'the focus is not lost with the bar');
  await page.keyboard.press('ControlOrMeta+z');
  assert.equal((await names(page)).length, 3);
  assert.deepEqual(notes, { violations: [], elsewhere: [], errors: [] });
  await close();
});

test('"Remove all" comes back too: what was ready is ready, what was under way is prepared', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const photos = await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 2400, 1600);
  await page.getByTestId('file-input').setInputFiles([photos[0], { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) }]);
  await settled(page, 2);
  // In the turn in which they are picked: none of the three can be ready yet.
  await page.evaluate(() => document.querySelector('#files').addEventListener('change', () => document.querySelector('#clear').click(), { once: true }));
  await page.getByTestId('file-input').setInputFiles(photos.slice(1));
  assert.deepEqual(await names(page), []);
  await page.locator('#removed', { hasText: 'Photos removed: 5' }).waitFor();
  await page.click('#undo');
  await said(page, 'Photos brought back: 5.');
  await settled(page, 5);
  assert.deepEqual(await names(page), ['a.jpg', 'empty.jpg', 'b.jpg', 'c.jpg', 'd.jpg']);
  const seen = await page.getByTestId('photo-card').evaluateAll((all) => all.map(({ dataset }) => dataset.status));
  assert.deepEqual(seen, ['accepted', 'rejected', 'accepted', 'accepted', 'accepted']);
  await close();
});

test('what has no room any more says so when it comes back, and a repeated photo repeats nothing once the other is gone', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const photos = await drawPhotos(page, Array.from({ length: 21 }, (_, n) => `photo-${n}.jpg`), 300, 200);
  await page.getByTestId('file-input').setInputFiles(photos.slice(0, 20));
  await settled(page, 20);
  await tool(page, 'photo-7.jpg', 'remove').click();
  await page.getByTestId('file-input').setInputFiles(photos[20]);
  await settled(page, 20);
  await page.click('#undo');
  await card(page, 'photo-7.jpg').locator('.error', { hasText: 'at most 20' }).waitFor();
  assert.equal((await names(page))[7], 'photo-7.jpg');
  await tool(page, 'photo-0.jpg', 'remove').click();
  await tool(page, 'photo-7.jpg', 'retry').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-status=accepted]').length === 20);

  await page.click('#clear');
  await page.getByTestId('file-input').setInputFiles([photos[0], { ...photos[0], name: 'twin.jpg' }]);
  await settled(page, 2);
  const warned = () => card(page, 'twin.jpg').locator('.warnings').allTextContents();
  assert.deepEqual(await warned(), ['The same file as photo-0.jpg']);
  await tool(page, 'photo-0.jpg', 'remove').click();
  assert.deepEqual(await warned(), []);
  await page.click('#undo');
  assert.deepEqual(await warned(), ['The same file as photo-0.jpg']);
  await close();
});

test('a photo that is removed while it is dragged stays removed, and the next drop is what it is', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 1000, height: 1200 } });
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 300, 200));
  await settled(page, 4);
  await card(page, 'a.jpg').hover();
  await page.mouse.down();
  await card(page, 'b.jpg').hover();
  await page.waitForSelector('.dragged');
  // By another finger, where fingers drag.
  await tool(page, 'a.jpg', 'remove').evaluate((button) => button.click());
  const { x, y, width } = await card(page, 'd.jpg').boundingBox();
  for (const away of [20, 25]) await page.mouse.move(x + width + away, y + 30);
  await page.mouse.up();
  assert.deepEqual(await names(page), ['b.jpg', 'c.jpg', 'd.jpg']);
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'e.jpg', { type: 'image/jpeg' }));
    for (const type of ['dragover', 'drop']) document.querySelector('#list').dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
  });
  await settled(page, 4);
  assert.deepEqual(await names(page), ['b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
  // And the one whose place it would have taken.
  await page.evaluate(() => {
    const [first, , third] = document.querySelectorAll('.photo');
    const dataTransfer = new DataTransfer();
    const send = (target, type) => target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    send(third, 'dragstart');
    send(first.nextElementSibling, 'dragover');
    first.nextElementSibling.querySelector('[data-tool=remove]').click();
    send(document.querySelector('#list'), 'drop');
    send(third, 'dragend');
  });
  assert.deepEqual(await names(page), ['b.jpg', 'd.jpg', 'e.jpg']);
  await close();
});

test('what is on its way, and what has arrived, keeps the place that it has in its project', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 1000, height: 1200 } });
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg'], 300, 200));
  await settled(page, 3);
  const held = [];
  await page.route('**/storage/v1/object/photos/**', (route) => void held.push(route));
  const begun = page.waitForRequest('**/storage/v1/object/photos/**');
  await page.getByTestId('send').click();
  await begun;
  const tryAll = async () => {
    await page.locator('.photo').first().focus();
    await page.keyboard.press('Alt+ArrowRight');
    await page.locator('.photo').first().dragTo(page.locator('.photo').last());
    assert.deepEqual(await names(page), ['a.jpg', 'b.jpg', 'c.jpg']);
    assert.equal(await page.locator('[data-tool=earlier]:enabled, [data-tool=later]:enabled').count(), 0);
  };
  await tryAll();
  await page.unroute('**/storage/v1/object/photos/**');
  for (const route of held) await route.continue().catch(() => {});
  await page.locator('#send-status', { hasText: 'Photos stored: 3.' }).waitFor();
  await tryAll();
  // What comes after them may be anywhere.
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['d.jpg', 'e.jpg'], 200, 300));
  await settled(page, 5);
  await tool(page, 'e.jpg', 'earlier').click();
  await card(page, 'e.jpg').dragTo(card(page, 'a.jpg'));
  assert.deepEqual(await names(page), ['e.jpg', 'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']);
  await close();
});

test('a click that takes the focus from the way past the photos is not lost', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 360, height: 740 } });
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg'], 300, 200));
  await settled(page, 2);
  await page.focus('#files');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'skip-list');
  await tool(page, 'a.jpg', 'remove').click();
  assert.deepEqual(await names(page), ['b.jpg']);
  await close();
});

test('pictures that have appeared do not appear again when another is removed, moved or comes back', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg'], 300, 200));
  await settled(page, 3);
  await page.waitForFunction(() => document.querySelectorAll('.appeared').length === 3);
  const moving = (selector) => page.evaluate((pressed) => {
    document.querySelector(pressed).click();
    return document.getAnimations().length;
  }, selector);
  for (const press of ['[data-tool=later]', '[data-tool=remove]', '#undo']) assert.equal(await moving(press), 0, press);
  await close();
});

test('no two buttons have one name, though the photos have', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  // A phone's camera gives this name to each.
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['image.jpg', 'image.jpg', 'image.jpg'], 300, 200));
  await settled(page, 3);
  await page.locator('.photo').first().locator('[data-tool=remove]').click();
  const { nodes } = await (await page.context().newCDPSession(page)).send('Accessibility.getFullAXTree');
  const buttons = nodes.filter(({ ignored, role }) => !ignored && role.value === 'button').map(({ name }) => name.value);
  assert.ok(buttons.includes('Remove: 2. image.jpg') && buttons.includes('Undo'), buttons.join());
  assert.deepEqual(buttons.filter((name, place) => buttons.indexOf(name) !== place), []);
  await close();
});
