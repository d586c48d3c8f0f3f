// The demo is bundled without a look at its types: here the compiler looks, as strictly as at the package.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { needBuilt, root, run, scratch } from './kit.mjs';

before(needBuilt);

const tsc = (project) =>
  run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', project]).then(() => '', (error) => error.stdout);

test('the demo checks against the types of the package', { timeout: 400_000 }, async () => {
  assert.equal(await tsc(path.join(root, 'web-demo')), '');
});

test('a wrong use of the package in the demo is noticed', { timeout: 400_000 }, async () => {
  const folder = scratch('demo-types');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'wrong.ts'), "import { createPhotoCore } from '@photomemory/photo-core';\nvoid createPhotoCore({ worker: 1 });\n");
  const project = { extends: path.join(root, 'web-demo/tsconfig.json'), include: ['wrong.ts'] };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(project));
  assert.match(await tsc(folder), /^\S*wrong\.ts\(2,24\): error TS2561/);
});
