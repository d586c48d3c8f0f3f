// The edges of the demo's page: what is pasted and dragged to it, leaving it, signing out of it, what moves while it works.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from './kit/chromium.mjs';
import { drawPhotos, sentProject, settled, startDemo } from './kit/demo.mjs';

let demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.close());

const photo = async (page, width = 600, height = 400) => (await drawPhotos(page, ['edge.jpg'], width, height))[0];

/** Closes the page as a person would. @returns whether it asks first; it stays then */
async function asksBeforeLeaving(page) {
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    assert.equal(dialog.type(), 'beforeunload');
    await dialog.dismiss();
    return true;
  });
  const closed = page.waitForEvent('close').then(() => false);
  await page.close({ runBeforeUnload: true });
  const answer = await Promise.race([asked, closed]);
  for (const other of [asked, closed]) other.catch(() => {});
  return answer;
}

test('who leaves is asked while something is in the page alone, and not once it is sent', { timeout: 120_000 }, async () => {
  for (const keeps of [true, false]) {
    const { page, close } = await demo.open();
    if (!keeps) {
      await page.addInitScript(() => {
        indexedDB.open = () => {
          throw new DOMException('refused', 'SecurityError');
        };
      });
      await page.reload();
      await page.waitForSelector('html[data-ready=yes]');
    }
    await page.click('h1'); // a browser asks only where somebody has done something
    await page.getByTestId('file-input').setInputFiles(await photo(page));
    await settled(page, 1);
    assert.ok(await asksBeforeLeaving(page), 'prepared and not sent');
    let reached = () => {};
    const underWay = new Promise((resolve) => (reached = resolve));
    await page.route('**/storage/v1/object/photos/**', () => reached());
    await page.getByTestId('send').click();
    await underWay;
    if (!keeps) assert.ok(await asksBeforeLeaving(page), 'under way, and kept nowhere else');
    await page.unroute('**/storage/v1/object/photos/**');
    await sentProject(page);
    assert.equal(await asksBeforeLeaving(page), false, 'sent');
    await close();
  }
});

test('a second tab leaves the sending to the first, and knows that it is over once somebody comes back to it', { timeout: 120_000 }, async () => {
  const { page: first, close } = await demo.open();
  await first.getByTestId('file-input').setInputFiles(await photo(first));
  await settled(first, 1);
  let reached = () => {};
  const underWay = new Promise((resolve) => (reached = resolve));
  await first.route('**/storage/v1/object/photos/**', () => reached());
  await first.getByTestId('send').click();
  await underWay;
  const second = await first.context().newPage();
  await second.goto(demo.url);
  await second.locator('#send-status', { hasText: 'Another tab is sending' }).waitFor();
  await first.unroute('**/storage/v1/object/photos/**');
  await sentProject(first);
  await first.locator('#upload').waitFor({ state: 'hidden' });
  // As Chromium does it, whose pages under test have the focus all the time.
  await second.evaluate(() => window.dispatchEvent(new Event('focus')));
  await second.waitForFunction(() => document.querySelector('#send-status').textContent === '');
  assert.ok(await second.locator('#resume').isHidden(), 'nothing is left to go on with');
  await close();
});

