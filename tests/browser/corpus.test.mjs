// Every file of the corpus through the built package in Chromium, without the browser's own decoders: the same verdicts as
// natively and in Node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readExpectations } from '../corpus/expectations.mjs';
import { launchChromium, watchedPage } from './kit/chromium.mjs';
import { root } from './kit/packed.mjs';
import { serve, strictPolicy } from './kit/server.mjs';

const corpus = process.env.PHOTO_CORPUS;
let browser;
before(async () => (browser = corpus ? await launchChromium() : undefined));
after(() => browser?.close());

test('every file of the corpus gets its verdict', { skip: corpus ? false : 'PHOTO_CORPUS is not set', timeout: 600_000 }, async (t) => {
  const blank = (request, response) => response.end('<!doctype html><title>corpus</title>');
  const site = await serve({
    folders: [`${root}/wasm/dist`, corpus],
    routes: { '/': blank },
    headers: { 'content-security-policy': strictPolicy },
  });
  t.after(() => site.close());
  const { page, notes, close } = await watchedPage(browser, site.origin);
  await page.goto(site.origin);
  const expected = await readExpectations(corpus);
  const codes = await page.evaluate(async (files) => {
    const { createPhotoCore, isPhotoError } = await import('/index.js');
    const core = await createPhotoCore({ workers: 2 });
    const found = [];
    const one = async (file) => {
      const blob = await (await fetch(`/${file.split('/').map(encodeURIComponent).join('/')}`)).blob();
      return core
        .prepare({ data: blob, name: file }, { browserDecode: 'never' })
        .then(() => 'accept', (error) => (isPhotoError(error) ? error.code : String(error)));
    };
    for (let at = 0; at < files.length; at += 4) found.push(...(await Promise.all(files.slice(at, at + 4).map(one))));
    core.close();
    return found;
  }, expected.map(({ file }) => file));
  await close();
  const wrong = expected
    .map((line, index) => ({ ...line, code: codes[index] }))
    .filter(({ verdict, code }) => (verdict === 'reject' ? code === 'accept' || code === 'internal' : code !== verdict));
  assert.deepEqual(wrong, []);
  assert.deepEqual(notes.violations, []);
});
