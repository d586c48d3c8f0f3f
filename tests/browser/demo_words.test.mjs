// What the demo says when something is in its way: words that a person can act on, true, and gone once they are not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, drawPhotos, sentProject, settled, startDemo } from './kit/demo.mjs';

let demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.close());

const status = (page, words) => page.locator('#send-status', { hasText: words }).waitFor();
const readyWith = async (page, ...files) => {
  await page.getByTestId('file-input').setInputFiles(await drawPhotos(page, files, 600, 400));
  await settled(page, files.length);
};

test('a page that cannot start says what to do, and keeps what its developer needs for the console', { timeout: 120_000 }, async () => {
  const withoutWasm = async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), 'content-security-policy': response.headers()['content-security-policy'].replace(" 'wasm-unsafe-eval'", '') };
    await route.fulfill({ response, headers });
  };
  for (const [address, answer, said] of [
    ['**/config.json', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our network</h1>' }), 'No answer: check the connection'],
    ['**/config.json', (route) => route.fulfill({ status: 503 }), 'No answer: check the connection'],
    ['**/*.wasm', (route) => route.fulfill({ status: 404 }), 'A part of this page could not be loaded: check the connection'],
    [demo.url, withoutWasm, 'does not work in this browser: update the browser, or open the page in another one'],
  ]) {
    const { page, notes, close } = await demo.open({ early: true });
    await page.route(address, answer);
    await page.reload();
    await page.locator('#notice', { hasText: said }).waitFor();
    assert.doesNotMatch(await page.locator('#notice').textContent(), /http|wasm|polic|Error/i);
    if (!said.startsWith('No answer')) assert.match(notes.errors.join(), /photo-core.*\.wasm|wasm-unsafe-eval/);
    await page.unroute(address);
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.waitForSelector('html[data-ready=yes]');
    await close();
  }
});

test('who loses the network before the first photo is told so at the photo, and goes on by its button', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  const [photo, ...others] = await drawPhotos(page, ['early.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 600, 400);
  await page.context().setOffline(true);
  await page.getByTestId('file-input').setInputFiles(photo);
  await settled(page, 1);
  await card(page, 'early.jpg').locator('.error', { hasText: 'could not be loaded: check the connection and try again' }).waitFor();
  await page.getByTestId('send').click();
  await status(page, 'Choose at least one photo');
  await page.context().setOffline(false);
  await card(page, 'early.jpg').locator('[data-tool=retry]').click();
  await page.waitForSelector('[data-status=accepted]');
  await page.waitForFunction(() => document.querySelector('#send-status').textContent === '');
  await close();

  // Many at once, by keyboard: one button for all, that has the focus again when it did not help.
  const many = await demo.open();
  const tags = () => many.page.locator('.tag').allTextContents();
  const focusIs = (id) => many.page.waitForFunction((wanted) => document.activeElement.id === wanted, id);
  await many.page.context().setOffline(true);
  await many.page.getByTestId('file-input').setInputFiles([...others, { ...photo, name: 'empty.jpg', buffer: Buffer.alloc(0) }]);
  await settled(many.page, 4);
  await many.page.locator('#retry-all').press('Enter');
  await settled(many.page, 4);
  await focusIs('retry-all');
  assert.deepEqual(await tags(), Array(4).fill('Refused'));
  await many.page.context().setOffline(false);
  await many.page.keyboard.press('Enter');
  await many.page.locator('#summary', { hasText: '3 ready · 1 refused' }).waitFor();
  assert.deepEqual(await tags(), ['Ready', 'Ready', 'Ready', 'Refused']);
  await focusIs('files');
  assert.ok(await many.page.locator('#retry-all').isHidden(), 'an empty file stays empty');
  await many.close();
});

test('who chooses another language and loses the network then is told in sentences of that language', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  // What checks the draft is loaded by then.
  await page.fill('#duration', '31');
  await page.locator('#duration-issue', { hasText: /^Out of range/ }).waitFor();
  await page.fill('#duration', '3');
  await page.locator('#duration-issue').waitFor({ state: 'hidden' });
  const sentences = page.waitForResponse(/messages-fr/);
  await page.selectOption('#language', 'fr');
  await (await sentences).finished();
  await page.context().setOffline(true);
  await page.fill('#duration', '31');
  await page.locator('#duration-issue', { hasText: /^Hors limites/ }).waitFor();
  await close();
});

