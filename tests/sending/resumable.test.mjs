// Files over 6 MiB against a real tus server at Supabase's path.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { virtualClock } from './kit/chance.mjs';
import { newPerson } from './kit/people.mjs';
import { preparedPhoto } from './kit/photos.mjs';
import { noFaults, startProxy } from './kit/proxy.mjs';
import { startTusServer } from './kit/tus_server.mjs';
import { errorFrom, expectProject, loopbackStage, project } from './kit/stage.mjs';

const MiB = 1024 * 1024;
/** How long the sender waits for a sign of life, unless told otherwise. */
const idleMs = 60_000;
/** The timers of that length or more that nobody has ended yet. */
const waiting = new Set();
const { setTimeout: start, clearTimeout: end } = globalThis;
globalThis.setTimeout = (work, ms, ...values) => {
  const timer = start(work, ms, ...values);
  if (ms >= idleMs) waiting.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => {
  waiting.delete(timer);
  end(timer);
};

let stage;
let tus;
let proxy;
before(async () => {
  stage = await loopbackStage();
  tus = await startTusServer(stage.backend);
  proxy = await startProxy(tus.url, noFaults);
});
after(async () => {
  await proxy.close();
  await tus.close();
  await stage.close();
  assert.equal(waiting.size, 0, 'a process that has sent can end: no request left its timer behind');
});

const personAt = (url) => newPerson(stage.backend, { url });
const senderOf = (person, options) => stage.sender(person, { clock: virtualClock(() => 0.5), ...options });

test('a large file goes in pieces, a small one does not', async () => {
  const person = await personAt(proxy.url);
  const { created, pieces } = tus.seen;
  const job = senderOf(person).send({ project: project(), photos: [preparedPhoto('large', { bytes: 9 * MiB }), preparedPhoto('small')] });
  assert.equal((await job.done).ok, true);
  assert.equal(tus.seen.created - created, 1);
  assert.equal(tus.seen.pieces - pieces, 2);
  await expectProject(stage, job.projectId, job.photoIds);
});

for (const kind of ['drop_before', 'drop_after', 'cut', 'expired', 'html_403']) {
  test(`a piece with ${kind} is taken up where it ended`, async () => {
    const person = await personAt(proxy.url);
    const { created } = tus.seen;
    let times = 1;
    let patches = 0;
    proxy.plan = ({ method }) => (method === 'PATCH' && ++patches === 2 && times-- > 0 ? { kind } : null);
    const job = senderOf(person).send({ project: project(), photos: [preparedPhoto(`piece ${kind}`, { bytes: 9 * MiB })] });
    const result = await job.done;
    proxy.plan = noFaults;
    assert.equal(result.ok, true, result.photos[0].error?.stack);
    assert.equal(tus.seen.created - created, 1, 'it was not begun again');
    await expectProject(stage, job.projectId, job.photoIds);
  });
}

test('the resume URL is in the outbox: another sender goes on with the next piece', async () => {
  const person = await personAt(proxy.url);
  const outbox = stage.module.createMemoryOutbox();
  const { created, pieces } = tus.seen;
  let patches = 0;
  proxy.plan = ({ method }) => (method === 'PATCH' && ++patches >= 2 ? { kind: 'drop_before' } : null);
  const job = senderOf(person, { outbox }).send({ project: project(), photos: [preparedPhoto('resume', { bytes: 9 * MiB, thumbnail: false })] });
  assert.equal((await errorFrom(job.done)).code, 'network');
  proxy.plan = noFaults;
  const [entry] = await outbox.list(person.id);
  assert.match(entry.items[0].files[0].resumeUrl, /\/storage\/v1\/upload\/resumable\//);
  const [again] = await senderOf(person, { outbox }).resume();
  assert.equal((await again.done).ok, true);
  assert.equal(tus.seen.created - created, 1);
  assert.equal(tus.seen.pieces - pieces, 2);
  await expectProject(stage, job.projectId, job.photoIds);
});

test('a server that has forgotten the upload gets it anew', async () => {
  const person = await personAt(proxy.url);
  const outbox = stage.module.createMemoryOutbox();
  const job = senderOf(person, { outbox }).send({ project: project(), photos: [preparedPhoto('forgotten', { bytes: 7 * MiB, thumbnail: false })] });
  proxy.plan = ({ method }) => (method === 'PATCH' ? { kind: 'drop_before' } : null);
  await errorFrom(job.done);
  proxy.plan = noFaults;
  const [entry] = await outbox.list(person.id);
  entry.items[0].files[0].resumeUrl = `${proxy.url}/storage/v1/upload/resumable/00000000000000000000000000000000`;
  await outbox.update(entry);
  const [again] = await senderOf(person, { outbox }).resume();
  assert.equal((await again.done).ok, true);
  await expectProject(stage, job.projectId, job.photoIds);
});

for (const [what, fault] of Object.entries({
  'a server that is busy': { kind: 'status', status: 503 },
  'too many requests': { kind: 'status', status: 429, retryAfter: 2 },
  'an upload that is locked': { kind: 'status', status: 423 },
  'a portal': { kind: 'portal' },
})) {
  test(`where it goes on is asked again after ${what}, and not begun anew`, async () => {
    const person = await personAt(proxy.url);
    const { created } = tus.seen;
    let patches = 0;
    let heads = 0;
    proxy.plan = ({ method }) => (method === 'PATCH' && ++patches === 2 ? { kind: 'drop_before' } : method === 'HEAD' && ++heads === 1 ? fault : null);
    const job = senderOf(person).send({ project: project(), photos: [preparedPhoto(`where ${what}`, { bytes: 9 * MiB, thumbnail: false })] });
    const result = await job.done;
    proxy.plan = noFaults;
    assert.equal(result.ok, true, result.photos[0].error?.detail);
    assert.equal(tus.seen.created - created, 1);
    await expectProject(stage, job.projectId, job.photoIds);
  });
}

test('a piece that does not begin where the server stands is no verdict about the photo', async () => {
  const person = await personAt(proxy.url);
  let patches = 0;
  proxy.plan = ({ method }) => (method === 'PATCH' && ++patches <= 3 ? { kind: 'status', status: 409 } : null);
  const job = senderOf(person).send({ project: project(), photos: [preparedPhoto('offset', { bytes: 7 * MiB, thumbnail: false })] });
  assert.equal((await job.done).ok, true);
  proxy.plan = noFaults;
  await expectProject(stage, job.projectId, job.photoIds);
});

test('an upload that is complete and has not become an object is begun anew', async () => {
  const person = await personAt(proxy.url);
  const { created } = tus.seen;
  tus.fails.finish = 1;
  const job = senderOf(person).send({ project: project(), photos: [preparedPhoto('finish', { bytes: 7 * MiB, thumbnail: false })] });
  const result = await job.done;
  assert.equal(result.ok, true, result.photos[0].error?.detail);
  assert.equal(tus.seen.created - created, 2);
  await expectProject(stage, job.projectId, job.photoIds);
});

test('refusals in words alone have the codes of the others', async () => {
  const person = await personAt(proxy.url);
  const large = preparedPhoto('too large', { bytes: 11 * MiB, thumbnail: false });
  const gif = { ...preparedPhoto('gif', { bytes: 7 * MiB, thumbnail: false }), mimeType: 'image/gif' };
  const job = senderOf(person).send({ project: project(), photos: [large, gif, preparedPhoto('good', { bytes: 7 * MiB, thumbnail: false })] });
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code ?? 'ok'), ['output_too_large', 'unsupported_type', 'ok']);
  await expectProject(stage, job.projectId, [job.photoIds[2]]);
});

