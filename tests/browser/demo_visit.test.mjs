// Visits of the demo that do not go as planned: hasty, refused, cut off, reloaded; and for those who do not see or point.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { card, drawPhotos, sentProject, settled, startDemo } from './kit/demo.mjs';
import { makePng } from './kit/photo.mjs';
import { scratch } from './kit/packed.mjs';

let demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.close());

const statuses = (page) => page.getByTestId('photo-card').evaluateAll((cards) => cards.map(({ dataset }) => dataset.status));
const rows = async (projectId) =>
  (await demo.backend.query('select original_filename, upload_order from public.photos where project_id = $1 order by upload_order', [projectId])).rows;
/** Rows without an object, objects without a row. */
const strays = async () =>
  (await demo.backend.query(`
    select coalesce(o.name, p.path) from (select name from storage.objects where bucket_id = 'photos') o
    full join (select unnest(array[file_url, thumbnail_url]) path from public.photos) p on p.path = o.name
    where o.name is null or p.path is null`)).rows;

test('who is quicker than the page loses nothing: pick, send, done', { timeout: 120_000 }, async () => {
  const painter = await demo.open();
  const photos = await drawPhotos(painter.page, ['one.jpg', 'two.jpg'], 600, 400);
  await painter.close();
  const { page, notes, close } = await demo.open({ early: true });
  await page.getByTestId('file-input').setInputFiles(photos);
  await page.getByTestId('send').click();
  const projectId = await sentProject(page);
  assert.deepEqual((await rows(projectId)).map((row) => row.original_filename), ['one.jpg', 'two.jpg']);
  const { rows: [project] } = await demo.backend.query('select title_i18n from public.video_projects where id = $1', [projectId]);
  assert.deepEqual(project.title_i18n, { en: 'My photos' }, 'a title that nobody had to write');
  assert.deepEqual(notes, { violations: [], elsewhere: [], errors: [] });
  await close();
});

test('each refused file says why, with code, limit and value, and the others go on', { timeout: 180_000 }, async () => {
  const { page, close } = await demo.open();
  const [good] = await drawPhotos(page, ['good.jpg'], 1200, 800);
  const half = { ...good, name: 'half.jpg', buffer: good.buffer.subarray(0, good.buffer.length / 2) };
  const wide = Buffer.from(makePng(1, 1));
  wide.writeUInt32BE(10_000, 16);
  wide.writeUInt32BE(20_000, 20);
  const checked = (await import('node:zlib')).crc32 ? wide : null;
  if (checked) wide.writeUInt32BE((await import('node:zlib')).crc32(wide.subarray(12, 29)), 29);
  await mkdir(scratch('demo'), { recursive: true });
  const huge = scratch('demo', 'huge.jpg');
  await writeFile(huge, Buffer.alloc(51 * 1024 * 1024, 0xff));
  const files = [
    { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
    { name: 'moving.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1') },
    half,
    ...(checked ? [{ name: 'wide.png', mimeType: 'image/png', buffer: wide }] : []),
    good,
  ];
  await page.getByTestId('file-input').setInputFiles(files);
  await page.getByTestId('file-input').setInputFiles(huge);
  await settled(page, files.length + 1);
  const said = async (name, code, sentence) => {
    assert.equal(await card(page, name).getAttribute('data-status'), 'rejected', name);
    assert.equal(await card(page, name).getAttribute('data-code'), code, name);
    await card(page, name).locator('.error', { hasText: sentence }).waitFor();
  };
  await said('empty.jpg', 'empty_file', /empty/);
  await said('moving.jpg', 'unsupported_type', /GIF/);
  await said('half.jpg', 'truncated_image', /missing/);
  await said('huge.jpg', 'source_too_large', /51 MB.*50 MB/);
  if (checked) await said('wide.png', 'too_many_pixels', /200.*120/);
  assert.equal(await card(page, 'good.jpg').getAttribute('data-status'), 'accepted');
  await page.locator('#summary', { hasText: `1 ready · ${files.length} refused` }).waitFor();
  await close();
});

