// The pool in Chromium, with real photos: twenty at once, a killed worker, aborts, two hundred in a row, missing files.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { dated, pictures } from './kit/avif.mjs';
import { launchChromium, watchedPage } from './kit/chromium.mjs';
import { serve, strictPolicy } from './kit/server.mjs';
import { openSite, twentySeen } from './kit/site.mjs';

let browser;
before(async () => (browser = await launchChromium()));
after(() => browser?.close());

/** Runs one test of the page on a site of its own. */
async function run(name, args, siteOptions = {}, quiet = true, before = '') {
  const site = await openSite(siteOptions);
  const watched = await watchedPage(browser, site.origin);
  try {
    if (before) await watched.page.addInitScript(before);
    await watched.page.goto(site.origin);
    await watched.page.waitForFunction(() => document.documentElement.dataset.ready);
    const answer = JSON.parse(await watched.page.evaluate(([test, list]) => globalThis.runTest(test, ...list), [name, args(site)]));
    assert.equal(answer.crashed, undefined, answer.stack);
    if (quiet) assert.deepEqual(watched.notes, { violations: [], elsewhere: [], errors: [] });
    return answer;
  } finally {
    await watched.close();
    await site.close();
  }
}
const nothing = () => [];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('twenty photos of 12 megapixels', { timeout: 300_000 }, async (t) => {
  const { seen, lost, ms, backwards, fraction, workers, heap } = await run('twenty', nothing);
  assert.deepEqual(seen, twentySeen);
  assert.deepEqual({ lost, backwards, fraction }, { lost: 0, backwards: 0, fraction: 1 });
  t.diagnostic(`${ms} ms with ${workers} worker(s), wasm heap at most ${(heap / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(heap <= 48 * 2 ** 20, `${heap} bytes`);
});

test('a worker killed in the middle of twenty takes one photo with it', { timeout: 400_000 }, async () => {
  const { codes, after: widths, first, alive } = await run('kill', nothing);
  assert.equal(codes.length, 20);
  assert.deepEqual(codes.filter((code) => code !== 'ok'), ['internal']);
  assert.deepEqual({ widths, first, alive }, { widths: [2000, 2000], first: false, alive: 2 });
});

/** Every place in which an abort can meet a photo; the steps as the worker tells them. */
const steps = ['at once', 'start', 'read', 'probe', 'decode', 'encode', 'thumbnail', 'done', 'hash'];

test('an abort ends a photo at every step, and the pool works on', { timeout: 300_000 }, async (t) => {
  const { tries, after: width, first, waiting, alive } = await run('abort', () => [steps]);
  assert.deepEqual(tries.map(({ step, code }) => `${step}: ${code}`), steps.map((step) => `${step}: cancelled`));
  assert.ok(tries.every((one) => one.alive === 0 && one.started <= 1), 'its worker is gone, and no other was needed');
  t.diagnostic(tries.map(({ step, ms }) => `${step} ${ms.toFixed(1)} ms`).join(', '));
  assert.deepEqual({ width, first, waiting, alive }, { width: 2000, first: 'ok', waiting: 'cancelled', alive: 1 });
});

// Chromium ends a worker at its next look at the event loop, by force only after two seconds.
for (const [what, step, options] of [
  ['decoded', 'decode', { format: 'webp' }],
  ['encoded as WebP', 'encode', { format: 'webp', maxBytes: 400_000 }],
  ['encoded as PNG', 'encode', { format: 'png', maxBytes: 400_000 }],
  ['encoded as progressive JPEG', 'encode', { format: 'jpeg', progressive: true, maxBytes: 400_000 }],
]) {
  test(`an abort while a long photo is ${what} ends its worker, and the processor is free again`, { timeout: 120_000 }, async (t) => {
    const site = await openSite();
    const { page, close } = await watchedPage(browser, site.origin);
    t.after(async () => {
      await close();
      await site.close();
    });
    await page.goto(site.origin);
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    const { code } = JSON.parse(await page.evaluate((args) => globalThis.runTest('abortLong', ...args), [step, options]));
    const start = performance.now();
    assert.equal(code, 'cancelled');
    let threads;
    do threads = await workerThreads(renderers);
    while (threads > 0 && (await sleep(20), true));
    t.diagnostic(`the worker's thread was gone after ${Math.round(performance.now() - start)} ms`);
  });
}