test('a pause names its reason, Stop says how it goes on, and a server that is waited for is named', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  await readyWith(page, 'one.jpg', 'two.jpg');
  for (const [code, said] of [[500, 'The server has a problem. It will be tried again.'], [429, 'Too many requests. Please wait a moment.'], [0, 'Waiting for the network']]) {
    const objects = '**/storage/v1/object/photos/**';
    await page.route(objects, (route) => (code ? route.fulfill({ status: code, body: '' }) : route.abort()));
    await page.getByTestId('send').click();
    await status(page, said);
    await page.locator('#stop').click();
    await status(page, /^Stopped\. What is not sent is kept on this device: Resume/);
    await page.unroute(objects);
  }
  await page.locator('#resume').click();
  await sentProject(page);
  await close();

  const visit = await demo.browser.newContext();
  const slow = await visit.newPage();
  await slow.route('**/auth/v1/**', () => {});
  await slow.goto(demo.url);
  await readyWith(slow, 'three.jpg');
  await slow.getByTestId('send').click();
  await status(slow, 'Waiting for the server');
  await visit.close();
});

test('what is given up after many tries does not promise another one', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ early: true });
  await page.clock.install();
  await page.reload();
  await readyWith(page, 'four.jpg');
  const objects = '**/storage/v1/object/photos/**';
  await page.route(objects, (route) => route.fulfill({ status: 500, body: '' }));
  await page.getByTestId('send').click();
  const sending = page.locator('.tag', { hasText: 'Being sent' });
  await sending.waitFor();
  while (await sending.count()) await page.clock.fastForward(60_000);
  await status(page, /^Several tries have failed\. What is not sent is kept on this device: Resume goes on with it\.$/);
  await page.unroute(objects);
  await page.locator('#resume').click();
  await sentProject(page);
  await close();
});

test('who is asked to sign in by Send has sent once that is done, and is asked no longer', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await readyWith(page, 'five.jpg');
  await page.click('#account');
  await page.click('#do-sign-out');
  await page.getByTestId('send').click();
  await status(page, 'Please sign in');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.tag').textContent(), 'Ready', 'who does not sign in sends nothing');
  await page.getByTestId('send').click();
  await page.fill('#email', 'five@example.com');
  await page.fill('#password', 'a long password');
  await page.click('#do-sign-up');
  await sentProject(page);
  await status(page, 'Sent. Photos stored: 1.');
  assert.equal(await page.locator('#person').textContent(), 'five@example.com');
  await close();
});

test('what was written is there after a reload, in each language, until it is sent', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await page.fill('#title', 'A day at the sea');
  await page.selectOption('#text-language', 'fr');
  await page.fill('#description', 'Le soir');
  await page.selectOption('#style', 'vintage');
  await page.fill('#duration', '31');
  const reload = async () => {
    await page.reload();
    await page.waitForSelector('html[data-ready=yes]');
    return [await page.inputValue('#title'), await page.textContent('#filled'), await page.inputValue('#style'), await page.inputValue('#duration')];
  };
  assert.deepEqual(await reload(), ['A day at the sea', 'filled: en, fr', 'vintage', '31']);
  await page.locator('#duration-issue', { hasText: '30' }).waitFor();
  await page.fill('#duration', '2');
  await readyWith(page, 'six.jpg');
  await page.getByTestId('send').click();
  const { rows } = await demo.backend.query('select title_i18n, description_i18n from public.video_projects where id = $1', [await sentProject(page)]);
  assert.deepEqual(rows, [{ title_i18n: { en: 'A day at the sea' }, description_i18n: { fr: 'Le soir' } }]);
  await status(page, 'Sent');
  assert.deepEqual(await reload(), ['My photos', 'filled: en', 'classic', '1']);
  await page.evaluate(() => sessionStorage.setItem('photo-core-draft', '{"of another":"version"}'));
  assert.deepEqual((await reload())[0], 'My photos');
  await close();
});

