// The demo for fingers, for eyes that need large letters, on paper, and come back to by the browser's buttons.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchWithPagesKept } from './kit/chromium.mjs';
import { drawPhotos, sentProject, settled, startDemo } from './kit/demo.mjs';

let demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.close());

const pick = async (page, ...files) => {
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, files, 600, 400));
  await settled(page, files.length);
};

test('every control is large enough for a finger, upright and on its side, and what a finger cannot do is not said', { timeout: 120_000 }, async () => {
  for (const [width, height] of [[320, 640], [390, 844], [740, 360]]) {
    const { page, close } = await demo.open({ viewport: { width, height }, hasTouch: true, isMobile: true });
    await pick(page, 'a.jpg', 'b.jpg', 'c.jpg');
    await page.locator('[data-tool=remove]').last().tap();
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, select, input:not(.unseen), textarea, summary, label.button')]
        .map((each) => [each.id || each.textContent, each.getBoundingClientRect()])
        .filter(([, { width, height }]) => width > 0 && (width < 44 || height < 44))
        .map(([name, { width, height }]) => `${name} ${width} x ${height}`));
    assert.deepEqual(small, [], `${width} x ${height}`);
    assert.doesNotMatch(await page.locator('#photos').innerText(), /drop|Drag|Alt/);
    // One below the other, earlier is up.
    const turned = await page.locator('[data-tool=earlier]').first().evaluate((each) => getComputedStyle(each).writingMode);
    assert.equal(turned, width < 500 ? 'vertical-rl' : 'horizontal-tb');
    await page.locator('[data-tool=later]').first().tap();
    await page.locator('#undo').tap();
    assert.deepEqual(await page.locator('.name').allTextContents(), ['b.jpg', 'a.jpg', 'c.jpg']);
    await close();
  }
});

test('on a desk the rows of photos are as high while they are made ready as when they are', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 1280, height: 900 } });
  const heights = () => page.locator('.photo').evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
  // In the turn in which they are picked: all wait.
  await page.evaluate(() => document.querySelector('#files').addEventListener('change', () => {
    globalThis.before = [...document.querySelectorAll('.photo')].map((each) => each.getBoundingClientRect().height);
  }, { once: true }));
  await pick(page, 'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg');
  const before = await page.evaluate(() => globalThis.before);
  for (const [place, height] of (await heights()).entries()) assert.ok(Math.abs(height - before[place]) < 2, `${before[place]}, then ${height}`);
  await close();
});

test('a photo that is being made ready says so, and no longer that it waits', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await page.evaluate(() => {
    globalThis.said = new Set();
    new MutationObserver(() => {
      for (const card of document.querySelectorAll('.photo')) said.add(`${card.querySelector('.tag').textContent}, ${card.getAttribute('aria-label').replace(/.*: /, '')}`);
    }).observe(document.querySelector('#list'), { subtree: true, childList: true });
  });
  // So many that on the busiest machine the page hears of some while they are worked on.
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg', 'f.jpg'], 4000, 3000));
  await settled(page, 6);
  assert.deepEqual(await page.evaluate(() => [...said].sort()), ['Preparing, Preparing', 'Ready, Ready', 'Waiting, Waiting']);

  // Who presses a button at that moment has pressed it.
  const draw = (state) => page.evaluate((wanted) => {
    const [item] = demo.photos.items;
    item.state = wanted;
    demo.photos.changed();
    return item.stop.signal.aborted;
  }, state);
  await draw('waiting');
  await page.locator('[data-tool=cancel]').first().hover();
  await page.mouse.down();
  await draw('working');
  await page.mouse.up();
  assert.equal(await draw('working'), true, 'Cancel has cancelled');
  await close();
});

test('a size stays in one line with its unit, whatever the language', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await pick(page, 'a.jpg');
  for (const language of await page.locator('#language option').evaluateAll((all) => all.map(({ value }) => value))) {
    await page.selectOption('#language', language);
    assert.match(await page.locator('#limits-hint').textContent(), /50[\u00a0\u202f]?M/, language);
    assert.match(await page.locator('.facts').first().textContent(), /^\d+[\u00a0\u202f]?[kK]/, language);
  }
  await close();
});

