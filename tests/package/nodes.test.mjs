// The packed package, installed into an empty folder, under every Node that is promised: modules, CommonJS, worker threads,
// the command line, a killed worker, two hundred photos.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { installPacked } from '../browser/kit/packed.mjs';
import { makeJpeg } from '../browser/kit/photo.mjs';
import { needBuilt, root, run, scratch } from './kit.mjs';

const folder = scratch('nodes');
let photo;
before(async () => {
  needBuilt();
  await installPacked(folder);
  photo = await makeJpeg(1200, 900);
  await writeFile(path.join(folder, 'notes.txt'), 'no photo');
});

const installed = ['node-20', 'node-22'].map((name) => path.join(root, 'node_modules', name, 'bin/node'));
const versionOf = async (node) => (await run(node, ['--version'])).stdout.trim();
/** By version, so that this Node is not asked twice. */
const nodes = new Map();
for (const node of [...installed.filter(existsSync), process.execPath]) nodes.set(await versionOf(node), node);

test('Node 20 and 22 are both here', { skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'their npm packages are for Linux on x64' }, async () => {
  const majors = await Promise.all(installed.map(async (node) => (await versionOf(node)).split('.')[0]));
  assert.deepEqual(majors, ['v20', 'v22']);
});

/** One photo, then a batch of a good and a bad one; the process has to end by itself, without close(). */
const body = `
  const { readFileSync } = require('node:fs');
  const bytes = readFileSync(file);
  const core = await createPhotoCore(options);
  const one = await core.prepare(bytes, { maxEdge: 600 });
  const results = [one.width + ' ' + one.thumbnail.type];
  for await (const one of core.prepareAll([new Blob([bytes]), new Uint8Array([1, 2, 3])])) {
    results.push(one.ok ? one.photo.width + ' ' + one.photo.photo.type : one.error.code);
  }
  say(results.join(', '));`;
const wanted = '600 image/webp, 1200 image/jpeg, unsupported_type\n';

/** How a program comes to the package. Each is the whole of a file. */
const ways = {
  'module.mjs': `import { createRequire } from 'node:module';
    import { createPhotoCore } from '@photomemory/photo-core';
    const require = createRequire(import.meta.url), options = {}, file = process.argv[2], say = console.log;
    ${body}`,
  'common.cjs': `const file = process.argv[2], say = console.log, options = {};
    (async () => { const { createPhotoCore } = await import('@photomemory/photo-core'); ${body} })();`,
  'required.cjs': `const { createPhotoCore } = require('@photomemory/photo-core');
    const file = process.argv[2], say = console.log, options = {};
    (async () => { ${body} })();`,
  'thread.mjs': thread('{}'),
  'thread-alone.mjs': thread('{ workers: 0 }'),
};

/** The caller is itself a worker thread, which ends by itself too. */
function thread(options) {
  return `import { createRequire } from 'node:module';
    import { isMainThread, parentPort, Worker, workerData as file } from 'node:worker_threads';
    const require = createRequire(import.meta.url), options = ${options}, say = (text) => parentPort.postMessage(text);
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
      worker.on('message', (text) => console.log(text));
      worker.on('error', (error) => console.log(error));
    } else {
      const { createPhotoCore } = await import('@photomemory/photo-core');
      ${body}
    }`;
}

for (const [version, node] of nodes) {
  test(`Node ${version}`, async (t) => {
    for (const [name, text] of Object.entries(ways)) {
      await t.test(name, { timeout: 120_000 }, async () => {
        const file = path.join(folder, name);
        await writeFile(file, text);
        const { stdout, stderr } = await run(node, ['--disable-warning=ExperimentalWarning', file, photo.file], { timeout: 100_000 });
        assert.deepEqual([stdout, stderr], [wanted, '']);
      });
    }
    await t.test('the command line', { timeout: 120_000 }, async () => {
      const bin = path.join(folder, 'node_modules/.bin/photo-core');
      const call = (...args) => run(node, [bin, ...args], { cwd: folder, timeout: 100_000 }).catch((error) => error);
      const answer = await call('prepare', '--max-edge', '500', photo.file, 'notes.txt');
      const [good, bad] = answer.stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.deepEqual([answer.code, good.ok, good.photo.width, bad.ok, bad.error.code], [1, true, 500, false, 'unsupported_type']);
      assert.equal(answer.stderr, '');
    });
  });
}