test('a person whose session ends in the middle is no guest: asked to sign in, they find Resume, and one project', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  const signIn = async (button) => {
    await page.fill('#email', 'seven@example.com');
    await page.fill('#password', 'a long password');
    await page.click(button);
    await page.locator('#person', { hasText: 'seven@example.com' }).waitFor();
  };
  await page.click('#account');
  await signIn('#do-sign-up');
  await readyWith(page, 'seven-1.jpg', 'seven-2.jpg');
  // The first photo's objects are let through; then another tab has signed out.
  let uploads = 0;
  await page.route('**/{rest,storage}/v1/**', async (route) => {
    const isObject = route.request().url().includes('/object/photos/');
    if (uploads < 2 && (!isObject || uploads++ < 2)) return route.continue();
    await page.evaluate(() => localStorage.removeItem('photo-core-session'));
    return route.fulfill({ status: 401, json: { code: 'PGRST301', message: 'JWT expired' } });
  });
  await page.getByTestId('send').click();
  await status(page, /^Please sign in again\. What is not sent is kept on this device: Resume/);
  assert.equal(await page.locator('#person').textContent(), 'Not signed in');
  await page.unroute('**/{rest,storage}/v1/**');
  await page.locator('#resume').click();
  await signIn('#do-sign-in');
  await sentProject(page);
  await status(page, 'Sent. Photos stored: 2.');
  assert.deepEqual(await page.locator('.tag').allTextContents(), ['Sent', 'Sent']);
  const { rows } = await demo.backend.query("select count(distinct project_id)::int projects, count(*)::int photos from public.photos where original_filename like 'seven-%'");
  assert.deepEqual(rows, [{ projects: 1, photos: 2 }]);
  await close();
});

test('what an earlier visit left is discarded by who is sure of it', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await readyWith(page, 'eight.jpg');
  // Once an upload has begun, the outbox holds the photo: a visit that ends before leaves nothing.
  const upload = '**/storage/v1/object/photos/**';
  await page.route(upload, () => {});
  const begun = page.waitForRequest(upload);
  await page.getByTestId('send').click();
  await begun;
  await page.reload();
  await page.locator('#stop').click();
  await page.locator('#discard').waitFor();
  const press = async (answer) => {
    const asked = page.waitForEvent('dialog').then(async (dialog) => {
      await dialog[answer]();
      return dialog.message();
    });
    await page.locator('#discard').click();
    assert.match(await asked, /^Photos of an earlier visit that would not be sent: 1\. Discard them\?/);
  };
  await press('dismiss');
  assert.ok(await page.locator('#resume').isVisible());
  await press('accept');
  await page.locator('#discard').waitFor({ state: 'hidden' });
  const { rows } = await demo.backend.query("select 1 from public.photos where original_filename = 'eight.jpg'");
  assert.deepEqual(rows, []);
  await close();
});

test('what the browser was told to forget in the middle is said, and sent anew', { timeout: 120_000 }, async () => {
  const { page, close } = await demo.open();
  const devtools = await page.context().newCDPSession(page);
  const forget = () => devtools.send('Storage.clearDataForOrigin', { origin: new URL(demo.url).origin, storageTypes: 'all' });
  const upload = '**/storage/v1/object/photos/**';
  for (const stopsFirst of [false, true]) {
    await readyWith(page, 'nine-1.jpg', 'nine-2.jpg');
    let held = [];
    await page.route(upload, (route) => void held.push(route));
    const begun = page.waitForRequest(upload);
    await page.getByTestId('send').click();
    await begun;
    if (stopsFirst) {
      await page.locator('#stop').click();
      await status(page, /^Stopped\./);
    }
    await forget();
    await page.unroute(upload);
    for (const route of held) await route.continue().catch(() => {});
    if (stopsFirst) await page.locator('#resume').click();
    await status(page, 'These photos are not kept on this device any more: Send sends them anew.');
    assert.deepEqual(await page.locator('.tag').allTextContents(), ['Ready', 'Ready']);
    assert.ok(await page.locator('#resume').isHidden(), 'there is nothing to go on with');
    // A session that is gone before Send is pressed needs no word at all.
    await forget();
    await page.getByTestId('send').click();
    await status(page, 'Sent. Photos stored: 2.');
    await page.locator('#clear').click();
  }
  const { rows } = await demo.backend.query(`
    select count(*)::int photos from public.photos where original_filename like 'nine-%' group by project_id`);
  assert.deepEqual(rows, [{ photos: 2 }, { photos: 2 }]);
  await close();
});

