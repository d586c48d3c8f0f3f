// The retry table against a bad network on loopback: each fault at each kind of request, one at a time.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chance, virtualClock } from './kit/chance.mjs';
import { photosOf } from './kit/photos.mjs';
import { noFaults, randomFaults } from './kit/proxy.mjs';
import { errorFrom, eventsOf, expectProject, loopbackStage, project } from './kit/stage.mjs';

let stage;
before(async () => void (stage = await loopbackStage()));
after(() => stage.close());

const requests = {
  'the project': ({ method, path }) => method === 'POST' && path.startsWith('/rest/v1/video_projects'),
  'an object': ({ method, path }) => method === 'POST' && path.startsWith('/storage/v1/object/photos/'),
  'the rows': ({ method, path }) => method === 'POST' && path.startsWith('/rest/v1/photos'),
  'the quota': ({ path }) => path.startsWith('/rest/v1/rpc/check_quota'),
};

/** The fault at the first requests that match, then none. */
function firstTimes(times, matches, fault) {
  return (request) => (matches(request) && times-- > 0 ? fault : null);
}

async function sendUnder(plan, { count = 3, person, ...options } = {}) {
  person ??= await stage.person();
  stage.proxy.plan = plan;
  const clock = virtualClock(() => 0.5);
  const outbox = stage.module.createMemoryOutbox();
  const sender = stage.sender(person, { clock, outbox, ...options });
  const job = sender.send({ project: project(), photos: photosOf('under', count, { bytes: 20_000 }) }, { removeEmptyProject: true });
  const events = [];
  job.on((event) => events.push(event));
  const outcome = await job.done.then((result) => ({ result }), (error) => ({ error }));
  stage.proxy.plan = noFaults;
  return { job, sender, outbox, person, clock, events, ...outcome };
}

describe('a fault that passes', () => {
  const faults = {
    'dropped before the server saw it': { kind: 'drop_before' },
    'whose reply was lost': { kind: 'drop_after' },
    'cut in its middle': { kind: 'cut' },
    'told that it is there already': { kind: 'conflict_after' },
    'answered 429': { kind: 'status', status: 429, retryAfter: 7 },
    'answered 500': { kind: 'status', status: 500 },
    'answered 503': { kind: 'status', status: 503 },
    'blocked by HTML 403': { kind: 'html_403' },
    'with an expired token': { kind: 'expired' },
    'dripping': { kind: 'drip' },
  };
  for (const [which, matches] of Object.entries(requests)) {
    for (const [how, fault] of Object.entries(faults)) {
      if (which === 'the quota' && fault.kind === 'conflict_after') continue;
      test(`${which} ${how}`, async () => {
        const { job, error } = await sendUnder(firstTimes(1, matches, fault));
        assert.equal(error, undefined, error?.stack);
        assert.equal((await job.done).ok, true);
        await expectProject(stage, job.projectId, job.photoIds);
      });
    }
  }

  for (const code of ['SlowDown', 'LockTimeout', 'DatabaseTimeout', 'ResourceLocked']) {
    test(`Storage's ${code} is waited for`, async () => {
      const { job, events } = await sendUnder(firstTimes(2, requests['an object'], { kind: 'status', status: 400, code }));
      assert.equal((await job.done).ok, true);
      assert.ok(events.some((event) => event.type === 'pause' && event.waitMs > 0));
    });
  }
});

test('an object that is there already is looked at, not sent again', async () => {
  let sent = 0;
  const plan = firstTimes(1, requests['an object'], { kind: 'drop_after' });
  const { job } = await sendUnder((request) => {
    if (requests['an object'](request)) sent += 1;
    return plan(request);
  });
  assert.equal((await job.done).ok, true);
  assert.equal(sent, 7, 'six objects, one of them asked twice');
});

