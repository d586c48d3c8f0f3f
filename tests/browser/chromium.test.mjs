// The pool in Chromium, with real photos: twenty at once, a killed worker, aborts, two hundred in a row, missing files.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium, watchedPage } from './kit/chromium.mjs';
import { serve, strictPolicy } from './kit/server.mjs';
import { openSite, twentySeen } from './kit/site.mjs';

let browser;
before(async () => (browser = await launchChromium()));
after(() => browser?.close());

/** Runs one test of the page on a site of its own. */
async function run(name, args, siteOptions = {}, quiet = true) {
  const site = await openSite(siteOptions);
  const watched = await watchedPage(browser, site.origin);
  try {
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

test('twenty photos of 12 megapixels', { timeout: 300_000 }, async (t) => {
  const { seen, ms, backwards, fraction, workers, heap } = await run('twenty', nothing);
  assert.deepEqual(seen, twentySeen);
  assert.deepEqual({ backwards, fraction }, { backwards: 0, fraction: 1 });
  t.diagnostic(`${ms} ms with ${workers} worker(s), wasm heap at most ${(heap / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(heap <= 48 * 2 ** 20, `${heap} bytes`);
});

test('a worker killed in the middle of twenty takes one photo with it', { timeout: 400_000 }, async () => {
  const { codes, after: width, started } = await run('kill', nothing);
  assert.equal(codes.length, 20);
  assert.deepEqual(codes.filter((code) => code !== 'ok'), ['internal']);
  assert.equal(width, 2000);
  // Two, one in the dead one's place, and one more where the other had been idle for long enough to be closed.
  assert.ok(started === 3 || started === 4, `${started} workers`);
});

test('an abort ends a photo at every step', { timeout: 300_000 }, async (t) => {
  const { tries, after: width, alive } = await run('abort', nothing);
  for (const one of tries) {
    assert.ok(['cancelled', 'ok'].includes(one.code), JSON.stringify(one));
  }
  assert.ok(tries.filter((one) => one.code === 'cancelled').length >= 5);
  t.diagnostic(`aborted while ${[...new Set(tries.map((one) => one.step))].join(', ')}; slowest ${Math.max(...tries.map((one) => one.ms)).toFixed(1)} ms`);
  assert.equal(width, 2000, 'the pool works on');
  assert.equal(alive, 1);
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

for (const [name, options, site, code, sentence] of [
  ['a missing binary', { wasmUrl: '/no.wasm' }, {}, 'asset_unavailable', /status 404/],
  ['a page in place of the binary', { wasmUrl: '/page' }, { routes: { '/page': text('text/html', '<!doctype html>') } }, 'asset_unavailable', /HTML page in place/],
  ['a missing worker', { workerUrl: '/no.js' }, {}, 'asset_unavailable', /worker could not be started/],
  ['a worker that the policy blocks', {}, { policy: strictPolicy.replace("worker-src 'self'", "worker-src 'none'") }, 'asset_unavailable', /worker-src/],
  ['a policy without WebAssembly', {}, { policy: strictPolicy.replace(" 'wasm-unsafe-eval'", '') }, 'unsupported_environment', /'wasm-unsafe-eval'/],
  ['a worker of another origin', { workerUrl: 'http://other.example/worker.js' }, {}, 'invalid_option', /browsers refuse workers of another origin/],
]) {
  test(`${name} is its own error`, { timeout: 60_000 }, async () => {
    const answer = await run('missing', () => [options], site, false);
    assert.equal(answer.code, code, JSON.stringify(answer));
    assert.match(answer.message, sentence);
    assert.equal(answer.kind, 'caller');
  });
}

test('a sub-path, and the binary alone from another origin', { timeout: 60_000 }, async () => {
  const { readFile } = await import('node:fs/promises');
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

/** Two by two pixels of AVIF. */
const avif =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAA' +
  'DnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAB0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAamlw' +
  'cnAAAABLaXBjbwAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQ0MAAAAABNjb2xybmNseAACAAIAAYAAAAAXaXBtYQAA' +
  'AAAAAAABAAEEAQKDBAAAACVtZGF0EgAKCBgANogQEAwgMg8f8D///8WfhwB8+ErK42A=';

test('what the core cannot decode goes through the browser, unless told never', { timeout: 60_000 }, async () => {
  const [made, refused] = await run('foreign', () => [avif]);
  assert.deepEqual(made, { width: 2, height: 2, mimeType: 'image/jpeg', decodedBy: 'browser', format: 'avif', sourceWidth: 2 });
  assert.deepEqual([refused.code, refused.detail], ['unsupported_type', 'AVIF']);
});
