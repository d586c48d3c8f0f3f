// Every bundler builds an app with the packed package; Chromium opens it under the strict policy and prepares a photo.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launchChromium, watchedPage } from '../browser/kit/chromium.mjs';
import { installPacked, root, scratch } from '../browser/kit/packed.mjs';
import { makeJpeg } from '../browser/kit/photo.mjs';
import { emitted, tools, toolVersion } from './tools.mjs';

const folder = scratch('bundlers');
const photos = scratch('bundlers-photos');
const lines = [];
let browser;
let sha256;

before(async () => {
  await rm(folder, { recursive: true, force: true });
  await installPacked(folder);
  const photo = await makeJpeg(4032, 3024);
  sha256 = createHash('sha256').update(photo.bytes).digest('hex');
  await mkdir(photos, { recursive: true });
  await copyFile(photo.file, path.join(photos, 'photo.jpg'));
  browser = await launchChromium();
});

after(() => browser?.close());

for (const tool of tools) {
  test(tool.name, { timeout: 240_000 }, async () => {
    const app = await tool.open(folder, photos);
    const watched = await watchedPage(browser, app.origin);
    try {
      await watched.page.goto(app.origin);
      await watched.page
        .waitForFunction(() => document.documentElement.dataset.result, null, { timeout: 60_000 })
        .catch((error) => assert.fail(`${error.message} ${JSON.stringify(watched.notes)}`));
      const result = JSON.parse(await watched.page.evaluate(() => document.documentElement.dataset.result));
      assert.deepEqual(result, {
        width: 2000,
        height: 1500,
        type: 'image/jpeg',
        thumbnail: 'image/webp',
        sha256,
        mime: 'image/jpeg',
        placeholder: true,
        batch: ['ok', 'unsupported_type'],
      });
      assert.deepEqual(watched.notes, { violations: [], elsewhere: [], errors: [] });
      if (app.site) {
        const files = await emitted(app.site);
        assert.equal(files.filter((name) => name.endsWith('.wasm')).length, 1, `one binary, of ${files}`);
      }
    } finally {
      await watched.close();
      await app.close();
    }
    lines.push(`| ${tool.name} | ${await toolVersion(tool)} | ${tool.settings} | works |`);
  });
}

test('the table in the documentation is the one of this run', async () => {
  assert.equal(lines.length, tools.length, 'every tool works');
  const table = ['| tool | version | settings | strict policy, one photo, one batch |', '|---|---|---|---|', ...lines].join('\n');
  const file = path.join(root, 'wasm/README.md');
  const text = await readFile(file, 'utf8');
  const marked = /(<!-- matrix: written by tests\/bundlers -->\n)[\s\S]*?(\n<!-- end of matrix -->)/;
  assert.match(text, marked);
  const updated = text.replace(marked, (_, head, tail) => `${head}${table}${tail}`);
  if (process.env.UPDATE_DOCS) await writeFile(file, updated);
  assert.equal(process.env.UPDATE_DOCS ? updated : text, updated, 'run with UPDATE_DOCS=1 and commit wasm/README.md');
});