describe('waits', () => {
  test('follow Retry-After in seconds and as a date', async () => {
    const began = Date.now();
    for (const retryAfter of [90, new Date(began + 91_000).toUTCString()]) {
      const { clock, events } = await sendUnder(firstTimes(1, requests['the rows'], { kind: 'status', status: 429, retryAfter }));
      const { waitMs, reason } = events.find((event) => event.type === 'pause');
      assert.equal(reason, 'rate_limited');
      const least = 90_000 - (Date.now() - began); // a date comes nearer while the machine is busy
      assert.ok(waitMs >= least && waitMs <= 92_000, `${waitMs}`);
      assert.ok(clock.slept >= least);
    }
  });

  test('grow up to a cap and end, with everything kept', async () => {
    const { error, events, job, sender } = await sendUnder(firstTimes(99, requests['the rows'], { kind: 'status', status: 503 }));
    assert.equal(error.code, 'server_error');
    assert.equal(job.kept, true);
    const waits = events.filter((event) => event.type === 'pause').map((event) => event.waitMs);
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000]);
    const [again] = await sender.resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('a Retry-After beyond all patience leaves the rest for later at once', async () => {
    const { error, job, clock } = await sendUnder(firstTimes(9, requests['the rows'], { kind: 'status', status: 429, retryAfter: 86_400 }));
    assert.equal(error.code, 'rate_limited');
    assert.equal(job.kept, true);
    assert.equal(clock.slept, 0);
  });

  test('pause while offline, without counting', async () => {
    let online = true;
    const waiting = [];
    const connectivity = { online: () => online, whenOnline: () => new Promise((resolve) => waiting.push(resolve)) };
    const person = await stage.person();
    const sender = stage.sender(person, { connectivity });
    stage.proxy.plan = firstTimes(1, requests['an object'], { kind: 'drop_before' });
    const job = sender.send({ project: project(), photos: photosOf('offline', 2) });
    job.on((event) => {
      if (event.type === 'project') online = false;
      if (event.type === 'pause' && event.reason === 'offline') {
        setTimeout(() => {
          online = true;
          for (const resolve of waiting) resolve();
        }, 20);
      }
    });
    assert.equal((await job.done).ok, true);
    stage.proxy.plan = noFaults;
  });

  test('a browser without a network is believed, but for a backend on its own machine', { timeout: 60_000 }, async (t) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
    // As a window has them: Node never says that the network is back.
    globalThis.addEventListener ??= () => {};
    globalThis.removeEventListener ??= () => {};
    t.after(() => (delete globalThis.addEventListener, delete globalThis.removeEventListener));
    const person = await stage.person();
    const send = (url) => stage.sender(person, { url }).send({ project: project(), photos: photosOf('no network', 1) });
    const pauses = [];
    const near = send(stage.proxy.url);
    near.on((event) => event.type === 'pause' && pauses.push(event.reason));
    assert.equal((await near.done).ok, true);
    assert.deepEqual(pauses, []);
    const far = send('https://backend.example');
    await new Promise((resolve) => far.on((event) => event.type === 'pause' && event.reason === 'offline' && resolve()));
    far.cancel();
    assert.equal((await errorFrom(far.done)).code, 'cancelled');
  });
});

describe('silence', () => {
  test('an answer that drips is waited for, however long it takes in all', async () => {
    const person = await stage.person();
    stage.proxy.plan = firstTimes(1, requests['an object'], { kind: 'drip', ms: 150 });
    const job = stage.sender(person, { idleMs: 2_000 }).send({ project: project(), photos: photosOf('drip', 1) });
    const pauses = [];
    job.on((event) => event.type === 'pause' && pauses.push(event));
    assert.equal((await job.done).ok, true);
    assert.deepEqual(pauses, []);
  });

  test('a server that says nothing at all is asked again', async () => {
    const person = await stage.person();
    stage.proxy.plan = firstTimes(1, requests['the rows'], { kind: 'hold', until: new Promise(() => {}) });
    const job = stage.sender(person, { idleMs: 2_000 }).send({ project: project(), photos: photosOf('silent', 1) });
    const pauses = [];
    job.on((event) => event.type === 'pause' && pauses.push(event.reason));
    assert.equal((await job.done).ok, true);
    assert.ok(pauses.includes('network'));
    stage.proxy.plan = noFaults;
    await expectProject(stage, job.projectId, job.photoIds);
  });
});

