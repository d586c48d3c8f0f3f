// A batch in real worker threads over the stand-in core: order, places, duplicates, progress, aborts, back-pressure.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
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

test('the last files start with the largest, and are answered in input order', async () => {
  const begun = [];
  const lazy = (size, n) => ({
    name: `${n}.jpg`,
    size,
    data: async () => {
      begun.push(n);
      return new Blob([JSON.stringify({ n })]);
    },
  });
  const alone = await fakeCore({ workers: 1 });
  const sizes = [10, 20, 90, 40, 30, 60, 50];
  const results = await all(alone.prepareAll(sizes.map(lazy)));
  assert.deepEqual(begun, [0, 1, 2, 5, 6, 3, 4]);
  assert.deepEqual(results.map((one) => one.index), [0, 1, 2, 3, 4, 5, 6]);
  // With more files than places those places go by input order.
  begun.length = 0;
  await all(alone.prepareAll(sizes.map(lazy), { existingCount: 14 }));
  alone.close();
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5]);
});

for (const workers of [0, 1]) {
  test(`workers: ${workers}: bytes that grew, shrank or were given away since are the caller's error, and nothing else stands in for them`, async () => {
    const own = await fakeCore({ workers });
    await own.prepare(scripted({ n: 1 }));
    const grown = [
      (buffer, bytes) => buffer.resize(bytes.length + 5),
      (buffer, bytes) => buffer.resize(bytes.length - 1),
      (buffer) => structuredClone(buffer, { transfer: [buffer] }),
    ];
    for (const change of grown) {
      const bytes = new TextEncoder().encode('{"n":22}');
      const buffer = new ArrayBuffer(bytes.length, { maxByteLength: 100 });
      new Uint8Array(buffer).set(bytes);
      const prepared = failure(own.prepare(buffer));
      change(buffer, bytes);
      assert.equal((await prepared).code, 'invalid_option');
    }
    own.close();
  });
}