test('what the database says of a file has its own code in this protocol too', async () => {
  const person = await personAt(proxy.url);
  await stage.query('insert into private.stored_bytes (account, bytes) values ($1, 1e12)', [person.id]);
  await stage.query(`update public.users set subscription_plan = 'pro' where id = $1`, [person.id]);
  const { photos } = await senderOf(person).send({ project: project(), photos: [preparedPhoto('far over', { bytes: 9 * MiB, thumbnail: false })] }).done;
  assert.deepEqual([photos[0].error?.code, photos[0].error?.detail], ['quota_exceeded', 'Resumable: 403 the files of this account are far over its quota']);
});

test('abort is immediate in the middle of a piece', async () => {
  const person = await personAt(proxy.url);
  let reached;
  const held = new Promise((resolve) => (reached = resolve));
  proxy.plan = ({ method }) => (method === 'PATCH' ? (reached(), { kind: 'hold', until: new Promise(() => {}) }) : null);
  const outbox = stage.module.createMemoryOutbox();
  const job = senderOf(person, { outbox }).send({ project: project(), photos: [preparedPhoto('abort', { bytes: 7 * MiB, thumbnail: false })] });
  await held;
  job.cancel();
  assert.equal((await errorFrom(job.done)).code, 'cancelled');
  proxy.plan = noFaults;
  const [again] = await senderOf(person, { outbox }).resume();
  assert.equal((await again.done).ok, true);
  await expectProject(stage, job.projectId, job.photoIds);
});

