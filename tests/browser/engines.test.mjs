// The same in Firefox and in WebKit, where phones suffer most: the pool, twenty photos of 12 megapixels, the strict policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchFirefox } from './kit/bidi.mjs';
import { openSite, twentySeen } from './kit/site.mjs';
import { launchWebKit } from './kit/webkit.mjs';

for (const [name, launch] of [['Firefox', launchFirefox], ['WebKit', launchWebKit]]) {
  test(name, { timeout: 600_000 }, async (t) => {
    const site = await openSite();
    const browser = await launch();
    const run = async (...call) => {
      await browser.open(site.origin);
      for (let n = 0; n < 200 && (await browser.evaluate('document.documentElement.dataset.ready')) !== 'yes'; n++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const answer = JSON.parse(await browser.evaluate(`runTest(${call.map((one) => JSON.stringify(one)).join(', ')})`));
      assert.equal(answer.crashed, undefined, answer.stack);
      return answer;
    };
    try {
      await t.test('twenty photos of 12 megapixels', async (t) => {
        const { seen, lost, ms, workers, heap, backwards, fraction, violations } = await run('twenty');
        assert.deepEqual(seen, twentySeen);
        assert.deepEqual({ lost, backwards, fraction, violations }, { lost: 0, backwards: 0, fraction: 1, violations: [] });
        t.diagnostic(`${name}: ${ms} ms with ${workers} worker(s), wasm heap at most ${(heap / 2 ** 20).toFixed(1)} MiB`);
        assert.ok(heap <= 48 * 2 ** 20);
      });
      await t.test('an abort ends a photo at once and the pool works on', async (t) => {
        const { tries, after, first, waiting, alive } = await run('abort', ['at once', 'read', 'decode', 'encode', 'thumbnail', 'hash']);
        assert.deepEqual(tries.filter((one) => one.code !== 'cancelled'), []);
        t.diagnostic(`${name}: slowest ${Math.max(...tries.map((one) => one.ms)).toFixed(1)} ms`);
        assert.deepEqual([after, first, waiting, alive], [2000, 'ok', 'cancelled', 1]);
      });
      // WebDriver's WebKit is a private window, which keeps no Blobs.
      await t.test('files that wait to be sent come back as they were', async () => {
        const back = await browser.evaluate(`(async () => {
          const { createIndexedDbOutbox } = await import('/photo-core/supabase.js');
          await createIndexedDbOutbox().put({ owner: 'one', id: 'entry' }, new Map([['path', new Blob(['bytes'], { type: 'image/webp' })]]));
          const file = await createIndexedDbOutbox().file('one', 'entry', 'path');
          return [file instanceof Blob, file.type, await file.text(), await createIndexedDbOutbox().file('one', 'entry', 'none')].join();
        })().catch(String)`);
        assert.equal(back, 'true,image/webp,bytes,');
      });
      await t.test('a missing binary is its own error', async () => {
        const answer = await run('missing', { wasmUrl: '/no.wasm' });
        assert.deepEqual([answer.code, answer.kind], ['asset_unavailable', 'caller']);
        assert.match(answer.message, /status 404/);
      });
      await t.test('a missing worker is its own error', async () => {
        const answer = await run('missing', { workerUrl: '/no.js' });
        assert.equal(answer.code, 'asset_unavailable');
        assert.match(answer.message, /the worker could not be started: \S+\/no\.js was answered with status 404/);
      });
    } finally {
      await browser.close();
      await site.close();
    }
  });
}
