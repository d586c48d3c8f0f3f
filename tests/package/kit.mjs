// Shared by the package's tests: single sources of the shim, and the package built over the stand-in core.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { root, scratch } from '../browser/kit/packed.mjs';
import { makeFakeCore } from './fake_core/make.mjs';

export { root, scratch };
export const run = promisify(execFile);
export const dist = path.join(root, 'wasm/dist');

let count = 0;

/** Loads one TypeScript source of the shim, with what it imports. */
export async function load(file) {
  const outfile = scratch('sources', `${path.basename(file, '.ts')}-${process.pid}-${count++}.mjs`);
  await build({
    entryPoints: [path.join(root, 'wasm/src', file)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    external: ['./worker.js', './batch.js', './inline.js', './diagnose.js', './foreign_capture.js', './rows.js', './sentences.js', './thumbhash.js'],
  });
  return import(pathToFileURL(outfile).href);
}

/** A hash of what the package over the stand-in core is made from. */
async function fakeHash() {
  const hash = createHash('sha256').update(process.version);
  for (const folder of ['wasm/src', 'wasm/scripts', 'tests/package/fake_core']) {
    for (const name of (await readdir(path.join(root, folder), { recursive: true })).sort()) {
      const bytes = await readFile(path.join(root, folder, name)).catch((error) => (error.code === 'EISDIR' ? '' : Promise.reject(error)));
      hash.update(`\0${folder}/${name}\0${bytes.length}\0`).update(bytes);
    }
  }
  for (const name of ['package-lock.json', 'wasm/package.json', 'wasm/tsconfig.json']) hash.update(await readFile(path.join(root, name)));
  return hash.digest('hex').slice(0, 16);
}

let faked;

/** The package over the stand-in core: its folder, to read from. Built once for all test files, anew where its sources changed. */
export function fakeDist() {
  faked ??= (async () => {
    const out = scratch(`fake-dist-${await fakeHash()}`);
    if (existsSync(out)) return out;
    const core = scratch(`fake-core-${process.pid}`);
    const own = scratch(`fake-dist-${process.pid}`);
    await makeFakeCore(core);
    await mkdir(own, { recursive: true });
    await run(process.execPath, [path.join(root, 'wasm/scripts/build.mjs'), '--core', core, '--out', own, '--scripts-only']);
    // Whole under its name or not at all; who comes second takes that of the first.
    await rename(own, out).catch(() => rm(own, { recursive: true }));
    await rm(core, { recursive: true });
    return out;
  })();
  return faked;
}

/** A core over the stand-in. */
export async function fakeCore(options = {}) {
  const { createPhotoCore } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  return createPhotoCore(options);
}

/** A source that the stand-in core follows; see fake_core/photo-core.mjs. */
export const scripted = (script, name = 'photo.jpg') => new File([JSON.stringify(script)], name, { type: 'image/jpeg' });

export function needBuilt() {
  if (!existsSync(path.join(dist, 'photo-core.wasm'))) throw new Error('wasm/dist is missing: run make build first');
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** All results of a batch. */
export async function all(iterable) {
  const results = [];
  for await (const one of iterable) results.push(one);
  return results;
}

/** What a call rejects with. */
export async function failure(call) {
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