test('progress counts the bytes of the pieces and never runs backwards', async () => {
  const person = await personAt(proxy.url);
  let patches = 0;
  proxy.plan = ({ method }) => (method === 'PATCH' && ++patches === 2 ? { kind: 'cut' } : null);
  const job = senderOf(person).send({ project: project(), photos: [preparedPhoto('bytes', { bytes: 9 * MiB })] });
  const seen = [];
  job.on((event) => event.type === 'progress' && seen.push(event.progress.bytesDone));
  await job.done;
  proxy.plan = noFaults;
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert.ok(seen.some((bytes) => bytes > 1 * MiB && bytes < 8 * MiB), 'steps within the file');
});

test('a server without the protocol gets the file whole; it is asked once', async () => {
  const person = await personAt(stage.proxy.url);
  let asked = 0;
  stage.proxy.plan = noFaults;
  const fetching = stage.sender(person, {
    fetch: (url, init) => {
      if (init.method === 'OPTIONS') asked += 1;
      return fetch(url, init);
    },
  });
  const job = fetching.send({ project: project(), photos: [1, 2, 3].map((n) => preparedPhoto(`whole ${n}`, { bytes: 7 * MiB })) });
  assert.equal((await job.done).ok, true);
  assert.equal(asked, 1);
  await expectProject(stage, job.projectId, job.photoIds);
});

test('a job that is stopped while it asks for the protocol stops no other', { timeout: 60_000 }, async () => {
  const person = await personAt(stage.proxy.url);
  stage.proxy.plan = noFaults;
  let asked = 0;
  const fetching = stage.sender(person, {
    fetch: (url, init) => {
      if (init.method !== 'OPTIONS' || ++asked > 1) return fetch(url, init);
      return new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));
    },
  });
  const jobs = ['stopped', 'waiting'].map((name) => fetching.send({ project: project(), photos: [preparedPhoto(name, { bytes: 7 * MiB })] }));
  for (const job of jobs) {
    for await (const event of job) if (event.type === 'photo' && event.state === 'sending') break;
  }
  jobs[0].cancel();
  assert.equal((await errorFrom(jobs[0].done)).code, 'cancelled');
  assert.equal((await jobs[1].done).ok, true);
  await expectProject(stage, jobs[1].projectId, jobs[1].photoIds);
});

test('a session that ends at the question for the protocol is no answer to it', async () => {
  const person = await personAt(proxy.url);
  const { created } = tus.seen;
  let isSignedOut = false;
  const { auth } = person.client;
  const client = {
    auth: {
      getSession: async () => (isSignedOut ? { data: { session: null }, error: null } : auth.getSession()),
      refreshSession: () => auth.refreshSession(),
    },
  };
  const sender = senderOf({ ...person, client });
  const job = sender.send({ project: project(), photos: [preparedPhoto('signed out', { bytes: 7 * MiB })] });
  job.on((event) => (isSignedOut ||= event.type === 'photo' && event.state === 'sending'));
  assert.equal((await errorFrom(job.done)).code, 'sign_in_required');
  isSignedOut = false;
  const [again] = await sender.resume();
  assert.equal((await again.done).ok, true);
  assert.equal(tus.seen.created - created, 1, 'in pieces');
});

test('a gateway that says yes to every question is found out', async () => {
  const person = await personAt(stage.proxy.url);
  const fetching = stage.sender(person, {
    fetch: (url, init) => (init.method === 'OPTIONS' ? Promise.resolve(new Response(null, { status: 200 })) : fetch(url, init)),
  });
  const job = fetching.send({ project: project(), photos: [preparedPhoto('gateway', { bytes: 7 * MiB })] });
  assert.equal((await job.done).ok, true);
  await expectProject(stage, job.projectId, job.photoIds);
});

/** A fetch in which the headers of some answers are others. @param change gets the method and what the server said */
const withHeaders = (change, seen = []) => async (url, init) => {
  seen.push(url);
  const answer = await fetch(url, init);
  const changed = change(init.method, Object.fromEntries(answer.headers), seen);
  return changed ? new Response([201, 204].includes(answer.status) ? null : await answer.text(), { status: answer.status, headers: changed }) : answer;
};