test('words that are pasted go to their field, pictures become photos, and a dragged link is told from a file', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const { buffer } = await photo(page);
  /** Dispatched where a person would paste or drop it. @returns whether the page took it from the browser */
  const bring = (kind, selector, what) =>
    page.evaluate(
      ([type, place, { words, address, picture }]) => {
        const carried = new DataTransfer();
        if (words) carried.setData('text/plain', words);
        if (address) carried.setData('text/uri-list', address);
        if (picture) carried.items.add(new File([Uint8Array.from(atob(picture), (char) => char.charCodeAt(0))], 'image.png', { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        const event = type === 'paste' ? new ClipboardEvent(type, { ...options, clipboardData: carried }) : new DragEvent(type, { ...options, dataTransfer: carried });
        return !document.querySelector(place).dispatchEvent(event);
      },
      [kind, selector, what],
    );
  const picture = buffer.toString('base64');
  await bring('paste', '#title', { words: 'a cell of a table', picture });
  assert.equal(await bring('drop', '#title', { words: 'a word' }), false, 'the field has it');
  assert.ok(await bring('drop', '#title', { words: 'a.jpg', address: 'file:///a.jpg', picture }), 'a file is not');
  await bring('paste', 'body', { picture });
  await settled(page, 2);
  assert.ok(await bring('drop', '#drop', { address: 'https://example.com/a.jpg' }));
  await page.locator('#notice', { hasText: 'a link, not a file' }).waitFor();
  await page.selectOption('#language', 'de');
  await page.locator('#notice', { hasText: 'ein Link, keine Datei' }).waitFor();
  await bring('drop', '#drop', { picture });
  await settled(page, 3);
  assert.ok(await page.locator('#notice').isHidden(), 'over, once a file came');
  await bring('paste', '#title', { words: 'https://example.com/a.jpg' });
  assert.ok(await page.locator('#notice').isHidden(), 'the field has it');
  await bring('paste', 'body', { words: 'https://example.com/a.jpg' });
  await page.locator('#notice', { hasText: 'ein Link, keine Datei' }).waitFor();
  await close();
});

const names = (page) => page.locator('.photo .name').allTextContents();
const middle = async (locator) => {
  const { x, y, width, height } = await locator.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
};

test('of a folder of files only those in sight are drawn, keys find all of them, and screen readers too what may be sent', { timeout: 120_000 }, async () => {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
    const { page, close } = await demo.open({ viewport });
    const files = Array.from({ length: 150 }, (_, n) => ({ name: `${n + 1}.jpg`, mimeType: 'image/jpeg', buffer: Buffer.alloc(0) }));
    await page.getByTestId('file-input').setInputFiles(files);
    await settled(page, 150);
    const isDrawn = (place) => page.locator('.photo .name').nth(place).evaluate((name) => name.checkVisibility({ contentVisibilityAuto: true }));
    assert.deepEqual([await isDrawn(0), await isDrawn(149)], [true, false]);
    assert.deepEqual(await names(page), files.map(({ name }) => name));
    const devtools = await page.context().newCDPSession(page);
    const named = async (wanted) => {
      const { nodes } = await devtools.send('Accessibility.getFullAXTree');
      return nodes.filter(({ ignored, role }) => !ignored && role.value === wanted).map(({ name }) => name.value);
    };
    const items = await named('listitem');
    for (const { name } of files) assert.ok(items.includes(`${parseInt(name)}. ${name}: Refused`), name);
    // From behind the list back into it.
    await page.focus('#project-title');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Remove: 150. 150.jpg');
    await page.waitForFunction(() => {
      const { top, bottom } = document.activeElement.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight && document.activeElement.checkVisibility({ contentVisibilityAuto: true });
    });
    await page.click('#clear');
    await page.getByTestId('file-input').setInputFiles(files.slice(0, 40));
    await settled(page, 40);
    const buttons = await named('button');
    for (const { name } of files.slice(0, 40)) assert.ok(buttons.includes(`Remove: ${parseInt(name)}. ${name}`), name);
    await close();
  }
});

test('a mouse drags a photo onto another, between two, and behind the last', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open({ viewport: { width: 1000, height: 1200 } });
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 600, 400));
  await settled(page, 4);
  const nth = (place) => page.locator('.photo').nth(place);
  await nth(0).dragTo(nth(2));
  assert.deepEqual(await names(page), ['b.jpg', 'c.jpg', 'a.jpg', 'd.jpg']);
  await page.locator('#moved', { hasText: 'a.jpg is now number 3' }).waitFor({ state: 'attached' });
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^3\. a\.jpg/, 'the keyboard goes on from it');

  /** Where no photo is, named by the one beside it. @returns what was marked as the place before it was let go */
  const dragBeside = async (from, place, beyond) => {
    const { x, y } = await middle(nth(from).locator('.name'));
    const { x: left, y: top, width, height } = await nth(place).boundingBox();
    const to = [beyond > 0 ? left + width + beyond : left + beyond, top + height / 2];
    assert.equal(await page.evaluate(([px, py]) => document.elementFromPoint(px, py).id, to), 'list');
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 20, y);
    for (const _ of ['enters', 'is over']) await page.mouse.move(...to);
    await page.waitForSelector('.target');
    const marked = await page.locator('.target .name').allTextContents();
    await page.mouse.up();
    await page.waitForFunction(() => !document.querySelector('.dragged, .target'));
    return marked;
  };
  const columns = await page.locator('#list').evaluate((list) => getComputedStyle(list).gridTemplateColumns.split(' ').length);
  assert.equal(columns, 3, 'the last has the second row to itself');
  // From either side, and on either half of the gap.
  assert.deepEqual(await dragBeside(2, 0, 3), ['c.jpg']);
  assert.deepEqual(await names(page), ['b.jpg', 'a.jpg', 'c.jpg', 'd.jpg'], 'behind the first');
  assert.deepEqual(await dragBeside(3, 2, -3), ['c.jpg']);
  assert.deepEqual(await names(page), ['b.jpg', 'a.jpg', 'd.jpg', 'c.jpg'], 'before the third');
  for (const [place, beyond] of [[1, 3], [2, -3]]) {
    assert.deepEqual(await dragBeside(0, place, beyond), ['a.jpg']);
    assert.deepEqual((await names(page)).slice(0, 3), ['a.jpg', 'b.jpg', 'd.jpg'], 'before the third, from before');
    await nth(1).dragTo(nth(0));
  }
  assert.deepEqual(await dragBeside(0, 3, 80), ['c.jpg']);
  assert.deepEqual(await names(page), ['a.jpg', 'd.jpg', 'c.jpg', 'b.jpg'], 'behind the last');

  // Beside the list a photo is not taken, and the pointer says so.
  await page.evaluate(() => addEventListener('dragend', ({ dataTransfer }) => (globalThis.taken = dataTransfer.dropEffect)));
  await nth(0).dragTo(page.locator('#drop'));
  assert.equal(await page.evaluate(() => globalThis.taken), 'none');
  await nth(0).dragTo(nth(3));
  assert.equal(await page.evaluate(() => globalThis.taken), 'move');

  // Where a browser names the text that the pointer is over; Firefox 153 names its element.
  const before = await names(page);
  await page.evaluate(() => {
    const [first, , third] = document.querySelectorAll('.photo');
    const letters = third.querySelector('.name').firstChild;
    const { x: clientX, y: clientY } = third.querySelector('.name').getBoundingClientRect();
    const dataTransfer = new DataTransfer();
    for (const [target, type] of [[first, 'dragstart'], [letters, 'dragover'], [letters, 'drop'], [first, 'dragend']]) {
      target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer, clientX, clientY }));
    }
  });
  assert.deepEqual(await names(page), [before[1], before[2], before[0], before[3]]);
  await close();
});

