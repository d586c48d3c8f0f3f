// Clients as applications have them: with third-party sign-in, slow, broken, offline; and options that cannot work.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import { virtualClock } from './kit/chance.mjs';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { errorFrom, expectProject, fetchWith, inProcessStage, isInsert, isUpload, project } from './kit/stage.mjs';

let stage;
let person;
before(async () => {
  stage = await inProcessStage();
  person = await stage.person();
});
after(() => stage.close());

const tokenOf = async ({ client }) => (await client.auth.getSession()).data.session.access_token;
const unreachable = { data: { session: null }, error: { name: 'AuthRetryableFetchError', status: 0, message: 'fetch failed' } };
const expired = () => new Response(JSON.stringify({ code: 'PGRST301', message: 'JWT expired' }), { status: 401, headers: { 'content-type': 'application/json' } });

describe('a client with third-party sign-in (accessToken)', () => {
  const clientWith = (accessToken) => createClient('http://localhost', person.key, { accessToken, realtime: { transport: class {} }, global: { fetch: stage.backend.fetch } });

  test('sends in the name that its token gives', async () => {
    const token = await tokenOf(person);
    const job = stage.sender({ ...person, client: clientWith(async () => token) }).send({ project: project(), photos: photosOf('third', 2) });
    assert.equal((await job.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('is asked for another token when one is refused; the same one again is none', async () => {
    const first = await tokenOf(person);
    const again = await person.client.auth.signInWithPassword({ email: person.email, password: person.password });
    for (const [second, code] of [[again.data.session.access_token, undefined], [first, 'sign_in_required']]) {
      let token = first;
      const fetch = fetchWith(stage, (request) => {
        if (!isInsert(request) || request.init.headers.authorization !== `Bearer ${first}`) return null;
        token = second;
        return expired();
      });
      const job = stage.sender({ ...person, client: clientWith(async () => token) }, { fetch }).send({ project: project(), photos: photosOf('renewed', 1) });
      assert.equal(await job.done.then(() => undefined, (error) => error.code), code);
      assert.equal(job.kept, code !== undefined);
    }
  });

  test('without a token, or with one that names nobody, asks for sign-in', async () => {
    for (const token of [null, 'abc', 'a.e30.c']) {
      const job = stage.sender({ ...person, client: clientWith(async () => token) }).send({ project: project(), photos: photosOf('none', 1) });
      assert.equal((await errorFrom(job.done)).code, 'sign_in_required');
    }
  });
});

test('addresses with a slash, a path, a port or capitals are one project', async () => {
  const outbox = stage.module.createMemoryOutbox();
  const job = stage.sender({ ...person, url: 'http://LOCALHOST:80/' }, { outbox }).send({ project: project(), photos: photosOf('address', 2) });
  job.on((event) => event.type === 'project' && job.cancel());
  await errorFrom(job.done);
  const [again] = await stage.sender(person, { outbox }).resume();
  assert.equal((await again.done).ok, true);
  const paths = [];
  const below = stage.sender({ ...person, url: 'http://localhost/supabase/' }, {
    fetch: (url, init) => (paths.push(new URL(url).pathname), stage.backend.fetch(url.replace('/supabase', ''), init)),
  });
  assert.equal((await below.send({ project: project(), photos: photosOf('below', 1) }).done).ok, true);
  assert.ok(paths.every((path) => path.startsWith('/supabase/rest/v1/') || path.startsWith('/supabase/storage/v1/')), paths[0]);
});

describe('a client that', () => {
  const wrap = (auth) => ({ auth: { getSession: () => person.client.auth.getSession(), refreshSession: () => person.client.auth.refreshSession(), ...auth } });

  test('never answers does not hold an abort up, nor the sender for ever', async () => {
    let asked;
    const waiting = new Promise((resolve) => (asked = resolve));
    const hanging = wrap({ getSession: () => (asked(), new Promise(() => {})) });
    const job = stage.sender({ ...person, client: hanging }).send({ project: project(), photos: photosOf('hang', 1) });
    await waiting;
    job.cancel();
    assert.equal((await errorFrom(job.done)).code, 'cancelled');
    const limited = stage.sender({ ...person, client: hanging }, { idleMs: 5, retry: { attempts: 2 } });
    assert.equal((await errorFrom(limited.send({ project: project(), photos: photosOf('slow', 1) }).done)).code, 'network');
  });

  test('never ends a refresh does not hold an abort up', async () => {
    let asked;
    const waiting = new Promise((resolve) => (asked = resolve));
    const hanging = wrap({ refreshSession: () => (asked(), new Promise(() => {})) });
    const job = stage.sender({ ...person, client: hanging }, { fetch: fetchWith(stage, (request) => (isInsert(request) ? expired() : null)) })
      .send({ project: project(), photos: photosOf('refresh', 1) });
    await waiting;
    job.cancel();
    assert.equal((await errorFrom(job.done)).code, 'cancelled');
    assert.equal(job.kept, true);
  });

  /** A client whose first refresh is another one, and a fetch that refuses rows until a refresh has succeeded. */
  const refreshing = (first) => {
    let refreshes = 0;
    let isFresh = false;
    const client = wrap({
      refreshSession: () => {
        if (refreshes++ === 0) return first();
        isFresh = true;
        return person.client.auth.refreshSession();
      },
    });
    return { client, fetch: fetchWith(stage, (request) => (isInsert(request) && !isFresh ? expired() : null)) };
  };

  test('never ends a refresh, once, is asked for another by the next resume', { timeout: 60_000 }, async () => {
    const { client, fetch } = refreshing(() => new Promise(() => {}));
    const sender = stage.sender({ ...person, client }, { fetch, idleMs: 500, retry: { attempts: 1 } });
    const job = sender.send({ project: project(), photos: photosOf('never ends', 1) });
    assert.equal((await errorFrom(job.done)).code, 'network');
    assert.equal(job.kept, true);
    const [again] = await sender.resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('throws at once when it is asked for a refresh is no verdict', async () => {
    const { client, fetch } = refreshing(() => {
      throw new Error('not now');
    });
    const job = stage.sender({ ...person, client }, { fetch }).send({ project: project(), photos: photosOf('at once', 1) });
    assert.equal((await job.done).ok, true);
  });

  test('throws now and then is asked again', async () => {
    let number = 0;
    const moody = wrap({ getSession: () => (number++ % 3 === 1 ? Promise.reject(new Error('lock request timed out')) : person.client.auth.getSession()) });
    const job = stage.sender({ ...person, client: moody }).send({ project: project(), photos: photosOf('moody', 3) });
    assert.equal((await job.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('cannot renew its session without a network keeps what is given, for who was signed in last', async () => {
    let online = true;
    const outbox = stage.module.createMemoryOutbox();
    const client = wrap({ getSession: () => (online ? person.client.auth.getSession() : Promise.resolve(unreachable)) });
    const sender = stage.sender({ ...person, client }, { outbox, retry: { attempts: 3 } });
    assert.deepEqual(await sender.pending(), []);
    online = false;
    const job = sender.send({ project: project(), photos: photosOf('away', 2) });
    assert.equal((await errorFrom(job.done)).code, 'network');
    assert.equal(job.kept, true);
    assert.equal((await sender.pending()).length, 1);
    online = true;
    const [again] = await sender.resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('has been signed out keeps nothing for who was signed in last', async () => {
    let session = true;
    const client = wrap({ getSession: () => (session ? person.client.auth.getSession() : Promise.resolve({ data: { session: null }, error: null })) });
    const sender = stage.sender({ ...person, client });
    await sender.pending();
    session = false;
    const job = sender.send({ project: project(), photos: photosOf('out', 1) });
    assert.equal((await errorFrom(job.done)).code, 'sign_in_required');
    assert.equal(job.kept, false);
    assert.equal((await errorFrom(sender.pending())).code, 'sign_in_required');
  });

  test('signs out in the middle stops the job and keeps it', async () => {
    let session = true;
    const outbox = stage.module.createMemoryOutbox();
    const client = wrap({ getSession: () => (session ? person.client.auth.getSession() : Promise.resolve({ data: { session: null }, error: null })) });
    const job = stage.sender({ ...person, client }, { outbox }).send({ project: project(), photos: photosOf('leaves', 4) });
    job.on((event) => event.type === 'photo' && event.state === 'stored' && (session = false));
    assert.equal((await errorFrom(job.done)).code, 'sign_in_required');
    assert.equal(job.kept, true);
    session = true;
    const [again] = await stage.sender({ ...person, client }, { outbox }).resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });
});

describe('a call that cannot work is refused at once, by name, with what was expected and what came', () => {
  const good = () => ({ client: person.client, url: person.url, key: person.key, core: stage.core });
  const refused = (work, option) =>
    assert.throws(work, (error) => {
      assert.deepEqual([error.name, error.kind, error.code, error.option], ['PhotoError', 'caller', 'invalid_option', option]);
      assert.ok(error.expected && error.received, error.message);
      return true;
    });

  const options = {
    client: [undefined, {}, { auth: {} }, 'x'],
    url: ['example.org', 'https://', 'https://user:secret@x.org', 'https://x.org/?a', 5],
    key: ['', 'two words', null],
    core: [null, {}, { photoPayload() {} }],
    uploads: [0, 2.5, 17, '4', NaN],
    idleMs: [0, -1, NaN, Infinity, '5'],
    outbox: [null, {}, new Map()],
    fetch: [null, 'fetch', {}],
    clock: [null, { now: () => 0 }],
    connectivity: [null, {}],
    ids: [null, {}],
    retry: [null, 3],
  };
  for (const [name, values] of Object.entries(options)) {
    test(`option ${name}`, () => {
      for (const value of values) refused(() => stage.module.createSender({ ...good(), [name]: value }), name);
    });
  }
  test('options of retry', () => {
    for (const [name, value] of [['attempts', 0], ['attempts', NaN], ['attempts', 2.5], ['firstWaitMs', -1], ['longestWaitMs', 'x'], ['longestAskedWaitMs', NaN], ['tries', 3]]) {
      refused(() => stage.module.createSender({ ...good(), retry: { [name]: value } }), `retry.${name}`);
    }
    refused(() => stage.module.createSender(), 'options');
  });
  test('an option of retry that is undefined has its default', async () => {
    const job = stage.sender(person, { retry: { attempts: undefined, firstWaitMs: undefined }, clock: virtualClock(() => 0.5), fetch: fetchWith(stage, (request) => (isUpload(request) ? new Response('', { status: 503 }) : null)) })
      .send({ project: project(), photos: photosOf('undefined', 1) });
    assert.equal((await errorFrom(job.done)).code, 'server_error');
  });
  test('arguments', async () => {
    const sender = stage.sender(person);
    const photo = preparedPhoto('argument');
    refused(() => sender.send(), 'project');
    refused(() => sender.send({ project: 'Summer', photos: [] }), 'project');
    refused(() => sender.send({ project: project() }), 'photos');
    refused(() => sender.send({ project: project(), photos: [photo, { ok: true, photo }] }), 'photos[1]');
    refused(() => sender.send({ project: project(), photos: [undefined] }), 'photos[0]');
    refused(() => sender.send({ project: project(), photos: [], projectId: 'X' }), 'projectId');
    refused(() => sender.send({ project: project(), photos: [photo] }, null), 'options');
    refused(() => sender.append(crypto.randomUUID(), [photo], { signal: true }), 'signal');
    refused(() => sender.append(crypto.randomUUID(), photo), 'photos');
    refused(() => sender.replace(crypto.randomUUID(), [photo]), 'photo');
    refused(() => sender.sendMediaItem(new Blob(['x'])), 'photo');
    refused(() => sender.sendAvatar(null), 'photo');
    for (const [work, option] of [
      [() => sender.reorder('x', []), 'projectId'],
      [() => sender.reorder(crypto.randomUUID(), 'x'), 'photoIds'],
      [() => sender.remove('x'), 'id'],
      [() => sender.updateProject(crypto.randomUUID(), null), 'changes'],
      [() => sender.discard('../x'), 'entryId'],
      [() => sender.resume({ signal: 5 }), 'signal'],
    ]) {
      assert.equal((await errorFrom(work())).option, option);
    }
  });
});