test('a person who has signed out in another tab is asked to sign in, and no guest sends in their place', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open();
  await page.click('#account');
  await page.fill('#email', 'ten@example.com');
  await page.fill('#password', 'a long password');
  await page.click('#do-sign-up');
  await page.locator('#person', { hasText: 'ten@example.com' }).waitFor();
  await page.reload();
  await page.locator('#person', { hasText: 'ten@example.com' }).waitFor();
  await readyWith(page, 'ten.jpg');
  await page.evaluate(() => localStorage.removeItem('photo-core-session'));
  for (const _ of ['once', 'once more']) {
    await page.getByTestId('send').click();
    await page.locator('#sign-in').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#sign-in').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('#person').textContent(), 'Not signed in');
  }
  await close();
});

test('a browser that has no room for a session keeps it as long as the page is open', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ early: true });
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    localStorage.clear();
  });
  await page.reload();
  await page.locator('#person', { hasText: 'Guest' }).waitFor();
  await readyWith(page, 'eleven.jpg');
  await page.getByTestId('send').click();
  await status(page, 'Sent. Photos stored: 1.');
  await close();
});

test('a photo tells the day, the clock and the exposure as the camera wrote them, wherever one looks from', { timeout: 60_000 }, async () => {
  const { page, close } = await demo.open({ timezoneId: 'America/Los_Angeles', locale: 'en-US' });
  const [{ buffer: plain }] = await drawPhotos(page, ['plain.jpg'], 60, 40);
  const taken = (name, says) => {
    const payload = Buffer.from(`http://ns.adobe.com/xap/1.0/\0<rdf:Description ${says}/>`, 'latin1');
    const head = Buffer.from([0xff, 0xe1, 0, payload.length + 2]);
    return { name, mimeType: 'image/jpeg', buffer: Buffer.concat([plain.subarray(0, 2), head, payload, plain.subarray(2)]) };
  };
  const photos = {
    'day.jpg': [`exif:DateTimeOriginal='1965-07-12'`, 'Jul 12, 1965'],
    'zone.jpg': [`exif:DateTimeOriginal='2024-05-01T12:34:56+09:00' exif:ExposureTime='4/10'`, 'May 1, 2024, 12:34 PM · 0.4 s'],
    'clock.jpg': [`exif:DateTimeOriginal='2024-05-01T23:59:56' exif:ExposureTime='10/33'`, 'May 1, 2024, 11:59 PM · 0.3 s'],
    'quick.jpg': [`exif:DateTimeOriginal='2024-05-01T00:00:00Z' exif:ExposureTime='1/250'`, 'May 1, 2024, 12:00 AM · 1/250 s'],
    'long.jpg': [`exif:DateTimeOriginal='2024-05-01' exif:ExposureTime='10/3'`, 'May 1, 2024 · 3.3 s'],
  };
  await page.getByTestId('file-input').setInputFiles(Object.entries(photos).map(([name, [says]]) => taken(name, says)));
  await settled(page, 5);
  for (const [name, [, said]] of Object.entries(photos)) {
    const lines = (await card(page, name).locator('p').allTextContents()).map((line) => line.replaceAll(/[\u00a0\u202f]/g, ' '));
    assert.ok(lines.includes(said), `${name}: ${said} in ${JSON.stringify(lines)}`);
  }
  await close();
});