test('what is iterable by its looks alone ends the batch with its own error, and not the process', async () => {
  for (const [begin, error] of [
    [() => null, TypeError],
    [undefined, TypeError],
    [() => ({ next: () => 5 }), /Iterator result 5 is not an object/],
    [() => ({ next: () => undefined }), /Iterator result undefined is not an object/],
    [() => ({ next() { throw new RangeError('no more'); } }), /no more/],
  ]) {
    await assert.rejects(all(core.prepareAll({ [Symbol.iterator]: begin })), error);
  }
  const thrower = () => {
    throw Symbol('no words');
  };
  assert.deepEqual(codes(await all(core.prepareAll([scripted({})], { photoSignal: thrower }))), ['invalid_option']);
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

test('the same bytes again: a warning on the later ones, with the first one\'s index', async () => {
  const results = await all(core.prepareAll([scripted({ b: 1 }), ...[40, 40, 40].map((ms) => scripted({ a: 1, ms }))]));
  assert.deepEqual(results.map((one) => one.photo.warnings), [[], [], ['duplicate_photo'], ['duplicate_photo']]);
  const twin = { of: 'batch', index: 1, sameBytes: true, distance: 0 };
  assert.deepEqual(results.map((one) => one.photo.duplicateOf), [undefined, undefined, twin, twin]);
});

/** `bits` flipped in a hash. */
const flipped = (dhash, bits) => (BigInt(`0x${dhash}`) ^ ((1n << BigInt(bits)) - 1n)).toString(16).padStart(16, '0');
const dhash = '0f1e2d3c4b5a6978';
const twins = (results) => results.map((one) => one.ok && one.photo.duplicateOf && [one.photo.duplicateOf.of, one.photo.duplicateOf.index, one.photo.duplicateOf.distance]);

test('pictures that look alike: the nearest of those before, in input order, whatever ends first', async () => {
  const { max_duplicate_distance: most } = core.limits;
  const hashes = [dhash, flipped(dhash, most + 1), flipped(dhash, 2), flipped(dhash, 1), flipped(dhash, 0)];
  const results = await all(core.prepareAll(hashes.map((one, n) => scripted({ dhash: one, n, ms: 90 - 20 * n }))));
  assert.deepEqual(twins(results), [undefined, undefined, ['batch', 0, 2], ['batch', 0, 1], ['batch', 0, 0]]);
  assert.ok(results.slice(2).every(({ photo }) => !photo.duplicateOf.sameBytes && photo.warnings.includes('duplicate_photo')));
  const edge = await all(core.prepareAll([dhash, flipped(dhash, most)].map((one, n) => scripted({ dhash: one, n }))));
  assert.deepEqual(twins(edge), [undefined, ['batch', 0, most]]);
});

test('photos known from before are compared with too; a refused file is nobody\'s twin', async () => {
  const [{ photo }] = await all(core.prepareAll([scripted({ c: 1 })]));
  const knownPhotos = [{ dhash: dhash.toUpperCase(), sha256: null }, { sha256: photo.sha256.toUpperCase() }, {}, photo, { dhash: null }];
  const scripts = [{ dhash: flipped(dhash, 3) }, { c: 1 }, { dhash: flipped(dhash, 3), n: 1 }, { dhash: 'ff00ff00ff00ff00', error: 'corrupt_image' }, { dhash: 'ff00ff00ff00ff00' }];
  const results = await all(core.prepareAll(scripts.map((one) => scripted(one)), { knownPhotos }));
  assert.deepEqual(twins(results), [['known', 0, 3], ['known', 1, 0], ['batch', 0, 0], false, undefined]);
  assert.equal(results[1].photo.duplicateOf.sameBytes, true);
});

test('a hash that tells nothing makes no twins: flat pictures, gradients, one thing on an empty ground', async () => {
  for (const hash of ['0000000000000000', 'ffffffffffffffff', '0000001818000000', 'fffffffffffffffe', '000000000000007f']) {
    const results = await all(core.prepareAll([0, 1].map((n) => scripted({ dhash: hash, n })), { knownPhotos: [{ dhash: hash }] }));
    assert.deepEqual(twins(results), [undefined, undefined], hash);
    const [, copy] = await all(core.prepareAll([0, 0].map((n) => scripted({ dhash: hash, n }))));
    assert.equal(copy.photo.duplicateOf.sameBytes, true);
  }
  assert.deepEqual(twins(await all(core.prepareAll([0, 1].map((n) => scripted({ dhash: '00000000000000ff', n }))))), [undefined, ['batch', 0, 0]]);
});

test('known photos are checked before any work', async () => {
  const wrong = [
    ['x', /Expected an array for knownPhotos but received "x"/],
    [[null], /Expected an object with sha256 or dhash for knownPhotos\[0\] but received null/],
    [[{}, { dhash: '12' }], /Expected 16 hexadecimal digits for knownPhotos\[1\]\.dhash but received "12"/],
    [[{ sha256: 7 }], /Expected 64 hexadecimal digits for knownPhotos\[0\]\.sha256 but received 7/],
  ];
  for (const [knownPhotos, sentence] of wrong) {
    const error = await failure(all(core.prepareAll([scripted({})], { knownPhotos })));
    assert.equal(error.code, 'invalid_option');
    assert.match(error.message, sentence);
  }
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
  const batch = core.prepareAll(Array(20).fill(file))[Symbol.asyncIterator]();
  for (let n = 0; n < 20; n++) {
    const { value } = await batch.next();
    assert.ok(value.ok);
    open--;
    if (n === 0) {
      await sleep(250);
      assert.ok(opened <= 4 * 3 + 2 + 2, `${opened} were opened while the reader slept`);
    }
  }
  assert.equal((await batch.next()).done, true);
  assert.ok(most <= 3 + 1 + 4 * 3 + 2, `${most} at a time`);
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

test('an abort of the batch answers every file, those at work too', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const batch = core.prepareAll(Array.from({ length: 9 }, (_, n) => scripted({ ms: n < 2 ? 1 : 100_000, n })), { signal: stop.signal });
  const results = [(await batch.next()).value, (await batch.next()).value];
  await sleep(50);
  stop.abort();
  // Waited for, the other seven would take longer than the test may.
  results.push(...(await all(batch)));
  assert.deepEqual(codes(results), ['ok', 'ok', ...Array(7).fill('cancelled')]);
  assert.ok((await core.prepare(scripted({ ms: 1 }))).photo, 'the pool works on');
});

test('an abort is heard while a file is still asked for its bytes', { timeout: 60_000 }, async () => {
  const silent = { name: 'photo.jpg', data: () => new Promise(() => {}) };
  const stop = new AbortController();
  const call = failure(core.prepare(silent, { signal: stop.signal }));
  const batch = all(core.prepareAll([scripted({}), silent, scripted({ n: 1 })], { signal: stop.signal }));
  await sleep(20);
  stop.abort();
  assert.equal((await call).code, 'cancelled');
  assert.deepEqual(codes(await batch).slice(1, 2), ['cancelled']);
  // What asks with the same signal ends by it too: that is no broken file.
  const asking = new AbortController();
  const asked = { data: () => new Promise((_, reject) => asking.signal.addEventListener('abort', () => reject(asking.signal.reason))) };
  const ended = failure(core.prepare(asked, { signal: asking.signal }));
  await sleep(20);
  asking.abort();
  assert.equal((await ended).code, 'cancelled');
  const early = new AbortController();
  const never = failure(core.prepare(silent, { signal: early.signal }));
  early.abort();
  assert.equal((await never).code, 'cancelled');
});

test('an abort ends a batch whose input says nothing', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  let closed = 0;
  const input = {
    left: [scripted({})],
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      const [value] = this.left.splice(0, 1);
      return value ? Promise.resolve({ done: false, value }) : new Promise(() => {});
    },
    return: () => {
      closed++;
      return new Promise(() => {});
    },
  };
  const results = [];
  for await (const one of core.prepareAll(input, { signal: stop.signal })) {
    results.push(one);
    stop.abort();
  }
  assert.deepEqual(codes(results), ['ok']);
  assert.equal(closed, 1, 'the input is told');
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

test('leaving the loop early ends what is at work', { timeout: 60_000 }, async () => {
  // More of them than workers, each longer than the test may take: one that were not ended would keep the next photo waiting.
  for await (const _ of core.prepareAll([1, 100_000, 100_000, 100_000, 100_000].map((ms) => scripted({ ms })))) break;
  assert.ok((await core.prepare(scripted({ ms: 1 }))).photo);
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const endless = async function* () { try { for (let n = 0; ; n++) yield scripted({ n }); } finally { end(); } };
  for await (const _ of core.prepareAll(endless())) break;
  await ended; // the input hears of it
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

test('a photo that is a part of a large buffer crosses to its worker without the rest', async (t) => {
  const { mock } = t.mock.method(Worker.prototype, 'postMessage');
  const script = new TextEncoder().encode('{"n":7}');
  const large = new Uint8Array(1 << 20);
  large.set(script, 1000);
  const part = large.subarray(1000, 1000 + script.length);
  const first = await core.prepare(part);
  await core.probe(part);
  await core.prepare(large.slice(1000, 1000 + script.length));
  const crossed = mock.calls.flatMap(({ arguments: [{ job }] }) => (job ? [job.source.data.buffer.byteLength] : []));
  assert.deepEqual(crossed, [script.length, script.length, script.length]);
  assert.equal(first.source.bytes, script.length);
  assert.equal(large.length, 1 << 20, 'not given away');
});

test('bytes are copied, or handed over with transfer', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ms: 1 }));
  await core.prepare(bytes);
  assert.ok(bytes.length > 0);
  await core.prepare(bytes, { transfer: true });
  assert.equal(bytes.length, 0);
});

test('shared bytes are copied, whatever is said of handing over', async () => {
  const text = new TextEncoder().encode('{"ms":1}');
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(text);
  for (const transfer of [false, true]) {
    const made = core.prepare(shared, { transfer });
    shared.fill(0); // by another thread, meanwhile
    assert.equal((await made).source.bytes, text.length);
    shared.set(text);
  }
});

test('bytes that are given away or change while they wait are the caller\'s error', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ms: 5 }));
  const results = await all(core.prepareAll([bytes, bytes, bytes], { transfer: true }));
  assert.deepEqual(codes(results), ['ok', 'invalid_option', 'invalid_option']);
  for (const workers of [0, 1]) {
    const own = await fakeCore({ workers });
    const grows = new ArrayBuffer(2, { maxByteLength: 8 });
    new Uint8Array(grows).set([123, 125]);
    const made = failure(own.prepare(grows));
    grows.resize(8);
    assert.equal((await made).code, 'invalid_option');
    own.close();
  }
});

