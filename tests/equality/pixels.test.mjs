// The package's binary makes the files that the native core makes, to the byte: the native tests test what ships.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { makeJpeg, makePng } from '../browser/kit/photo.mjs';
import { readExpectations } from '../corpus/expectations.mjs';
import { buildProgram, repository } from './checker.mjs';

/** The same options as in photo_check.cpp, by the same names. */
const recipes = {
  usual: {},
  png_linear: { maxEdge: 700, format: 'png', light: 'linear' },
  webp_cover: { maxEdge: 700, format: 'webp', quality: 60, fit: 'cover' },
  small_progressive: { maxEdge: 700, format: 'jpeg', progressive: true, maxBytes: 30_000 },
};
/** Of the corpus all photos, and every so many of the other files. */
const stride = 8;

const files = [];
before(async () => {
  const folder = path.join(repository, 'build/tests/pixels');
  await mkdir(folder, { recursive: true });
  files.push((await makeJpeg(1613, 1201, 3)).file);
  const png = path.join(folder, 'made.png');
  await writeFile(png, makePng(901, 507));
  files.push(png);
  const corpus = process.env.PHOTO_CORPUS;
  if (!corpus) return;
  const all = (await readExpectations(corpus)).map(({ file }) => file);
  const photos = all.filter((file) => file.startsWith('1-photos/'));
  const others = all.filter((file) => !photos.includes(file)).filter((_, n) => n % stride === 0);
  files.push(...[...photos, ...others].map((file) => path.join(corpus, file)));
});

for (const [name, options] of Object.entries(recipes)) {
  test(`natively and in WebAssembly the same bytes: ${name}`, { timeout: 600_000 }, async () => {
    const { createPhotoCore } = await import(pathToFileURL(path.join(repository, 'wasm/dist/index.js')).href);
    const expected = execFileSync(buildProgram('photo_check'), [name, ...files], { encoding: 'utf8' }).trimEnd().split('\n');
    const core = await createPhotoCore({ workers: 0 });
    const sha256 = async (blob) => createHash('sha256').update(new Uint8Array(await blob.arrayBuffer())).digest('hex');
    const different = [];
    for (const [index, file] of files.entries()) {
      const made = await core.prepare(await readFile(file), { keepOriginal: 'never', ...options }).then(
        async ({ photo, thumbnail, dhash }) => `${await sha256(photo)} ${await sha256(thumbnail)} ${dhash}`,
        ({ code }) => code,
      );
      if (made !== expected[index]) different.push({ file: path.basename(file), made, expected: expected[index] });
    }
    core.close();
    assert.deepEqual(different, []);
    assert.equal(expected.length, files.length);
  });
}