test('of more than twenty photos, in two helpings, twenty are taken', { timeout: 240_000 }, async () => {
  const { page, close } = await demo.open();
  const photos = await drawPhotos(page, Array.from({ length: 22 }, (_, n) => `photo-${n}.jpg`), 300, 200);
  await page.getByTestId('file-input').setInputFiles(photos.slice(0, 12));
  await page.getByTestId('file-input').setInputFiles(photos.slice(12));
  await settled(page, 22);
  assert.deepEqual(await statuses(page), [...Array(20).fill('accepted'), 'rejected', 'rejected']);
  assert.equal(await card(page, 'photo-21.jpg').getAttribute('data-code'), 'too_many_photos');
  await card(page, 'photo-0.jpg').getByRole('button', { name: 'Remove' }).click();
  await card(page, 'photo-20.jpg').getByRole('button', { name: 'Try again' }).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-status=accepted]').length === 20);
  await close();
});

test('a backend that goes away is waited for, and what was under way arrives', { timeout: 180_000 }, async () => {
  const { page, close } = await demo.open();
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['north.jpg', 'south.jpg']));
  await settled(page, 2);
  await demo.goAway();
  await page.getByTestId('send').click();
  await page.locator('#send-status', { hasText: 'Waiting for the network' }).waitFor();
  await demo.comeBack();
  const projectId = await sentProject(page);
  assert.deepEqual((await rows(projectId)).map((row) => row.original_filename), ['north.jpg', 'south.jpg']);
  assert.deepEqual(await statuses(page), ['sent', 'sent']);
  assert.deepEqual(await strays(), []);
  await close();
});

test('a page that is reloaded in the middle goes on by itself', { timeout: 180_000 }, async () => {
  const { page, close } = await demo.open();
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['east.jpg', 'west.jpg', 'up.jpg']));
  await settled(page, 3);
  // The first photo's object is let through, then nothing more: the reload falls into the middle.
  let uploads = 0;
  let reloading = false;
  await page.route('**/storage/v1/object/**', (route) => (uploads++ === 0 || reloading ? route.continue() : undefined));
  await page.getByTestId('send').click();
  await page.waitForFunction(() => document.querySelector('#upload-progress').value > 0);
  // Not unrouted: that lets through what is held back, and all of it may have arrived before the page is left.
  reloading = true;
  await page.reload();
  const projectId = await sentProject(page);
  assert.deepEqual((await rows(projectId)).map((row) => row.original_filename), ['east.jpg', 'west.jpg', 'up.jpg']);
  assert.deepEqual(await strays(), []);
  await close();
});

test('what was stopped is sent once, by Resume or by Send, and is free again once it is discarded', { timeout: 180_000 }, async () => {
  const { page, close } = await demo.open();
  const projects = async () => (await demo.backend.query(`
    select count(*)::int n from public.video_projects p where exists (
      select from public.photos where project_id = p.id and original_filename like 'stopped-%')`)).rows[0].n;
  const stopped = async () => {
    // The objects of the first photo are let through, then nothing more. What was stored before is still being shown: that is no upload.
    let uploads = 0;
    let reached = () => {};
    const halfway = new Promise((resolve) => (reached = resolve));
    await page.route('**/storage/v1/object/photos/**', (route) => (uploads++ < 2 ? route.continue() : reached()));
    await page.getByTestId('send').click();
    await halfway;
    assert.ok(await card(page, 'stopped-1.jpg').getByRole('button', { name: 'Remove' }).isDisabled(), 'it would be sent all the same');
    await page.locator('#stop').click();
    await page.locator('#send-status', { hasText: 'kept on this device' }).waitFor();
    await page.unroute('**/storage/v1/object/photos/**');
    assert.equal(await page.locator('.tag', { hasText: 'Waits to be sent' }).count(), 2);
  };
  const pick = async () => page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['stopped-1.jpg', 'stopped-2.jpg']));
  for (const [round, go] of ['send', 'resume'].entries()) {
    await pick();
    await settled(page, 2);
    await stopped();
    await page.locator(`#${go}`).click();
    await page.waitForFunction(() => document.querySelectorAll('[data-status=sent]').length === 2);
    assert.equal(await projects(), round + 1);
    await page.getByTestId('send').click();
    await page.locator('#send-status', { hasText: 'Choose at least one photo' }).waitFor();
    await page.locator('#clear').click();
  }
  await pick();
  await settled(page, 2);
  await stopped();
  // While nobody answers it waits; given up it is all the same.
  await demo.goAway();
  await page.locator('#discard').click();
  await page.locator('#send-status', { hasText: 'Discarding' }).waitFor();
  await page.locator('#stop').click();
  await page.locator('#send-status', { hasText: 'Cancelled' }).waitFor();
  await demo.comeBack();
  await page.locator('#discard').click();
  await page.waitForFunction(() => document.querySelectorAll('.tag.good').length === 2 && !document.querySelector('#list').textContent.includes('Waits'));
  assert.equal(await projects(), 2);
  await page.getByTestId('send').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-status=sent]').length === 2);
  assert.equal(await projects(), 3);
  assert.deepEqual(await strays(), []);
  await close();
});

