// Progress: monotone whatever order the steps come in, told once a frame, and the last word is always told.
import assert from 'node:assert/strict';
import { before, mock, test } from 'node:test';
import { all, fakeCore, load, scripted, sleep } from './kit.mjs';

let PhotoMeter;
let throttled;
before(async () => ({ PhotoMeter, throttled } = await load('progress.ts')));

test('a step told again, or late, does not turn progress back', () => {
  const meter = new PhotoMeter(1000);
  assert.deepEqual(meter.view, { state: 'waiting', step: null, fraction: 0, bytesDone: 0, bytesTotal: 1000 });
  let last = 0;
  for (const [step, done] of [['read', 10], ['decode', 5], ['read', 0], ['decode', 9], ['decode', 2], ['encode', 1], ['thumbnail', 0], ['unknown', 3], ['hash', 10]]) {
    meter.step(step, done, 10);
    assert.ok(meter.view.fraction >= last, `${step} ${done}`);
    assert.equal(meter.view.state, 'working');
    assert.equal(meter.view.bytesDone, Math.round(meter.view.fraction * 1000));
    last = meter.view.fraction;
  }
  assert.equal(meter.view.step, 'hash');
});

test('an ended photo does not change any more', () => {
  const meter = new PhotoMeter(10);
  meter.step('read', 10, 10);
  meter.end('rejected');
  meter.step('decode', 0, 10);
  assert.deepEqual(meter.view, { state: 'rejected', step: null, fraction: 1, bytesDone: 10, bytesTotal: 10 });
});

test('many changes, few tellings; the last is flushed', async () => {
  let told = 0;
  const telling = throttled(() => told++);
  for (let n = 0; n < 100; n++) telling.touch();
  assert.equal(told, 0);
  await sleep(60);
  assert.equal(told, 1);
  telling.touch();
  telling.flush();
  telling.flush();
  assert.equal(told, 2);
  await sleep(60);
  assert.equal(told, 2);
});

test('what a caller\'s function throws is reported, and stops neither the photo nor the tellings', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let told = 0;
  const telling = throttled(() => {
    if (++told === 1) throw new Error('mine');
  });
  for (let n = 0; n < 2; n++) {
    telling.touch();
    telling.flush();
  }
  assert.equal(told, 2);
  assert.throws(() => mock.timers.tick(1), /mine/, 'on its own, where the environment reports it');
  mock.timers.reset();
});

test('a batch whose sources announce no bytes moves by photos', async (t) => {
  const core = await fakeCore({ workers: 1 });
  t.after(() => core.close());
  let told;
  const one = new Promise((resolve) => (told = resolve));
  const waits = [async () => {}, () => one];
  const sources = waits.map((wait) => ({ data: () => wait().then(() => scripted({})) }));
  const onProgress = ({ done, fraction }) => done === 1 && told(fraction);
  await all(core.prepareAll(sources, { onProgress }));
  assert.equal(await one, 0.5);
});

test('a batch counts what was cancelled among what was not accepted', async (t) => {
  const core = await fakeCore({ workers: 1 });
  t.after(() => core.close());
  let last;
  const photoSignal = (index) => (index === 1 ? AbortSignal.abort() : undefined);
  const files = [scripted({}), scripted({ n: 1 }), scripted({ error: 'corrupt_image' })];
  await all(core.prepareAll(files, { photoSignal, onProgress: (now) => (last = now) }));
  assert.deepEqual(last.photos.map((photo) => photo.state), ['accepted', 'cancelled', 'rejected']);
  assert.deepEqual([last.done, last.total, last.accepted, last.rejected, last.fraction], [3, 3, 1, 2, 1]);
});

test('the outcome of one photo is told before its call ends', async (t) => {
  const core = await fakeCore({ workers: 1 });
  t.after(() => core.close());
  const ends = [['accepted', {}], ['rejected', { error: 'corrupt_image' }], ['cancelled', {}, AbortSignal.abort()]];
  for (const [state, script, signal] of ends) {
    let last;
    const onProgress = (now) => (last = now);
    await core.prepare(scripted(script), { onProgress, ...(signal && { signal }) }).catch(() => {});
    assert.deepEqual([last.state, last.step, last.fraction], [state, null, 1]);
  }
});