test('where no context is secure the core makes the hashes itself', { timeout: 100_000 }, async () => {
  const script = path.join(folder, 'insecure.mjs');
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { createPhotoCore } from '@photomemory/photo-core';
     const bytes = readFileSync(process.argv[2]);
     const core = await createPhotoCore({ workers: 0 });
     const hashes = async () => {
       const { sha256, photoSha256, photo } = await core.prepare(bytes, { maxEdge: 600 });
       return [sha256, photoSha256, photo.size].join(' ');
     };
     const secure = await hashes();
     let asked = 0;
     Object.defineProperty(globalThis, 'crypto', { value: { get subtle() { asked++; } } });
     console.log(secure === (await hashes()), asked > 0, secure.split(' ')[0]);`,
  );
  const { stdout } = await run(process.execPath, [script, photo.file], { timeout: 90_000 });
  const sha256 = createHash('sha256').update(await readFile(photo.file)).digest('hex');
  assert.equal(stdout, `true true ${sha256}\n`);
});

test('in the document of a test (jsdom, happy-dom), whose Blobs cross to no worker, the calling thread works', { timeout: 100_000 }, async () => {
  const script = path.join(folder, 'emulated.mjs');
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     const NodeBlob = Blob;
     globalThis.Blob = class Blob {
       #inner;
       constructor(parts = [], options) { this.#inner = new NodeBlob(parts.map((part) => (part instanceof Blob ? part.#inner : part)), options); }
       get size() { return this.#inner.size; }
       get type() { return this.#inner.type; }
       arrayBuffer() { return this.#inner.arrayBuffer(); }
       slice(...range) { const part = new Blob(); part.#inner = this.#inner.slice(...range); return part; }
     };
     const { createPhotoCore } = await import('@photomemory/photo-core');
     const core = await createPhotoCore({ workers: 2 });
     const files = [new Blob([readFileSync(process.argv[2])], { type: 'image/jpeg' }), new Blob(['no photo'])];
     const seen = [];
     for await (const one of core.prepareAll(files)) seen.push(one.ok ? one.photo.width : one.error.code, one.ok && one.photo.photo instanceof Blob);
     core.close();
     console.log(seen.join(' '));`,
  );
  const { stdout } = await run(process.execPath, [script, photo.file], { timeout: 90_000 });
  assert.equal(stdout, '1200 true unsupported_type false\n');
});

test('a worker thread killed in the middle of twenty takes one photo with it', { timeout: 200_000 }, async (t) => {
  const script = path.join(folder, 'kill.cjs');
  await writeFile(
    script,
    `const threads = require('node:worker_threads'), started = [];
     threads.Worker = class extends threads.Worker { constructor(...args) { super(...args); started.push(this); } };
     (async () => {
       const { createPhotoCore } = await import('@photomemory/photo-core');
       const bytes = require('node:fs').readFileSync(process.argv[2]);
       const core = await createPhotoCore({ workers: 2 });
       const codes = [];
       const files = Array.from({ length: 20 }, (_, n) => ({ name: n + '.jpg', data: bytes }));
       // The second photo that the first thread was given is the one it dies with.
       let given = 0;
       threads.Worker.prototype.postMessage = function (message, transfer) {
         Object.getPrototypeOf(threads.Worker.prototype).postMessage.call(this, message, transfer);
         if (this === started[0] && message.photoCore === 'job' && ++given === 2) void this.terminate();
       };
       for await (const one of core.prepareAll(files, { keepOriginal: 'never' })) codes.push(one.ok ? 'ok' : one.error.code);
       console.log(JSON.stringify({ codes, started: started.length, after: (await core.prepare(bytes)).width }));
     })();`,
  );
  const { stdout } = await run(process.execPath, [script, photo.file], { timeout: 150_000 });
  const { codes, started, after } = JSON.parse(stdout);
  assert.deepEqual([codes.length, codes.filter((code) => code !== 'ok'), started, after], [20, ['internal'], 3, 1200]);
  t.diagnostic(`${started} threads for two places`);
});

test('two hundred photos in a row leave the heap flat', { timeout: 400_000 }, async (t) => {
  const script = path.join(folder, 'flat.cjs');
  await writeFile(
    script,
    `const threads = require('node:worker_threads'), heaps = [];
     threads.Worker = class extends threads.Worker { on(name, listener) {
       return super.on(name, name === 'message' ? (message) => { if (message.heapBytes) heaps.push(message.heapBytes); listener(message); } : listener);
     } };
     (async () => {
       const { createPhotoCore } = await import('@photomemory/photo-core');
       const bytes = require('node:fs').readFileSync(process.argv[2]);
       const core = await createPhotoCore({ workers: 1 });
       for (let n = 0; n < 200; n++) await core.prepare(bytes, { keepOriginal: 'never' });
       console.log(JSON.stringify(heaps));
     })();`,
  );
  const { stdout } = await run(process.execPath, [script, photo.file], { timeout: 350_000 });
  const heaps = JSON.parse(stdout);
  const [least, most] = [Math.min(...heaps.slice(10)), Math.max(...heaps.slice(10))];
  t.diagnostic(`wasm heap ${(least / 2 ** 20).toFixed(1)} to ${(most / 2 ** 20).toFixed(1)} MiB`);
  assert.equal(heaps.length, 200);
  assert.ok(most <= least * 1.05, `${least} to ${most} bytes`);
});