test('the keyboard alone picks, orders, removes, writes and sends', { timeout: 180_000 }, async () => {
  const { page, close } = await demo.open();
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('aria-label'));
  const tabTo = async (wanted) => {
    for (let n = 0; n < 80 && (await focused()) !== wanted; n++) await page.keyboard.press('Tab');
    assert.equal(await focused(), wanted);
    assert.ok(await page.evaluate(() => {
      const shown = document.activeElement.matches('input[type=file]') ? document.activeElement.nextElementSibling : document.activeElement;
      return getComputedStyle(shown).outlineStyle !== 'none';
    }), `the focus on ${wanted} can be seen`);
  };
  // Asked for well before the key is pressed: a dialog that opens before Chromium was told to hand it over is never seen.
  const chosen = page.waitForEvent('filechooser');
  await tabTo('files');
  await page.keyboard.press('Space');
  const chooser = await chosen;
  await chooser.setFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg'], 600, 400));
  await settled(page, 3);
  await tabTo('skip-list');
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'project-title', 'past twenty photos by one key');
  await tabTo('Move later: 1. a.jpg');
  await page.keyboard.press('Enter');
  await page.locator('#moved', { hasText: 'a.jpg is now number 2' }).waitFor({ state: 'attached' });
  await tabTo('Remove: 3. c.jpg');
  await page.keyboard.press('Enter');
  await tabTo('title');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('By keyboard');
  await tabTo('send');
  await page.keyboard.press('Enter');
  const projectId = await sentProject(page);
  assert.deepEqual((await rows(projectId)).map((row) => row.original_filename), ['b.jpg', 'a.jpg']);
  await close();
});

test('the focus stays with what was pressed, and is never taken by a card of the same name', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const [photo, other] = await drawPhotos(page, ['same.jpg', 'other.jpg'], 600, 400);
  const focus = () => page.evaluate(() => {
    const place = [...document.querySelectorAll('.photo')].findIndex((each) => each.contains(document.activeElement));
    return `${place} ${document.activeElement.dataset.tool ?? document.activeElement.id}`;
  });
  await page.getByTestId('file-input').setInputFiles([photo, photo]);
  await settled(page, 2);
  await page.locator('.photo').first().getByRole('button', { name: 'Remove' }).focus();
  await page.getByTestId('file-input').setInputFiles([photo, other]);
  await settled(page, 4);
  assert.equal(await focus(), '0 remove');
  await page.locator('.photo').first().getByRole('button', { name: 'Move later' }).press('Enter');
  assert.equal(await focus(), '1 later');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  assert.equal(await focus(), '3 ', 'at the end there is no later: the card has it');
  await page.locator('.photo').last().getByRole('button', { name: 'Remove' }).press('Alt+ArrowLeft');
  assert.equal(await focus(), '2 remove', 'moved from a button, that keeps the focus; the page is not left');
  await page.locator('#clear').press('Enter');
  assert.equal(await focus(), '-1 files');
  await page.getByTestId('file-input').setInputFiles([photo]);
  await settled(page, 1);
  await page.getByTestId('send').press('Enter');
  assert.equal(await focus(), '-1 send');
  await sentProject(page);
  assert.equal(await focus(), '-1 send');
  await close();
});