describe('a session', () => {
  test('that is refused for good asks for sign-in and keeps everything; the same person goes on after it', async () => {
    const { error, job, outbox, person } = await sendUnder(firstTimes(99, requests['an object'], { kind: 'expired' }));
    assert.equal(error.code, 'sign_in_required');
    assert.equal(job.kept, true);
    await person.client.auth.signOut();
    const sender = stage.sender(person, { outbox });
    assert.equal((await errorFrom(sender.resume())).code, 'sign_in_required');
    await person.client.auth.signInWithPassword({ email: person.email, password: person.password });
    const [again] = await sender.resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('is refreshed once for requests that fail together', async () => {
    const person = await stage.person();
    let refreshes = 0;
    const refresh = person.client.auth.refreshSession.bind(person.client.auth);
    person.client.auth.refreshSession = (...values) => (refreshes++, refresh(...values));
    const { result } = await sendUnder(firstTimes(4, requests['an object'], { kind: 'expired' }), { person, count: 4 });
    assert.equal(result.ok, true);
    assert.ok(refreshes >= 1 && refreshes <= 2, `${refreshes} refreshes`);
  });

  test('of another person neither sees nor sends an entry', async () => {
    const { outbox, person, job } = await sendUnder(firstTimes(99, requests['the rows'], { kind: 'drop_before' }));
    const other = await stage.person();
    const theirs = stage.sender(other, { outbox });
    assert.deepEqual(await theirs.pending(), []);
    assert.deepEqual(await theirs.resume(), []);
    assert.equal((await errorFrom(theirs.discard(job.id))).code, 'not_found');
    assert.equal((await stage.sender(person, { outbox }).pending()).length, 1);
  });

  test('that changes in the middle of a job stops it', async () => {
    const person = await stage.person();
    const other = await stage.person();
    const sender = stage.sender(person);
    const job = sender.send({ project: project(), photos: photosOf('change', 6) });
    let changed = false;
    const session = (await other.client.auth.getSession()).data.session;
    job.on((event) => {
      if (event.type !== 'photo' || event.state !== 'stored' || changed) return;
      changed = true;
      person.client.auth.getSession = async () => ({ data: { session }, error: null });
    });
    const error = await errorFrom(job.done);
    assert.equal(error.code, 'sign_in_required');
    assert.equal(job.kept, true);
  });
});

describe('a verdict', () => {
  test('that comes twice from a stranger (HTML 403) stops that photo alone', async () => {
    let path;
    const plan = (request) => {
      if (!requests['an object'](request) || request.path.includes('.thumb.')) return null;
      path ??= request.path;
      return request.path === path ? { kind: 'html_403' } : null;
    };
    const { result, job } = await sendUnder(plan, { count: 4 });
    const failed = result.photos.filter((photo) => !photo.ok);
    assert.equal(failed.length, 1);
    assert.equal(failed[0].error.code, 'not_allowed');
    await expectProject(stage, job.projectId, job.photoIds.filter((id) => id !== failed[0].id));
  });
});

test('progress never runs backwards under faults', async () => {
  const person = await stage.person();
  stage.proxy.plan = randomFaults(chance(7), 0.25);
  const job = stage.sender(person, { retry: { attempts: 20 } }).send({ project: project(), photos: photosOf('mono', 8, { bytes: 300_000 }) });
  const events = await eventsOf(job);
  stage.proxy.plan = noFaults;
  let last = 0;
  for (const event of events) {
    if (event.type !== 'progress') continue;
    assert.ok(event.progress.bytesDone >= last);
    last = event.progress.bytesDone;
  }
  assert.equal(last, job.progress.bytesTotal);
  await expectProject(stage, job.projectId, job.photoIds);
});