test('the second of two quick presses, and a key that is held, do not undo what the first has done', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const photos = await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg'], 2400, 1600);
  const tags = () => page.locator('.tag').allTextContents();
  const refused = async () => {
    await page.reload();
    await page.waitForSelector('html[data-ready=yes]');
    await page.context().setOffline(true);
    await page.getByTestId('file-input').setInputFiles(photos);
    await settled(page, 3);
    await page.context().setOffline(false);
  };
  page.on('dialog', (dialog) => dialog.accept());
  // Where requests are looked at, nothing is kept: each load needs the network anew.
  await page.route('**/assets/**', (route) => route.continue());
  const ways = {
    'two clicks': () => page.locator('#retry-all').dblclick(),
    'two keys': () => page.locator('#retry-all').evaluate((button) => {
      button.focus();
      button.click(); // as keys do
      document.activeElement.click();
    }),
    'a key that is held': async () => {
      await page.focus('#retry-all');
      for (const _ of ['pressed', 'held', 'held']) await page.keyboard.down('Enter');
      await page.keyboard.up('Enter');
    },
  };
  for (const [way, press] of Object.entries(ways)) {
    await refused();
    await press();
    await settled(page, 3);
    assert.deepEqual(await tags(), Array(3).fill('Ready'), way);
  }
  await refused();
  await page.locator('[data-tool=retry]').first().dblclick();
  await settled(page, 3);
  assert.deepEqual(await tags(), ['Ready', 'Refused', 'Refused'], 'at a photo too');

  await page.route('**/storage/v1/object/photos/**', (route) => route.abort());
  await page.getByTestId('send').click();
  const { x, y } = await middle(page.locator('#stop'));
  await page.mouse.click(x, y);
  await page.locator('#send-status', { hasText: /^Stopped\./ }).waitFor();
  assert.equal(await page.evaluate((at) => document.elementFromPoint(...at).id, [x, y]), 'resume');
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  assert.ok(await page.locator('#resume').isVisible());
  await page.mouse.click(x, y);
  await page.locator('#resume').waitFor({ state: 'hidden' });
  await close();
});

test('a finger that stays on a photo drags it', { timeout: 120_000 }, async () => {
  const browser = await launchChromium('--blink-settings=touchDragDropEnabled=true'); // as on Android
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.goto(demo.url);
    await page.waitForSelector('html[data-ready=yes]');
    await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, ['a.jpg', 'b.jpg', 'c.jpg'], 600, 400));
    await settled(page, 3);
    await page.evaluate(() => window.addEventListener('pointerdown', ({ pointerType }) => (globalThis.pressedBy = pointerType)));
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Input.setInterceptDrags', { enabled: true });
    await devtools.send('Emulation.setEmitTouchEventsForMouse', { enabled: true, configuration: 'mobile' });
    await page.locator('.photo').last().scrollIntoViewIfNeeded();
    const [from, , to] = await Promise.all([0, 1, 2].map((place) => middle(page.locator('.photo .picture').nth(place))));
    const lifted = new Promise((resolve) => devtools.once('Input.dragIntercepted', resolve));
    // Answered once the finger is lifted again.
    devtools.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...from, button: 'left', clickCount: 1 }).catch(() => {});
    const { data } = await lifted;
    assert.equal(await page.evaluate(() => globalThis.pressedBy), 'touch');
    for (const type of ['dragEnter', 'dragOver', 'drop']) await devtools.send('Input.dispatchDragEvent', { type, ...to, data });
    await page.waitForFunction(() => !document.querySelector('.dragged, .target'));
    devtools.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...to, button: 'left', clickCount: 1 }).catch(() => {});
    assert.deepEqual(await names(page), ['b.jpg', 'c.jpg', 'a.jpg']);
  } finally {
    await browser.close();
  }
});