test('a browser that keeps nothing, and a backend that does not answer, are told in words, and the page goes on', { timeout: 120_000 }, async () => {
  const { page, notes, close } = await demo.open({ early: true });
  await page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException('refused', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'localStorage', { get: refuse });
    indexedDB.open = refuse;
  });
  await page.reload();
  await page.waitForSelector('html[data-ready=yes]');
  await page.locator('#notice', { hasText: 'leave it open until everything is sent' }).waitFor();
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['nowhere.jpg'], 600, 400));
  await settled(page, 1);
  await page.getByTestId('send').click();
  await rows(await sentProject(page)).then((sent) => assert.equal(sent.length, 1));
  assert.deepEqual(notes, { violations: [], elsewhere: [], errors: [] });

  await page.click('#account');
  const tell = async (password, words) => {
    await page.fill('#email', 'nobody@example.com');
    await page.fill('#password', password);
    await page.keyboard.press('Enter');
    await page.locator('#sign-in-issue', { hasText: words }).waitFor();
  };
  await tell('a-password', 'E-mail or password is not right');
  await page.route('**/auth/v1/**', (route) => route.abort());
  await tell('a-password', 'No answer');
  await page.keyboard.press('Escape');
  await page.click('#account');
  assert.deepEqual([await page.inputValue('#password'), await page.locator('#sign-in-issue').isVisible()], ['', false]);
  await page.route('**/config.json', (route) => route.abort());
  await page.reload();
  await page.locator('#notice', { hasText: 'No answer: check the connection' }).waitFor();
  assert.ok(await page.getByTestId('file-input').isDisabled(), 'a page that did not start takes nothing');
  await page.unroute('**/config.json');
  await page.unroute('**/auth/v1/**');
  await page.getByRole('button', { name: 'Load again' }).click();
  await page.waitForSelector('html[data-ready=yes]');
  await close();
});

test('a folder is dropped for its photos, and a file that is gone is not called damaged', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const folder = scratch('demo', `folder-${process.pid}`);
  const photos = await drawPhotos(page, ['2.jpg', '10.jpg', 'gone.jpg'], 600, 400);
  await mkdir(`${folder}/below/empty`, { recursive: true });
  await writeFile(`${folder}/2.jpg`, photos[0].buffer);
  await writeFile(`${folder}/below/10.jpg`, photos[1].buffer);
  await writeFile(`${folder}/below/.DS_Store`, 'what a system leaves');
  const browser = await page.context().newCDPSession(page);
  const drop = async (...files) => {
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await browser.send('Input.dispatchDragEvent', { type, x: 300, y: 200, data: { items: [], files, dragOperationsMask: 1 } });
    }
  };
  await drop(folder);
  await settled(page, 2);
  assert.deepEqual(await page.locator('.photo .name').allTextContents(), ['2.jpg', '10.jpg']);
  assert.deepEqual(await statuses(page), ['accepted', 'accepted']);
  await drop(`${folder}/below/empty`);
  await page.locator('#notice', { hasText: 'no photos in this folder' }).waitFor();

  await writeFile(`${folder}/gone.jpg`, photos[2].buffer);
  // The page gets the files only when one of them is gone.
  await page.evaluate(() => {
    document.querySelector('#files').addEventListener('change', (event) => {
      globalThis.picked = [...event.target.files];
      globalThis.sizes = globalThis.picked.map(({ size }) => size);
      event.stopImmediatePropagation();
    }, { capture: true, once: true });
  });
  await page.getByTestId('file-input').setInputFiles([`${folder}/gone.jpg`, `${folder}/2.jpg`]);
  await rm(`${folder}/gone.jpg`);
  await page.evaluate(() => globalThis.demo.photos.add(globalThis.picked));
  await settled(page, 4);
  assert.deepEqual((await statuses(page)).slice(2), ['rejected', 'accepted']);
  await card(page, 'gone.jpg').locator('.error', { hasText: 'moved, changed or deleted' }).waitFor();
  await rm(folder, { recursive: true });
  await close();
});

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('axe finds nothing, light and dark, empty and full, dialog open', { timeout: 240_000 }, async () => {
  for (const options of [{ colorScheme: 'light' }, { colorScheme: 'dark', viewport: { width: 390, height: 844 } }]) {
    const { page, close } = await demo.open(options);
    const look = async (when) => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`);
      assert.deepEqual(found, [], `${options.colorScheme}, ${when}`);
    };
    await look('empty');
    await page.getByTestId('file-input').setInputFiles([
      ...(await drawPhotos(page, ['a.jpg', 'b.jpg'], 600, 400)),
      { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
    ]);
    await settled(page, 3);
    await page.fill('#duration', '31');
    await page.waitForFunction(() => document.querySelector('#duration').getAttribute('aria-invalid') === 'true');
    await page.click('#payloads summary');
    await look('verdicts and an issue');
    await page.locator('[data-tool=remove]').last().click();
    await look('one removed');
    await page.click('#undo');
    await page.fill('#duration', '3');
    await page.getByTestId('send').click();
    await sentProject(page);
    await page.waitForFunction(() => document.querySelectorAll('#stored-list img[src]').length === 2);
    await look('sent');
    await page.click('#account');
    await look('dialog');
    await close();
  }
});