test('a photo that is encoded in one piece lets its thread look up', { timeout: 120_000 }, async () => {
  const kinds = ['webp', 'png', 'jpeg'].map((format) => ({ format, progressive: format === 'jpeg', maxBytes: 400_000 }));
  const types = kinds.map(({ format }) => `image/${format}`);
  const { counted, suspends } = await run('turns', () => [kinds]);
  assert.deepEqual(counted.map(({ mimeType }) => mimeType), types);
  // Each takes the processor for many times sixteen milliseconds.
  if (suspends) assert.ok(counted.every(({ turns }) => turns > 10), JSON.stringify(counted));
  // As in a browser that cannot suspend a call.
  const without = await run('turns', () => [kinds], {}, true, 'delete WebAssembly.Suspending; delete WebAssembly.promising;');
  assert.deepEqual([without.suspends, ...without.counted.map(({ mimeType }) => mimeType)], [false, ...types]);
});

/** Threads of workers in the processes. */
async function workerThreads(processes) {
  const names = await Promise.all(
    processes.map(async (id) => {
      const tasks = await readdir(`/proc/${id}/task`).catch(() => []);
      return Promise.all(tasks.map((task) => readFile(`/proc/${id}/task/${task}/comm`, 'utf8').catch(() => '')));
    }),
  );
  return names.flat().filter((name) => name.startsWith('DedicatedWorker')).length;
}

test('the page answers while twenty photos of 12 megapixels are at work', { timeout: 300_000 }, async (t) => {
  const { accepted, tasks, told, frames } = await run('longTasks', nothing);
  assert.equal(accepted, 20);
  t.diagnostic(`${tasks.length} tasks over 50 ms (${tasks.join(', ')}); progress told ${told} times in ${frames} frames`);
  assert.ok(told <= frames + 2 + 20, `${told} tellings in ${frames} frames`);
});