test('letters that the page itself is told to double do not squeeze the cards', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 390, height: 844 } });
  await pick(page, 'a.jpg', 'b.jpg');
  await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
  const lines = await page.locator('.tag').first().evaluate((tag) => tag.getClientRects().length);
  assert.equal(lines, 1);
  assert.ok((await page.locator('.about').first().boundingBox()).width > 200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await close();
});

test('on paper the letters are dark, also of a dark page, and nothing is there to press', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ colorScheme: 'dark' });
  await pick(page, 'a.jpg');
  await page.selectOption('#theme', 'dark');
  const light = () => page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.querySelector('.name')).color.match(/\d+/g).map(Number);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  assert.ok(await light() > 200);
  await page.emulateMedia({ media: 'print' });
  assert.ok(await light() < 60);
  assert.deepEqual(await page.locator('button:visible, label.button:visible').allTextContents(), []);
  await close();
});

test('a title of another direction stands as it is read', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  for (const field of ['#title', '#description']) {
    await page.fill(field, 'יום בים');
    assert.equal(await page.locator(field).evaluate((each) => getComputedStyle(each).direction), 'rtl');
    await page.fill(field, 'A day at the sea');
    assert.equal(await page.locator(field).evaluate((each) => getComputedStyle(each).direction), 'ltr');
  }
  await close();
});

test('who goes on to another page and comes back finds photos being prepared, removed and sent where they were', { timeout: 180_000 }, async () => {
  const browser = await launchWithPagesKept();
  try {
    const page = await browser.newPage();
    page.on('dialog', (dialog) => dialog.accept());
    await page.addInitScript(() => {
      // One worker, so that twenty large photos outlast the way to another page; where all else is slower than it, the page
      // hears of the last one once it is back.
      Object.defineProperty(navigator, 'hardwareConcurrency', { value: 1 });
      const held = [];
      globalThis.Worker = class extends Worker {
        constructor(...values) {
          super(...values);
          this.addEventListener('message', (event) => {
            if (globalThis.cameBack || document.querySelectorAll('.tag.good').length < 19) return;
            event.stopImmediatePropagation();
            held.push(() => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
          });
        }
      };
      window.addEventListener('pageshow', ({ persisted }) => {
        globalThis.cameBack = persisted;
        if (persisted) held.splice(0).forEach((hear) => hear());
      });
      window.addEventListener('pagehide', () => (globalThis.readyWhenLeft = document.querySelectorAll('.tag.good').length));
    });
    const away = async () => {
      await page.goto(`${demo.url}config.json`);
      // A page that is taken from the cache does not load.
      await page.goBack({ waitUntil: 'commit' });
      assert.ok(await page.evaluate(() => globalThis.cameBack), 'from the cache');
      return page.evaluate(() => globalThis.readyWhenLeft);
    };
    await page.goto(demo.url);
    await page.waitForSelector('html[data-ready=yes]');
    const [photo] = await drawPhotos(page, ['any.jpg'], 6000, 5000);
    const photos = Array.from({ length: 20 }, (_, n) => ({ ...photo, name: `${n}.jpg` }));
    await page.getByTestId('file-input').setInputFiles(photos);
    await page.waitForSelector('[data-status=accepted]');
    const ready = await away();
    assert.ok(ready > 0 && ready < 20, `left in the middle: ${ready}`);
    await settled(page, 20);
    assert.equal(await page.locator('[data-status=accepted]').count(), 20);

    await page.locator('[data-tool=remove]').nth(4).click();
    await away();
    await page.keyboard.press('ControlOrMeta+z');
    assert.deepEqual(await page.locator('.name').allTextContents(), photos.map(({ name }) => name));

    let reached = () => {};
    const underWay = new Promise((resolve) => (reached = resolve));
    let uploads = 0;
    await page.route('**/storage/v1/object/photos/**', (route) => (uploads++ < 2 ? route.continue() : reached()));
    await page.getByTestId('send').click();
    await underWay;
    await page.goto(`${demo.url}config.json`);
    await page.unroute('**/storage/v1/object/photos/**');
    await page.goBack({ waitUntil: 'commit' });
    await sentProject(page);
    const { rows } = await demo.backend.query('select original_filename from public.photos order by upload_order');
    assert.deepEqual(rows.map((row) => row.original_filename), photos.map(({ name }) => name));
  } finally {
    await browser.close();
  }
});
