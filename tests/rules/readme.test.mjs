// The README's example runs as it stands there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';

import { read, root } from './repository.mjs';

const example = /```js\n([\s\S]*?)```/.exec(read('README.md'))[1];

/** A PNG with a gradient, so that the example has a photo to work on. */
function png(width, height) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) rows.set([(x * 255) / width, (y * 255) / height, 128], y * (width * 3 + 1) + 1 + x * 3);
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

test('the example has at most 15 lines', () => {
  assert.ok(example.trimEnd().split('\n').length <= 15, `${example.trimEnd().split('\n').length} lines`);
});

test('the example prints what it says', async () => {
  const folder = join(root, 'build', 'readme');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  assert.ok(existsSync(join(root, 'wasm', 'dist', 'index.js')), 'the package is built (make build)');
  const { createPhotoCore } = await import('@photomemory/photo-core');
  const core = await createPhotoCore({ workers: 0 });
  const made = await core.prepare(new File([png(300, 200)], 'photo.png'), { format: 'jpeg', keepOriginal: 'never' });
  writeFileSync(join(folder, 'photo.jpg'), Buffer.from(await made.photo.arrayBuffer()));
  core.close();

  writeFileSync(join(folder, 'example.mjs'), example);
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
  assert.match(printed, /^photo\.jpg: 300 x 200, \d+ bytes, thumbnail \d+ bytes\n$/);
});

test('the commands run as they stand', () => {
  const folder = join(root, 'build', 'readme');
  writeFileSync(join(folder, 'draft.json'), JSON.stringify({ title_i18n: { en: 'Summer' }, style: 'classic', duration_minutes: 3 }));
  const commands = /```sh\n(npx [\s\S]*?)```/.exec(read('README.md'))[1].trimEnd().split('\n');
  for (const command of commands) {
    // What is not here must not be fetched from a registry, where the name is anybody's.
    const printed = execFileSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8', timeout: 60_000, env: { ...process.env, npm_config_yes: 'false', npm_config_offline: 'true' } });
    for (const line of printed.trimEnd().split('\n')) assert.equal(JSON.parse(line).ok, true, command);
  }
  assert.ok(existsSync(join(folder, 'ready', 'photo.jpg')));
});
