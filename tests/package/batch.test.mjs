// A batch in real worker threads over the stand-in core: order, places, duplicates, progress, aborts, back-pressure.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, failure, fakeCore, scripted, sleep } from './kit.mjs';

let core;
before(async () => (core = await fakeCore({ workers: 3 })));
after(() => core.close());

const codes = (results) => results.map((one) => (one.ok ? 'ok' : one.error.code));

test('results come in input order while work ends out of order', async () => {
  const results = await all(core.prepareAll([80, 5, 40, 1].map((ms) => scripted({ ms }))));
  assert.deepEqual(results.map((one) => one.index), [0, 1, 2, 3]);
  assert.deepEqual(codes(results), ['ok', 'ok', 'ok', 'ok']);
});

test('a rejected file takes no place; once full, the rest is refused unread', async () => {
  let read = 0;
  const lazy = (script) => ({
    name: 'a.jpg',
    size: 100,
    data: async () => {
      read++;
      return new Blob([JSON.stringify(script)]);
    },
  });
  const files = Array.from({ length: 30 }, (_, n) => lazy(n % 3 === 0 ? { error: 'corrupt_image', ms: 20, n } : { ms: n % 4, n }));
  const results = await all(core.prepareAll(files, { existingCount: 10 }));
  const expected = files.map((_, n) => (n > 14 ? 'too_many_photos' : n % 3 === 0 ? 'corrupt_image' : 'ok'));
  assert.deepEqual(codes(results), expected);
  assert.equal(read, 15);
  const { error } = results.at(-1);
  assert.deepEqual([error.limit, error.actual, error.kind], [20, 21, 'limit']);
});

test('a full project refuses everything without reading it', async () => {
  const results = await all(core.prepareAll([scripted({}), scripted({})], { existingCount: 20 }));
  assert.deepEqual(codes(results), ['too_many_photos', 'too_many_photos']);
});

test('the same bytes twice: a warning on the later one', async () => {
  const results = await all(core.prepareAll([scripted({ a: 1, ms: 40 }), scripted({ b: 1 }), scripted({ a: 1, ms: 40 })]));
  assert.deepEqual(results.map((one) => one.photo.warnings), [[], [], ['duplicate_photo']]);
});

test('never more sources open than workers and one; a slow reader holds the work', async () => {
  let open = 0;
  let most = 0;
  let opened = 0;
  const file = {
    name: 'a',
    size: 10,
    data: async () => {
      opened++;
      most = Math.max(most, ++open);
      return new Blob([JSON.stringify({ ms: 5 })]);
    },
  };
  const batch = core.prepareAll(Array(18).fill(file))[Symbol.asyncIterator]();
  for (let n = 0; n < 18; n++) {
    const { value } = await batch.next();
    assert.ok(value.ok);
    open--;
    if (n === 0) {
      await sleep(250);
      assert.ok(opened <= 10, `${opened} were opened while the reader slept`);
    }
  }
  assert.equal((await batch.next()).done, true);
  assert.ok(most <= 3 + 1 + 2 * 3 + 2, `${most} at a time`);
});

test('progress never runs backwards and ends at one', async () => {
  const seen = [];
  const files = Array.from({ length: 8 }, (_, n) => scripted({ ms: 30, n, error: n === 5 ? 'corrupt_image' : undefined }));
  await all(core.prepareAll(files, { onProgress: (now) => seen.push(now) }));
  for (const [index, now] of seen.entries()) {
    const before = seen[index - 1];
    if (!before) continue;
    assert.ok(now.fraction >= before.fraction && now.bytesDone >= before.bytesDone && now.done >= before.done);
    now.photos.forEach((photo, n) => assert.ok(photo.fraction >= (before.photos[n]?.fraction ?? 0)));
  }
  const last = seen.at(-1);
  assert.deepEqual([last.done, last.total, last.accepted, last.rejected, last.fraction], [8, 8, 7, 1, 1]);
  assert.equal(last.bytesDone, last.bytesTotal);
});

test('an abort of the batch answers every file, within 100 ms', async () => {
  const stop = new AbortController();
  const batch = core.prepareAll(Array.from({ length: 9 }, (_, n) => scripted({ ms: n < 2 ? 1 : 5000, n })), { signal: stop.signal });
  const results = [(await batch.next()).value, (await batch.next()).value];
  await sleep(50);
  const start = performance.now();
  stop.abort();
  results.push(...(await all(batch)));
  // The other seven would take five seconds each.
  assert.ok(performance.now() - start < 4000, `${performance.now() - start} ms`);
  assert.deepEqual(codes(results), ['ok', 'ok', ...Array(7).fill('cancelled')]);
  assert.ok((await core.prepare(scripted({ ms: 1 }))).photo, 'the pool works on');
});

test('an abort of one photo leaves the others', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 60);
  const results = await all(
    core.prepareAll([scripted({ ms: 3000 }), scripted({ ms: 150 })], { photoSignal: (index) => (index ? undefined : stop.signal) }),
  );
  assert.deepEqual(codes(results), ['cancelled', 'ok']);
});

test('a signal that is none, or a function that throws, costs its own photo and never the batch', async () => {
  const signals = [() => 3, () => undefined, () => { throw new Error('mine'); }];
  const results = await all(core.prepareAll(signals.map((_, n) => scripted({ n })), { photoSignal: (index) => signals[index]() }));
  assert.deepEqual(codes(results), ['invalid_option', 'ok', 'invalid_option']);
  assert.match(results[2].error.message, /photoSignal: Error: mine/);
});

test('leaving the loop early ends what is at work', async () => {
  const start = performance.now();
  for await (const _ of core.prepareAll([scripted({ ms: 1 }), scripted({ ms: 4000 })])) break;
  assert.ok((await core.prepare(scripted({ ms: 1 }))).photo);
  assert.ok(performance.now() - start < 2000);
});

test('a trap and a dead thread cost their own photo alone', async () => {
  const scripts = [{ ms: 20 }, { trap: true }, { ms: 20, n: 1 }, { exit: true }, { ms: 20, n: 2 }];
  assert.deepEqual(codes(await all(core.prepareAll(scripts.map((one) => scripted(one))))), ['ok', 'internal', 'ok', 'internal', 'ok']);
});

test('endless and asynchronous inputs; what is no file is its own error', async () => {
  async function* endless() {
    for (let n = 0; ; n++) yield n === 1 ? null : scripted({ n });
  }
  const results = [];
  for await (const result of core.prepareAll(endless())) {
    results.push(result);
    if (results.length === 4) break;
  }
  assert.deepEqual(codes(results), ['ok', 'invalid_option', 'ok', 'ok']);
  assert.match(results[1].error.message, /Expected a File, a Blob or bytes for files\[1\] but received null/);
});

test('bytes are copied, or handed over with transfer', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ms: 1 }));
  await core.prepare(bytes);
  assert.ok(bytes.length > 0);
  await core.prepare(bytes, { transfer: true });
  assert.equal(bytes.length, 0);
});

test('workers: 0 works on the calling thread, and hears a signal between photos', async () => {
  const inline = await fakeCore({ workers: 0 });
  assert.deepEqual(codes(await all(inline.prepareAll([scripted({}), scripted({ trap: true }), scripted({ n: 1 })]))), ['ok', 'internal', 'ok']);
  const stop = new AbortController();
  stop.abort();
  assert.equal((await failure(inline.prepare(scripted({}), { signal: stop.signal }))).code, 'cancelled');
});