test('what a source says of itself is checked', async () => {
  const data = () => new Blob(['{}']);
  const wrong = [{ data, size: NaN }, { data, size: 5n }, { data, size: -1 }, { data, name: 5 }, { data, type: {} }];
  const results = await all(core.prepareAll(wrong));
  assert.deepEqual(
    results.map(({ error }) => `${error.code} ${error.option}`),
    ['size', 'size', 'size', 'name', 'type'].map((member, index) => `invalid_option files[${index}].${member}`),
  );
  const throwing = [{ get data() { throw new Error('gone'); } }, { data: () => { throw Symbol('gone'); } }];
  assert.deepEqual(codes(await all(core.prepareAll(throwing))), ['corrupt_image', 'corrupt_image']);
  assert.equal((await failure(all(core.prepareAll(new Uint8Array(4))))).option, 'files');
  const photoSignal = () => { throw Symbol('gone'); };
  assert.deepEqual(codes(await all(core.prepareAll([scripted({})], { photoSignal }))), ['invalid_option']);
});

test('on the calling thread a photo at work ends with its signal, and with the core', async () => {
  const inline = await fakeCore({ workers: 0 });
  const stop = new AbortController();
  const [stopped, waiting] = [failure(inline.prepare(scripted({ abort: 1 }), { signal: stop.signal })), inline.prepare(scripted({}))];
  globalThis.photoCoreAtWork = () => stop.abort();
  assert.equal((await stopped).code, 'cancelled');
  assert.ok(await waiting, 'the next photo has a core of its own');
  const [running, queued] = [failure(inline.prepare(scripted({ abort: 2 }))), failure(inline.prepare(scripted({})))];
  globalThis.photoCoreAtWork = () => inline.close();
  assert.deepEqual([(await running).code, (await queued).code], ['cancelled', 'cancelled']);
  delete globalThis.photoCoreAtWork;
});

test('workers: 0 works on the calling thread, and hears a signal before a photo', async () => {
  const inline = await fakeCore({ workers: 0 });
  assert.deepEqual(codes(await all(inline.prepareAll([scripted({}), scripted({ trap: true }), scripted({ n: 1 })]))), ['ok', 'internal', 'ok']);
  delete globalThis.photoCoreTrapped;
  assert.deepEqual(codes(await all(inline.prepareAll([scripted({ trap: 'once' })]))), ['ok'], 'a new instance has the second try');
  const stop = new AbortController();
  stop.abort();
  assert.equal((await failure(inline.prepare(scripted({}), { signal: stop.signal }))).code, 'cancelled');
});