test('who signs out is signed out also where nobody answers; a weak password and a mail to confirm are told in words', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await page.selectOption('#language', 'fr');
  await page.locator('#person', { hasText: 'Invité' }).waitFor();
  await page.route('**/auth/v1/**', (route) => route.abort());
  await page.click('#account');
  await page.click('#do-sign-out');
  await page.locator('#person', { hasNotText: 'Invité' }).waitFor();
  assert.ok(await page.locator('#sign-in').isHidden());
  assert.deepEqual(await page.evaluate(() => Object.values(localStorage).filter((kept) => kept.includes('access_token'))), [], 'no token is left behind');
  await page.unroute('**/auth/v1/**');

  const answer = (status, json) => page.route('**/auth/v1/signup*', (route) => route.fulfill({ status, json }), { times: 1 });
  await page.click('#account');
  await page.fill('#email', 'somebody@example.com');
  await page.fill('#password', 'password');
  await answer(422, { code: 422, error_code: 'weak_password', msg: 'Password is known to be weak', weak_password: { reasons: ['pwned'] } });
  await page.click('#do-sign-up');
  await page.locator('#sign-in-issue', { hasText: 'facile à deviner' }).waitFor();
  await answer(200, { id: '00000000-0000-4000-8000-000000000000', aud: 'authenticated', email: 'somebody@example.com', confirmation_sent_at: '2026-01-01T00:00:00Z' });
  await page.click('#do-sign-up');
  await page.locator('#sign-in-issue', { hasText: 'ouvrez le lien' }).waitFor();
  assert.ok(await page.locator('#sign-in').isVisible());
  await close();
});

test('on a phone nothing jumps while the page starts and while photos are made ready', { timeout: 120_000 }, async () => {
  for (const locale of ['en', 'de', 'es', 'ja']) {
    const visit = await demo.browser.newContext({ locale, viewport: { width: 390, height: 844 } });
    const page = await visit.newPage();
    await page.addInitScript(() => {
      globalThis.tops = new Set();
      new MutationObserver(() => {
        const list = document.querySelector('#list');
        // From the first words on: the empty page before them is nobody's to read.
        if (document.querySelector('label.button')?.textContent) globalThis.tops.add(Math.round(list.getBoundingClientRect().top + scrollY));
      }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });
    await page.goto(demo.url);
    await page.waitForSelector('html[data-ready=yes]');
    const tops = () => page.evaluate(() => [...globalThis.tops]);
    const seen = await tops();
    assert.equal(seen.length, 1, `${locale}, start: ${seen}`);
    await page.evaluate(() => globalThis.tops.clear());
    await page.getByTestId('file-input').setInputFiles(await photo(page));
    await settled(page, 1);
    await page.locator('#batch').waitFor({ state: 'hidden' });
    assert.equal((await tops()).length, 1, `${locale}, work: ${await tops()}`);
    await visit.close();
  }
});

test('who reads letters of twice the size gets them, and nothing is wider than the phone', { timeout: 60_000 }, async () => {
  const browser = await launchChromium('--blink-settings=defaultFontSize=32');
  try {
    for (const locale of ['en', 'ko', 'ja', 'zh', 'es', 'fr', 'de']) {
      const page = await browser.newPage({ locale, viewport: { width: 390, height: 844 } });
      await page.goto(demo.url);
      await page.waitForSelector('html[data-ready=yes]');
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), '32px');
      await page.getByTestId('file-input').setInputFiles([await photo(page), { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) }]);
      await settled(page, 2);
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll('body *')]
          .filter((each) => !each.closest('.unseen, .skip') && each.getBoundingClientRect().right > Math.min(innerWidth, each.closest('section')?.getBoundingClientRect().right ?? Infinity))
          .map(({ outerHTML }) => outerHTML.slice(0, 100)));
      assert.deepEqual(wide, [], locale);
      await page.close();
    }
  } finally {
    await browser.close();
  }
});

test('without JavaScript the page says what it needs, in seven languages, and shows nothing that would not work', { timeout: 60_000 }, async () => {
  const visit = await demo.browser.newContext({ javaScriptEnabled: false });
  const page = await visit.newPage();
  await page.goto(demo.url);
  const shown = await page.locator('body > :visible').evaluateAll((all) => all.map(({ tagName }) => tagName));
  assert.deepEqual(shown, ['NOSCRIPT']);
  assert.equal(await page.locator('noscript p', { hasText: 'JavaScript' }).count(), 7);
  await visit.close();
});
