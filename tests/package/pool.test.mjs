// The pool's rules, with scripted workers: order, aborts, second tries, deaths, back to idle.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { all, fakeCore, load, scripted, sleep } from './kit.mjs';

let Pool;
before(async () => ({ Pool } = await load('pool.ts')));

/** Workers that answer when told. */
function workers() {
  const made = [];
  const start = (events) => {
    const worker = {
      events,
      jobs: [],
      stopped: false,
      held: false,
      post: (message) => message.photoCore === 'job' && worker.jobs.push(message),
      stop: () => (worker.stopped = true),
      hold: (busy) => (worker.held = busy),
      say: (message) => events.message(message),
      ready: () => worker.say({ photoCore: 'ready' }),
      answer(result, heapBytes = 1000) {
        worker.say({ photoCore: 'result', id: worker.jobs.at(-1).id, result, heapBytes });
      },
    };
    made.push(worker);
    queueMicrotask(worker.ready);
    return worker;
  };
  return { made, start };
}

const job = (name) => ({ kind: 'prepare', source: { name }, returnSource: false });
const check = { kind: 'check', table: 'project', json: '{}' };
const ok = { ok: true, kind: 'text', text: '' };
const refused = (code, fatal = false) => ({ ok: false, error: { code, detail: '' }, fatal });

test('workers start when there is work, and not more than the pool has', () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 2, start, module: null });
  assert.equal(made.length, 0);
  for (const name of ['a', 'b', 'c']) pool.run(job(name));
  assert.equal(made.length, 2);
  assert.deepEqual(made.map((one) => one.jobs.length), [1, 1]);
  made[1].answer(ok);
  assert.equal(made[1].jobs[1].job.source.name, 'c');
  pool.close();
  assert.ok(made.every((one) => one.stopped));
});

test('a pool that is closed in the middle of its work leaves no timer behind', (t) => {
  const running = new Set();
  const { setInterval: begin, clearInterval: end } = globalThis;
  t.mock.method(globalThis, 'setInterval', (...given) => {
    const timer = begin(...given);
    running.add(timer);
    return timer;
  });
  t.mock.method(globalThis, 'clearInterval', (timer) => {
    running.delete(timer);
    end(timer);
  });
  const { start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  pool.run(job('a'));
  assert.equal(running.size, 1);
  pool.close();
  assert.equal(running.size, 0);
});

test('a worker tells its steps only to somebody who listens', () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 2, start, module: null });
  pool.run(job('a'), { onStep() {} });
  pool.run(job('b'));
  assert.deepEqual(made.map((one) => one.jobs[0].tell), [true, false]);
  pool.close();
});

test('a small question goes before waiting photos', () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  for (const name of ['a', 'b']) pool.run(job(name));
  pool.run(check);
  made[0].answer(ok);
  assert.equal(made[0].jobs[1].job.kind, 'check');
  pool.close();
});

test('an abort ends the worker at once and another takes its place', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  const stop = new AbortController();
  const first = pool.run(job('a'), { signal: stop.signal });
  const second = pool.run(job('b'));
  stop.abort();
  assert.equal((await first).error.code, 'cancelled');
  assert.ok(made[0].stopped);
  assert.equal(made[1].jobs[0].job.source.name, 'b');
  made[0].answer(ok); // a late word of the dead changes nothing
  made[1].answer(ok);
  assert.ok((await second).ok);
  pool.close();
});

test('an abort of a waiting photo disturbs nobody', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  const stop = new AbortController();
  pool.run(job('a'));
  const waiting = pool.run(job('b'), { signal: stop.signal });
  stop.abort();
  const next = pool.run(job('c'));
  assert.equal((await waiting).error.code, 'cancelled');
  assert.ok(!made[0].stopped);
  made[0].answer(ok);
  made[0].answer(ok);
  assert.ok((await next).ok);
  assert.deepEqual(made[0].jobs.map((one) => one.job.source.name), ['a', 'c'], 'and is worked on by nobody');
  pool.close();
});

test('out of memory: once more, alone, in a fresh worker', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 2, start, module: null });
  const big = pool.run(job('big'));
  const other = pool.run(job('other'));
  const third = pool.run(job('third'));
  made[0].answer(refused('out_of_memory', true));
  assert.ok(made[0].stopped);
  assert.equal(made.length, 2, 'nothing new starts while others work');
  made[1].answer(ok);
  assert.ok((await other).ok);
  assert.ok(made[1].stopped, 'idle workers give their memory back first');
  assert.equal(made.length, 3);
  assert.equal(made[2].jobs[0].job.source.name, 'big');
  made[2].answer(refused('out_of_memory', true));
  assert.equal((await big).error.code, 'out_of_memory', 'the second time it is the answer');
  made[3].answer(ok);
  assert.ok((await third).ok);
  pool.close();
});

test('the second try has the bytes that came back from the first; without them there is none', async () => {
  for (const source of [new Uint8Array([7, 8]), undefined]) {
    const { made, start } = workers();
    const pool = new Pool({ size: 1, start, module: null });
    const data = new Uint8Array([1, 2]);
    const result = pool.run({ kind: 'prepare', source: { name: 'a', data, size: 2 }, returnSource: true }, { transfer: [data.buffer] });
    made[0].answer({ ...refused('out_of_memory', true), ...(source && { source }) });
    assert.equal(made.length, source ? 2 : 1);
    if (source) {
      assert.deepEqual(made[1].jobs[0].job.source, { name: 'a', data: source, size: 2 });
      made[1].answer(ok);
    }
    assert.equal((await result).error?.code, source ? undefined : 'out_of_memory');
    pool.close();
  }
});