test('an upload that is said to be at another host is sent to the own one: the token goes nowhere else', async () => {
  const person = await personAt(proxy.url);
  for (const host of ['https://elsewhere.example', 'http://127.0.0.1:1', '//elsewhere.example']) {
    const seen = [];
    const fetching = withHeaders((method, headers) => method === 'POST' && headers.location && { ...headers, location: `${host}${new URL(headers.location, proxy.url).pathname}` }, seen);
    const outbox = stage.module.createMemoryOutbox();
    const job = senderOf(person, { fetch: fetching, outbox, retry: { attempts: 2 } }).send({ project: project(), photos: [preparedPhoto(`host ${host}`, { bytes: 7 * MiB, thumbnail: false })] });
    const outcome = await job.done.catch((error) => error);
    assert.deepEqual(seen.filter((url) => !url.startsWith(`${proxy.url}/`)), [], host);
    assert.equal(outcome.ok, true, outcome.detail);
    await expectProject(stage, job.projectId, job.photoIds);
  }
});

test('an address of another host in the outbox is not asked: the file is begun anew', async () => {
  const person = await personAt(proxy.url);
  const outbox = stage.module.createMemoryOutbox();
  const seen = [];
  const job = senderOf(person, { outbox }).send({ project: project(), photos: [preparedPhoto('tampered', { bytes: 7 * MiB, thumbnail: false })] });
  proxy.plan = ({ method }) => (method === 'PATCH' ? { kind: 'drop_before' } : null);
  await errorFrom(job.done);
  proxy.plan = noFaults;
  const [entry] = await outbox.list(person.id);
  entry.items[0].files[0].resumeUrl = 'https://elsewhere.example/upload';
  await outbox.update(entry);
  const [again] = await senderOf(person, { outbox, fetch: withHeaders(() => null, seen) }).resume();
  assert.equal((await again.done).ok, true);
  assert.deepEqual(seen.filter((url) => !url.startsWith(`${proxy.url}/`)), []);
  await expectProject(stage, job.projectId, job.photoIds);
});

for (const [what, stands] of Object.entries({ 'the whole': 9 * MiB, nothing: 0, 'less than nothing': -5, 'more than there is': 10 ** 12, 'no number': 'many', 'a part of a number': '6291456x' })) {
  test(`a server that says once it has ${what} of the file after the first piece is not believed`, { timeout: 60_000 }, async () => {
    const person = await personAt(proxy.url);
    let times = 1;
    const fetching = withHeaders((method, headers) => method === 'PATCH' && times-- > 0 && { ...headers, 'upload-offset': String(stands) });
    const job = senderOf(person, { fetch: fetching }).send({ project: project(), photos: [preparedPhoto(`says ${what}`, { bytes: 9 * MiB, thumbnail: false })] });
    const result = await job.done;
    assert.equal(result.ok, true, result.photos[0].error?.detail);
    await expectProject(stage, job.projectId, job.photoIds);
  });
}

test('a server that takes every piece and never gets further ends the job, which is kept', { timeout: 60_000 }, async () => {
  const person = await personAt(proxy.url);
  let pieces = 0;
  const fetching = (url, init) => {
    if (init.method === 'PATCH' && ++pieces > 100) return new Promise(() => {}); // for ever
    if (!['PATCH', 'HEAD'].includes(init.method)) return fetch(url, init);
    return new Response(null, { status: 204, headers: { 'upload-offset': '0', 'upload-length': String(9 * MiB) } });
  };
  const job = senderOf(person, { fetch: fetching, retry: { attempts: 3 }, idleMs: 1_000 }).send({ project: project(), photos: [preparedPhoto('never', { bytes: 9 * MiB, thumbnail: false })] });
  await errorFrom(job.done);
  assert.equal(job.kept, true);
  assert.ok(pieces <= 20, `${pieces} pieces`);
});

for (const [what, lie] of Object.entries({
  'before its beginning': { 'upload-offset': '-5' },
  'behind its end': { 'upload-offset': String(10 ** 12) },
  'in a file of another size': { 'upload-offset': '5', 'upload-length': '10' },
})) {
  test(`an upload that is said to stand ${what} is begun anew`, { timeout: 60_000 }, async () => {
    const person = await personAt(proxy.url);
    const { created } = tus.seen;
    let patches = 0;
    proxy.plan = ({ method }) => (method === 'PATCH' && ++patches === 2 ? { kind: 'drop_before' } : null);
    const fetching = withHeaders((method, headers) => method === 'HEAD' && tus.seen.created === created + 1 && { ...headers, ...lie });
    const job = senderOf(person, { fetch: fetching, retry: { attempts: 4 } }).send({ project: project(), photos: [preparedPhoto(`stands ${what}`, { bytes: 9 * MiB, thumbnail: false })] });
    const result = await job.done;
    proxy.plan = noFaults;
    assert.equal(result.ok, true, result.photos[0].error?.detail);
    await expectProject(stage, job.projectId, job.photoIds);
  });
}