test('two hundred photos leave the heap flat', { timeout: 600_000 }, async (t) => {
  const { heaps, started } = await run('flat', nothing);
  assert.equal(started, 1);
  assert.equal(heaps.length, 200);
  const [least, most] = [Math.min(...heaps.slice(10)), Math.max(...heaps.slice(10))];
  t.diagnostic(`wasm heap ${(least / 2 ** 20).toFixed(1)} to ${(most / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(most <= least * 1.05, `${least} to ${most} bytes`);
});

const text = (type, body, status = 200) => (_, response) => {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
};

const scriptless = strictPolicy.replace("worker-src 'self'", "worker-src 'none'");
const wasmless = strictPolicy.replace(" 'wasm-unsafe-eval'", '');
const unreachable = strictPolicy.replace("connect-src 'self'", "connect-src 'none'");
const html = { '/page': text('text/html', '<!doctype html>') };

/** Each way of missing something: the options of the core, what the site does, and what it leads to. */
const missing = [
  ['a missing binary', { wasmUrl: '/no.wasm' }, {}, 'asset_unavailable', /\/no\.wasm was answered with status 404\.$/],
  ['a page in place of the binary', { wasmUrl: '/page' }, { routes: html }, 'asset_unavailable', /\/page was answered with an HTML page in place of the WebAssembly file/],
  ['a text in place of the binary', { wasmUrl: '/text' }, { routes: { '/text': text('text/plain', 'nothing here') } }, 'asset_unavailable', /is not a WebAssembly file \(type "text\/plain"\)/],
  ['a page that says it is the binary', { wasmUrl: '/odd' }, { routes: { '/odd': text('application/wasm', '<!doctype html>') } }, 'asset_unavailable', /\/odd does not compile: CompileError/],
  ['a binary of another origin without CORS', { wasmUrl: 'http://127.0.0.1:1/c.wasm' }, {}, 'asset_unavailable', /:1\/c\.wasm cannot be reached \(no network, no CORS, or not in connect-src/],
  ['a missing worker', { workerUrl: '/no.js' }, {}, 'asset_unavailable', /the worker could not be started: \S+\/no\.js was answered with status 404\.$/],
  ['a missing worker at its own address', {}, { routes: { '/photo-core/worker.js': text('text/plain', '', 410) } }, 'asset_unavailable', /\/photo-core\/worker\.js was answered with status 410\.$/],
  ['a page in place of the worker', { workerUrl: '/page' }, { routes: html }, 'asset_unavailable', /\/page was answered with an HTML page in its place\.$/],
  ['a worker of a type that browsers do not run', { workerUrl: '/w' }, { routes: { '/w': text('text/plain', '1') } }, 'asset_unavailable', /the type "text\/plain", and browsers run text\/javascript only/],
  ['a worker that does not run', { workerUrl: '/w.js' }, { routes: { '/w.js': text('text/javascript', 'throw new Error("broken")') } }, 'asset_unavailable', /\/w\.js does not run: Uncaught Error: broken/],
  ['a worker that the policy blocks', {}, { policy: scriptless }, 'asset_unavailable', /could not be started: worker-src of the page's security policy blocks \S+\/photo-core\/worker\.js\.$/],
  ['a policy without WebAssembly', {}, { policy: wasmless }, 'unsupported_environment', /'wasm-unsafe-eval' in script-src of the page's security policy is missing/],
  ['a policy without requests', {}, { policy: unreachable }, 'asset_unavailable', /photo-core\.wasm cannot be reached .*connect-src/],
  ['a worker of another origin', { workerUrl: 'http://other.example/worker.js' }, {}, 'invalid_option', /browsers refuse workers of another origin/],
  ['a browser without WebAssembly', { without: 'delete globalThis.WebAssembly' }, {}, 'unsupported_environment', /: WebAssembly is missing/],
  ['a browser without its SIMD', { without: 'WebAssembly.validate = () => false' }, {}, 'unsupported_environment', /WebAssembly SIMD .* is missing/],
  ['a browser without workers', { without: 'delete globalThis.Worker' }, {}, 'unsupported_environment', /Worker \(pass workers: 0/],
];
const sentences = new Map();
for (const [name, { without, ...options }, site, code, sentence] of missing) {
  test(`${name} is its own error`, { timeout: 60_000 }, async () => {
    const answer = await run('missing', () => [options], site, false, without);
    assert.equal(answer.code, code, JSON.stringify(answer));
    assert.match(answer.message, sentence);
    assert.equal(answer.kind, 'caller');
    sentences.set(answer.message.replace(/https?:\S+/g, ''), name);
  });
}

test('no two of them say the same', () => assert.equal(sentences.size, new Set(missing.map(([, , , , sentence]) => String(sentence))).size - 1));

test('a sub-path, and the binary alone from another origin', { timeout: 60_000 }, async () => {
  const { root } = await import('./kit/packed.mjs');
  const send = (file, type) => async (_, response) => {
    response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' });
    response.end(await readFile(`${root}/wasm/dist/${file}`));
  };
  const routes = { '/assets/v1/w.js': send('worker.js', 'text/javascript'), '/assets/v1/c.wasm': send('photo-core.wasm', 'application/wasm') };
  assert.deepEqual(await run('missing', () => [{ wasmUrl: '/assets/v1/c.wasm', workerUrl: '/assets/v1/w.js' }], { routes }), { width: 2000 });
  const other = await serve({ routes });
  const policy = strictPolicy.replace("connect-src 'self'", `connect-src 'self' ${other.origin}`);
  assert.deepEqual(await run('missing', () => [{ wasmUrl: `${other.origin}/assets/v1/c.wasm` }], { policy }, false), { width: 2000 });
  await other.close();
});

test('the oldest browsers that are named can do it all', { timeout: 120_000 }, async () => {
  const newer = await readFile(new URL('./kit/newer.js', import.meta.url), 'utf8');
  const routes = { '/newer.js': text('text/javascript', newer), '/w.js': text('text/javascript', "import '/newer.js'; import '/photo-core/worker.js';") };
  for (const options of [{ workerUrl: '/w.js' }, { workers: 0 }]) {
    const answer = await run('whole', () => [options], { routes }, true, newer);
    assert.deepEqual(answer, { seen: ['2000 image/jpeg', '2000 image/jpeg', 'cancelled'], row: true, placeholder: 32 });
  }
});

test('what the core cannot decode goes through the browser, upright, in a worker and on the page', { timeout: 60_000 }, async () => {
  const seen = await run('foreign', () => [pictures.map(({ base64 }) => base64)]);
  const wanted = pictures.map((one) => ({ seen: one.seen, decodedBy: 'browser', source: `avif ${one.seen.split(' ')[0]}` }));
  assert.deepEqual(seen, [...wanted, ...wanted]);
});

test('what the core cannot decode tells of its capture all the same, and of its place when asked', { timeout: 60_000 }, async () => {
  const facts = { time: '2024-05-01T12:34:56+02:00', make: 'Maker' };
  for (const [options, capture] of [[{}, facts], [{ gps: true }, { ...facts, latitude: 48.1, longitude: 11.5 }]]) {
    const { made } = await run('foreignOptions', () => [dated, options]);
    assert.deepEqual([made.decodedBy, made.capture], ['browser', capture], JSON.stringify(made));
  }
});

const [{ base64: avif }] = pictures;
const gif = (frames) =>
  Buffer.concat([
    Buffer.from('GIF89a\x02\0\x01\0\x80\0\0\xff\0\0\0\0\xff', 'latin1'),
    ...(frames > 1 ? [Buffer.from('!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0', 'latin1')] : []),
    ...Array(frames).fill(Buffer.from('!\xf9\x04\0\x0a\0\0\0,\0\0\0\0\x02\0\x01\0\0\x02\x02D\x0a\0', 'latin1')),
    Buffer.from(';'),
  ]).toString('base64');

test('a GIF too, of which the first frame is taken', { timeout: 60_000 }, async () => {
  for (const [frames, warnings] of [[1, []], [2, ['animation_dropped']]]) {
    const { made } = await run('foreignOptions', () => [gif(frames), {}]);
    assert.deepEqual([made.width, made.height, made.decodedBy, made.source?.format, made.warnings], [2, 1, 'browser', 'gif', warnings], JSON.stringify(made));
  }
  const renamed = await run('foreignOptions', () => [gif(1), {}, {}, '', 'photo.jpg']);
  assert.deepEqual([renamed.made.code, renamed.made.detail], ['unsupported_type', 'GIF']);
});

test('never asked, too large, or a HEIC that this browser has no decoder for', { timeout: 60_000 }, async () => {
  const never = await run('foreignOptions', () => [avif, { browserDecode: 'never' }]);
  assert.deepEqual([never.made.code, never.made.detail], ['unsupported_type', 'AVIF']);
  const large = await run('foreignOptions', () => [avif, {}, { limits: { max_source_pixels: 511 } }]);
  assert.deepEqual([large.made.code, large.made.limit, large.made.actual, large.started], ['too_many_pixels', 511, 512, 1]);
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08meta').toString('base64');
  const { made } = await run('foreignOptions', () => [heic, {}]);
  assert.equal(made.message, 'This kind of file cannot be used here: HEIC. Save it as JPEG, PNG or WebP and pick it again.');
});

test('a decoder that hangs is given up after its time, and the next photo does not notice', { timeout: 60_000 }, async () => {
  for (const [core, script, started] of [[{ workerUrl: '/hanging_worker.js' }, '', 2], [{ workers: 0 }, '/hanging_decoder.js', 0]]) {
    const answer = await run('foreignOptions', () => [avif, {}, core, script]);
    assert.equal(answer.made.detail, 'AVIF, which this browser did not decode within 10 s');
    assert.deepEqual([answer.made.code, answer.after, answer.started], ['unsupported_type', 100, started]);
  }
});