test('a worker that dies takes only its own photo with it', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 2, start, module: null });
  const results = ['a', 'b', 'c'].map((name) => pool.run(job(name)));
  await sleep(1);
  made[0].events.died('killed');
  assert.equal((await results[0]).error.code, 'internal');
  made[1].answer(ok);
  made[2].answer(ok);
  assert.ok((await results[1]).ok && (await results[2]).ok);
  pool.close();
});

test('a worker that cannot start is a missing file, not a broken photo', async () => {
  const pool = new Pool({
    size: 1,
    module: null,
    start: (events) => {
      queueMicrotask(() => events.died('404'));
      return { post() {}, stop() {}, hold() {} };
    },
  });
  const result = await pool.run(job('a'));
  assert.equal(result.error.code, 'asset_unavailable');
  assert.equal(result.error.detail, '404');
});

test('a photo whose instance broke has its second try in a new one; a refusal that ends a worker has none', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  const broken = pool.run(job('a'));
  made[0].answer(refused('internal', true));
  assert.ok(made[0].stopped);
  assert.equal(made[1].jobs[0].job.source.name, 'a');
  made[1].answer(ok);
  assert.ok((await broken).ok);
  const twice = pool.run(job('b'));
  made[1].answer(refused('internal', true));
  made[2].answer(refused('internal', true));
  assert.equal((await twice).error.code, 'internal', 'the second time it is the answer');
  const hanging = pool.run(job('c'));
  made[3].answer(refused('unsupported_type', true));
  assert.equal((await hanging).error.code, 'unsupported_type');
  assert.equal(made.length, 4);
  pool.close();
});

test('an instance that cannot be made is no missing file: without memory the photo has its second try', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 2, start, module: null });
  const results = ['a', 'b'].map((name) => pool.run(job(name)));
  made[0].say({ photoCore: 'failed', detail: 'RangeError: WebAssembly.Instance(): Out of memory' });
  made[1].answer(ok);
  assert.ok((await results[1]).ok);
  assert.equal(made[2].jobs[0].job.source.name, 'a');
  made[2].say({ photoCore: 'failed', detail: 'RangeError: Out of memory' });
  assert.equal((await results[0]).error.code, 'out_of_memory');
  const third = pool.run(job('c'));
  made[3].say({ photoCore: 'failed', detail: 'LinkError: import 3 is no function' });
  assert.equal((await third).error.code, 'internal');
  pool.close();
});

test('a silent worker counts as dead; one that speaks does not', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null, stallMs: 150 });
  const talking = pool.run(job('a'));
  const alive = setInterval(() => made[0].say({ photoCore: 'progress', id: made[0].jobs[0].id, step: '', done: 0, total: 0 }), 20);
  await sleep(300);
  clearInterval(alive);
  assert.ok(!made[0].stopped);
  // The pool's own timers do not keep the process.
  for (let n = 0; n < 250 && !made[0].stopped; n++) await sleep(20);
  assert.equal((await talking).error.code, 'internal');
  assert.ok(made[0].stopped);
  pool.close();
});

test('past its high-water mark a worker is replaced, its photo is not lost', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null, highWaterBytes: 2000 });
  const first = pool.run(job('a'));
  made[0].answer(ok, 3000);
  assert.ok((await first).ok);
  assert.ok(made[0].stopped);
  pool.run(job('b'));
  assert.equal(made.length, 2);
  pool.close();
});

test('idle workers end after a while', async () => {
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null, idleMs: 20 });
  const first = pool.run(job('a'));
  made[0].answer(ok);
  await first;
  assert.ok(!made[0].held, 'an idle worker does not keep the process');
  await sleep(60);
  assert.ok(made[0].stopped);
  pool.close();
});

test('after close everything is cancelled', async () => {
  const { start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  const results = [pool.run(job('a')), pool.run(job('b'))];
  pool.close();
  results.push(pool.run(job('c')));
  for (const result of await Promise.all(results)) assert.equal(result.error.code, 'cancelled');
});

test('photos that are done leave nothing at their signal, and many at once are no leak', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const warnings = [];
  const warn = (warning) => warnings.push(warning.message);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));
  for (const workers of [0, 2]) {
    const core = await fakeCore({ workers });
    const { signal } = new AbortController();
    let arrive;
    const arrived = new Promise((resolve) => (arrive = resolve));
    const late = { name: 'late.jpg', data: () => arrived.then(() => scripted({})) };
    const photos = Array.from({ length: 4 }, () => core.prepare(late, { signal }));
    const given = Array.from({ length: 4 }, () => core.prepare(scripted({ ms: 5 }), { signal }));
    await given[0];
    collect();
    arrive();
    await Promise.all([...photos, ...given, all(core.prepareAll([scripted({}), scripted({ n: 1 })], { signal }))]);
    assert.deepEqual(getEventListeners(signal, 'abort'), [], `workers: ${workers}`);
    await Promise.all(Array.from({ length: 12 }, () => core.prepare(scripted({}))));
    core.close();
  }
  assert.deepEqual(warnings, []);
});

test('a worker that got work again does not end for having been idle', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { made, start } = workers();
  const pool = new Pool({ size: 1, start, module: null });
  const first = pool.run(job('a'));
  made[0].answer(ok);
  await first;
  t.mock.timers.tick(29_999);
  assert.ok(!made[0].stopped, 'half a minute is what it waits when nothing else is said');
  const second = pool.run(job('b'));
  t.mock.timers.tick(30_000);
  made[0].answer(ok);
  assert.ok((await second).ok);
  t.mock.timers.tick(30_000);
  assert.ok(made[0].stopped);
  assert.equal(made.length, 1);
  pool.close();
});
