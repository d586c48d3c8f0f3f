// A sender and its outbox: what is in it before the first byte leaves, what happens when it is full, and who works on an entry.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ownFolder } from './kit/folders.mjs';
import { photosOf } from './kit/photos.mjs';
import { errorFrom, expectProject, loopbackStage, project } from './kit/stage.mjs';

const home = ownFolder();
let stage;
before(async () => void (stage = await loopbackStage()));
after(() => stage.close());

describe('a sender', () => {
  test('stores everything before the first byte leaves', async () => {
    const person = await stage.person();
    const outbox = stage.module.createMemoryOutbox();
    let asked = 0;
    stage.proxy.plan = () => (asked++, null);
    let atPut;
    const watched = { ...outbox, put: async (...values) => (await outbox.put(...values), void (atPut = asked)) };
    const before = asked;
    await stage.sender(person, { outbox: watched }).send({ project: project(), photos: photosOf('before', 3) }).done;
    assert.equal(atPut, before);
    stage.proxy.plan = () => null;
  });

  test('that waits for the network holds no photo in memory that is in a folder', { timeout: 60_000 }, async () => {
    const person = await stage.person();
    const outbox = await stage.module.createFolderOutbox(path.join(home, 'memory'));
    let isOnline = true;
    const connectivity = { online: () => isOnline, whenOnline: () => new Promise(() => {}) };
    const sender = stage.sender(person, { outbox, connectivity });
    const begin = () => {
      const photos = photosOf('held', 3);
      return { job: sender.send({ project: project(), photos }), held: photos.map(({ photo }) => new WeakRef(photo)) };
    };
    const { job, held } = begin();
    await new Promise((resolve) => job.on(({ type }) => type === 'kept' && ((isOnline = false), resolve())));
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    while (held.some((each) => each.deref())) {
      await new Promise(setImmediate);
      collect();
    }
    job.cancel(); // also where whoever tells of the network is deaf to it
    assert.equal((await errorFrom(job.done)).code, 'cancelled');
    assert.equal(job.kept, true);
  });

  test('reports a full outbox and sends nothing', async () => {
    const person = await stage.person();
    for (const fault of [new DOMException('full', 'QuotaExceededError'), Object.assign(new Error('full'), { code: 'ENOSPC' })]) {
      const outbox = { ...stage.module.createMemoryOutbox(), put: async () => Promise.reject(fault) };
      const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('full', 2) });
      assert.equal((await errorFrom(job.done)).code, 'storage_full');
      assert.equal(job.kept, false);
      assert.equal((await stage.truth()).projects.some((row) => row.id === job.projectId), false);
    }
  });

  test('that runs out of outbox on the way stops, and goes on when there is room', async () => {
    const person = await stage.person();
    const memory = stage.module.createMemoryOutbox();
    let room = 3;
    const outbox = { ...memory, update: async (entry) => (room-- > 0 ? memory.update(entry) : Promise.reject(new DOMException('full', 'QuotaExceededError'))) };
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('room', 6) });
    assert.equal((await errorFrom(job.done)).code, 'storage_full');
    assert.equal(job.kept, true);
    const [again] = await stage.sender(person, { outbox: memory }).resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('leaves an entry to whoever works on it', async () => {
    const person = await stage.person();
    const outbox = stage.module.createMemoryOutbox();
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('two', 3) });
    await new Promise((resolve) => job.on((event) => event.type === 'kept' && resolve()));
    const second = stage.sender(person, { outbox });
    assert.deepEqual(await second.resume(), []);
    assert.equal((await errorFrom(second.discard(job.id))).code, 'project_busy');
    assert.equal((await job.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('an outbox that fails for a moment keeps no entry locked', async () => {
    const person = await stage.person();
    const memory = stage.module.createMemoryOutbox();
    const job = stage.sender(person, { outbox: memory }).send({ project: project(), photos: photosOf('moment', 2) });
    job.on((event) => event.type === 'kept' && job.cancel());
    await errorFrom(job.done);
    const failing = (method) => ({ ...memory, [method]: async () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) });
    for (const method of ['get', 'update']) {
      assert.equal((await errorFrom(stage.sender(person, { outbox: failing(method) }).discard(job.id))).code, 'storage_full');
    }
    assert.equal((await errorFrom(stage.sender(person, { outbox: failing('get') }).resume())).code, 'storage_full');
    const [again] = await stage.sender(person, { outbox: memory }).resume();
    assert.ok(again, 'nobody holds it');
    assert.equal((await again.done).ok, true);
  });

  test('that works on an entry beside another, where nobody can lock, loses nothing that the other brought', async () => {
    const person = await stage.person();
    const memory = stage.module.createMemoryOutbox();
    const outbox = { ...memory, lock: async () => async () => {} };
    const began = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('beside', 5) });
    began.on((event) => event.type === 'project' && began.cancel());
    await errorFrom(began.done);
    let goOn;
    const held = new Promise((resolve) => (goOn = resolve));
    let reached;
    const waiting = new Promise((resolve) => (reached = resolve));
    const slow = stage.sender(person, {
      outbox,
      fetch: async (url, init) => {
        if (init.method === 'POST' && url.includes('/object/')) await (reached(), held);
        return fetch(url, init);
      },
    });
    const [late] = await slow.resume();
    await waiting;
    const [quick] = await stage.sender(person, { outbox }).resume();
    assert.equal((await quick.done).ok, true);
    goOn();
    assert.deepEqual((await late.done).photos.map((photo) => photo.error?.code ?? 'ok'), Array(5).fill('ok'));
    await expectProject(stage, began.projectId, began.photoIds);
  });

  test('whose entry another gave up, where nobody can lock, makes no rows without objects', async () => {
    const person = await stage.person();
    const memory = stage.module.createMemoryOutbox();
    const outbox = { ...memory, lock: async () => async () => {} };
    let goOn;
    const held = new Promise((resolve) => (goOn = resolve));
    let reached;
    const waiting = new Promise((resolve) => (reached = resolve));
    let uploads = 0;
    const slow = stage.sender(person, {
      outbox,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (init.method === 'POST' && url.includes('/object/') && ++uploads === 4) await (reached(), held);
        return answer;
      },
    });
    const job = slow.send({ project: project(), photos: photosOf('given up', 2) });
    await waiting;
    await stage.sender(person, { outbox }).discard(job.id);
    goOn();
    assert.deepEqual((await job.done).photos.map((photo) => photo.error?.code ?? 'ok'), ['cancelled', 'cancelled']);
    await expectProject(stage, job.projectId, []);
  });

  test('does not send what was meant for another Supabase project', async () => {
    const person = await stage.person();
    const outbox = stage.module.createMemoryOutbox();
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('target', 3) });
    job.on((event) => event.type === 'project' && job.cancel());
    await errorFrom(job.done);
    const elsewhere = stage.sender({ ...person, url: stage.backend.url }, { outbox });
    assert.deepEqual(await elsewhere.pending(), []);
    assert.deepEqual(await elsewhere.resume(), []);
  });
});
