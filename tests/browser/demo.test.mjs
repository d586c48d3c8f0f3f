// The demo as a person uses it: photos are picked, checked, ordered by keyboard, sent; the backend then holds what was shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, drawPhotos, startDemo } from './kit/demo.mjs';

let demo, backend;
before(async () => {
  demo = await startDemo();
  backend = demo.backend;
});
after(() => demo?.close());

const openDemo = () => demo.open();
const verdicts = (page, count) => page.waitForFunction((wanted) => document.querySelectorAll('.tag.good, .tag.bad').length === wanted, count);
const names = (page) => page.locator('.photo .name').allTextContents();

test('picked photos are checked, ordered by keyboard, described and stored', { timeout: 120_000 }, async () => {
  const { page, notes, close } = await openDemo();
  const photos = await drawPhotos(page, ['first.jpg', 'second.jpg', 'third.jpg']);
  const gif = { name: 'moving.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1') };
  await page.setInputFiles('#files', [...photos, gif]);
  await verdicts(page, 4);
  await page.waitForFunction(() => document.querySelector('.error')?.textContent.includes('GIF'));
  assert.equal(await page.locator('.tag.good').count(), 3);
  assert.match(await page.locator('.facts').nth(1).textContent(), /^2400\s×\s1600 → 2000\s×\s1333$/);

  await page.locator('.photo').nth(2).focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await page.keyboard.press('Alt+ArrowLeft');
  assert.deepEqual(await names(page), ['third.jpg', 'first.jpg', 'second.jpg', 'moving.jpg']);

  await page.fill('#title', 'A day at the sea');
  await page.fill('#duration', '31');
  await page.waitForFunction(() => document.querySelector('#duration').getAttribute('aria-invalid') === 'true');
  await page.click('#send');
  assert.equal((await backend.query('select 1 from public.video_projects')).rows.length, 0, 'a draft with an issue is not sent');
  await page.fill('#duration', '2');
  await page.selectOption('#text-language', 'fr');
  await page.fill('#title', 'x'.repeat(400));
  await page.selectOption('#text-language', 'en');
  await page.locator('#title-issue', { hasText: /^Français: .*400/ }).waitFor();
  await page.click('#send');
  await page.waitForFunction(() => document.querySelector('#text-language').value === 'fr' && document.activeElement.id === 'title');
  await page.fill('#title', '');
  await page.selectOption('#text-language', 'en');
  await page.selectOption('#style', 'cinematic');
  await page.click('#send');
  await page.waitForFunction(() => document.querySelectorAll('#stored-list img').length === 3);

  const { rows: projects } = await backend.query('select title_i18n, style::text, duration_minutes, photo_count from public.video_projects');
  assert.deepEqual(projects, [{ title_i18n: { en: 'A day at the sea' }, style: 'cinematic', duration_minutes: 2, photo_count: 3 }]);
  const { rows } = await backend.query('select original_filename, width, height, mime_type, file_url, thumbnail_url from public.photos order by upload_order');
  assert.deepEqual(rows.map((row) => row.original_filename), ['third.jpg', 'first.jpg', 'second.jpg']);
  assert.ok(rows.every((row) => row.width === 2000 && row.height === 1333 && row.mime_type === 'image/jpeg'));
  const { rows: objects } = await backend.query("select name from storage.objects where bucket_id = 'photos'");
  const wanted = rows.flatMap((row) => [row.file_url, row.thumbnail_url]).sort();
  assert.deepEqual(objects.map((object) => object.name).sort(), wanted, 'no row without its objects, no object without its row');
  const status = (name) => card(page, name).getAttribute('data-status');
  assert.deepEqual([await status('first.jpg'), await status('moving.jpg')], ['sent', 'rejected']);
  assert.equal(await card(page, 'moving.jpg').getAttribute('data-code'), 'unsupported_type');
  const { rows: ids } = await backend.query('select id from public.video_projects');
  assert.equal(await page.getByTestId('result').getAttribute('data-project-id'), ids[0].id);
  assert.deepEqual(notes, { violations: [], elsewhere: [], errors: [] });
  await close();
});

test('the page speaks the seven languages of the database', { timeout: 60_000 }, async () => {
  const { page, close } = await openDemo();
  const heads = new Set();
  for (const language of ['en', 'ko', 'ja', 'zh', 'es', 'fr', 'de']) {
    await page.selectOption('#language', language);
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    heads.add(await page.locator('label.button').textContent());
    assert.equal(await page.locator('[data-text]:empty').count(), 0);
  }
  assert.equal(heads.size, 7);
  await close();
});

test('nothing is wider than the smallest phone, whatever the language and the names', { timeout: 60_000 }, async () => {
  const { page, close } = await openDemo();
  await page.setViewportSize({ width: 320, height: 640 });
  const [photo] = await drawPhotos(page, ['a very long name of a photo that somebody took on a summer evening by the sea.jpg']);
  await page.setInputFiles('#files', [photo, { ...photo, name: `${'x'.repeat(250)}.jpg` }, { ...photo, name: 'again.jpg' }]);
  await verdicts(page, 3);
  await page.click('#payloads summary');
  for (const language of ['en', 'ko', 'ja', 'zh', 'es', 'fr', 'de']) {
    await page.selectOption('#language', language);
    const wide = await page.evaluate(() => {
      const cut = [...document.querySelectorAll('.photo :not(.name), .top *')].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1);
      return [document.documentElement.scrollWidth - innerWidth, ...cut.map(({ className, textContent }) => `${className} ${textContent}`)];
    });
    assert.deepEqual(wide, [0], language);
  }
  await close();
});
