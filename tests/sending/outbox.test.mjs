// The outbox: what survives, whose it is, who works on it, and what happens when it is full.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { after, before, describe, test } from 'node:test';
import { photosOf } from './kit/photos.mjs';
import { errorFrom, expectProject, loopbackStage, project } from './kit/stage.mjs';

let stage;
let home;
before(async () => {
  stage = await loopbackStage();
  home = await mkdtemp(path.join(os.tmpdir(), 'photo-core-outbox-'));
});
after(async () => {
  await stage.close();
  await rm(home, { recursive: true, force: true });
});

const entryOf = (owner, id = crypto.randomUUID()) => ({
  id, owner, target: 'http://localhost', kind: 'photos', createdAt: Date.now(), table: 'photos', projectId: null, projectRow: null,
  projectMade: false, quotaAsked: false, removeEmptyProject: false, givenUp: false, uncertain: false, items: [], removes: [], step: 0,
});

for (const [name, make] of [
  ['memory', async () => stage.module.createMemoryOutbox()],
  ['folder', async () => stage.module.createFolderOutbox(path.join(home, crypto.randomUUID()))],
]) {
  describe(`the ${name} outbox`, () => {
    test('keeps an entry with its files until it is removed, for its owner alone', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      const entry = entryOf(owner);
      await outbox.put(entry, new Map([['a/b/photo.jpg', new Blob(['bytes'])]]));
      assert.deepEqual(await outbox.get(owner, entry.id), entry);
      assert.equal(await (await outbox.file(owner, entry.id, 'a/b/photo.jpg')).text(), 'bytes');
      assert.equal(await outbox.file(owner, entry.id, 'a/b/other.jpg'), null);
      const other = crypto.randomUUID();
      assert.deepEqual(await outbox.list(other), []);
      assert.equal(await outbox.get(other, entry.id), null);
      assert.equal(await outbox.file(other, entry.id, 'a/b/photo.jpg'), null);
      await outbox.update({ ...entry, step: 2 });
      assert.equal((await outbox.list(owner))[0].step, 2);
      await outbox.remove(owner, entry.id);
      assert.deepEqual(await outbox.list(owner), []);
      assert.equal(await outbox.file(owner, entry.id, 'a/b/photo.jpg'), null);
    });

    test('lists the oldest first', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      for (const createdAt of [30, 10, 20]) await outbox.put({ ...entryOf(owner), createdAt }, new Map());
      assert.deepEqual((await outbox.list(owner)).map((entry) => entry.createdAt), [10, 20, 30]);
    });

    test('gives an entry to one worker at a time', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      const id = crypto.randomUUID();
      const release = await outbox.lock(owner, id);
      assert.equal(await outbox.lock(owner, id), null);
      await release();
      await (await outbox.lock(owner, id))();
      const both = await Promise.all([outbox.lock(owner, id), outbox.lock(owner, id)]);
      assert.equal(both.filter(Boolean).length, 1);
    });
  });
}

describe('a folder', () => {
  test('can be read by its user alone, and ids are no paths', async () => {
    const folder = path.join(home, 'rights');
    const outbox = await stage.module.createFolderOutbox(folder);
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map([['x/photo.jpg', new Blob(['x'])]]));
    const at = path.join(folder, entry.owner, entry.id);
    for (const name of await readdir(at)) assert.equal((await stat(path.join(at, name))).mode & 0o077, 0, name);
    await assert.rejects(outbox.list('../..'), TypeError);
    await assert.rejects(outbox.get(entry.owner, '../x'), TypeError);
  });

  test('a lock of a dead process is taken over, one of a living process is not', async () => {
    const folder = path.join(home, 'locks');
    const outbox = await stage.module.createFolderOutbox(folder);
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const release = await outbox.lock(owner, id);
    const file = path.join(folder, owner, id, 'lock');
    const child = fork(fileURLToPath(import.meta.url), { env: { SENDING_CHILD: '1' }, execArgv: ['-e', ''] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await gone;
    await writeFile(file, `${child.pid} somebody`);
    const taken = await outbox.lock(owner, id);
    assert.ok(taken, 'the dead lose their lock');
    await writeFile(file, `${process.ppid} somebody`);
    assert.equal(await outbox.lock(owner, id), null, 'the living keep it');
    await utimes(file, new Date(0), new Date(0));
    const stale = await outbox.lock(owner, id);
    assert.ok(stale, 'a process number that came back does not hold it for ever');
    for (const end of [stale, taken, release]) await end();
  });

  test('of two that find a lock dead only one takes it', async (t) => {
    const folder = path.join(home, 'finders');
    const [first, second] = [await stage.module.createFolderOutbox(folder), await stage.module.createFolderOutbox(folder)];
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const at = path.join(folder, owner, id);
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, 'lock'), `${process.ppid} somebody`);
    await utimes(path.join(at, 'lock'), new Date(0), new Date(0));
    // The second has looked, and is slow to act on what it saw.
    const promises = process.getBuiltinModule('node:fs/promises');
    const { stat: look } = promises;
    let goOn;
    const looked = new Promise((seen) => {
      const held = new Promise((resolve) => (goOn = resolve));
      t.mock.method(promises, 'stat', async (...values) => {
        const facts = await look(...values);
        seen();
        await held;
        return facts;
      }, { times: 1 });
    });
    const slow = second.lock(owner, id);
    await looked;
    const release = await first.lock(owner, id);
    assert.ok(release);
    goOn();
    assert.equal(await slow, null, 'the lock that it saw is another one now');
    assert.match(await readFile(path.join(at, 'lock'), 'utf8'), new RegExp(`^${process.pid} `));
    await release();
    assert.deepEqual(await readdir(path.dirname(at)), [], 'nothing is left behind');
  });

  test('a lock is had also where the last holder removes the folder at that moment', async (t) => {
    const folder = path.join(home, 'moment');
    const outbox = await stage.module.createFolderOutbox(folder);
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const last = await outbox.lock(owner, id);
    const promises = process.getBuiltinModule('node:fs/promises');
    const { mkdir: make } = promises;
    t.mock.method(promises, 'mkdir', async (...values) => {
      await make(...values).catch(() => {});
      await last();
    }, { times: 1 });
    const release = await outbox.lock(owner, id);
    assert.ok(release);
    await release();
    assert.deepEqual(await readdir(path.join(folder, owner)), []);
  });

  test('an entry half written is none', async () => {
    const folder = path.join(home, 'half');
    const outbox = await stage.module.createFolderOutbox(folder);
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map());
    const at = path.join(folder, entry.owner, entry.id);
    await writeFile(path.join(at, 'entry.part'), (await readFile(path.join(at, 'entry.json'), 'utf8')).slice(0, 20));
    assert.equal((await outbox.list(entry.owner)).length, 1);
    await rm(path.join(at, 'entry.json'));
    assert.deepEqual(await outbox.list(entry.owner), []);
  });
});

test('an update does not bring back what was removed', async () => {
  for (const outbox of [stage.module.createMemoryOutbox(), await stage.module.createFolderOutbox(path.join(home, 'gone'))]) {
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map());
    await outbox.remove(entry.owner, entry.id);
    await outbox.update(entry);
    assert.deepEqual(await outbox.list(entry.owner), []);
  }
});

describe('a folder with damage', () => {
  const damagedFolder = async (person, spoil) => {
    const folder = path.join(home, crypto.randomUUID());
    const outbox = await stage.module.createFolderOutbox(folder);
    const jobs = ['whole', 'spoilt'].map((mark) => stage.sender(person, { outbox }).send({ project: project(), photos: photosOf(mark, 2) }));
    for (const job of jobs) job.on((event) => event.type === 'project' && job.cancel());
    for (const job of jobs) await errorFrom(job.done);
    await spoil(path.join(folder, person.id, jobs[1].id));
    return { outbox, folder, whole: jobs[0], spoilt: jobs[1] };
  };

  for (const [what, text] of [['half a record', '{"id": "'], ['nothing', ''], ['another shape', '{"id": 5}'], ['null', 'null'], ['bytes', '\u0000\u0001']]) {
    test(`${what} in the place of a record is told, removed when asked, and holds nothing else up`, async () => {
      const person = await stage.person();
      const { outbox, whole, spoilt } = await damagedFolder(person, (at) => writeFile(path.join(at, 'entry.json'), text));
      const sender = stage.sender(person, { outbox });
      assert.deepEqual((await sender.pending()).map(({ id, kind }) => [id, kind]), [[spoilt.id, 'damaged'], [whole.id, 'photos']]);
      const [job, ...more] = await sender.resume();
      assert.equal(more.length, 0);
      assert.equal((await job.done).ok, true);
      await sender.discard(spoilt.id);
      assert.deepEqual(await sender.pending(), []);
    });
  }

  test('a record of which a part is of another shape is told likewise', async () => {
    const person = await stage.person();
    const changes = [
      (entry) => (entry.items = [null]), (entry) => (entry.items[0].files = [{}]), (entry) => (entry.items[0].files = 'none'), (entry) => (entry.items[0].row = null),
      (entry) => (entry.items[0].state = 'gone'), (entry) => (entry.items[0].error = 5), (entry) => (entry.removes = [5]), (entry) => (entry.createdAt = 'now'),
      (entry) => (entry.projectRow = 7), (entry) => (entry.table = 'secrets'), (entry) => delete entry.step, (entry) => (entry.projectId = {}),
    ];
    for (const change of changes) {
      const { outbox, whole, spoilt } = await damagedFolder(person, async (at) => {
        const entry = JSON.parse(await readFile(path.join(at, 'entry.json'), 'utf8'));
        change(entry);
        await writeFile(path.join(at, 'entry.json'), JSON.stringify(entry));
      });
      const sender = stage.sender(person, { outbox });
      const kinds = Object.fromEntries((await sender.pending()).map(({ id, kind }) => [id, kind]));
      assert.deepEqual(kinds, { [whole.id]: 'photos', [spoilt.id]: 'damaged' }, String(change));
      await sender.discard(spoilt.id);
      await sender.discard(whole.id);
    }
  });

  test('a record that may not be read, or cannot, keeps none of the others back', async (t) => {
    const person = await stage.person();
    for (const code of ['EACCES', 'EPERM', 'ELOOP']) {
      const { outbox, whole, spoilt } = await damagedFolder(person, async () => {});
      const promises = process.getBuiltinModule('node:fs/promises');
      const { readFile: real } = promises;
      const reading = t.mock.method(promises, 'readFile', async (file, ...values) => {
        if (String(file).includes(spoilt.id) && String(file).endsWith('entry.json')) throw Object.assign(new Error(code), { code });
        return real(file, ...values);
      });
      const kinds = Object.fromEntries((await stage.sender(person, { outbox }).pending()).map(({ id, kind }) => [id, kind]));
      reading.mock.restore();
      assert.deepEqual(kinds, { [whole.id]: 'photos', [spoilt.id]: 'damaged' });
    }
  });

  test("what is somebody else's in the folder hinders nothing, and stays", async () => {
    const person = await stage.person();
    const { outbox, folder, whole, spoilt } = await damagedFolder(person, async () => {});
    const at = path.join(folder, person.id);
    const strange = crypto.randomUUID();
    await writeFile(path.join(at, 'notes'), 'mine');
    await writeFile(path.join(at, strange), 'mine');
    await symlink('/nowhere', path.join(at, crypto.randomUUID()));
    const kept = ['backup', crypto.randomUUID()].map((name) => path.join(at, name));
    for (const each of kept) {
      await mkdir(each);
      await writeFile(path.join(each, 'letter.txt'), 'mine');
      await utimes(each, new Date(0), new Date(0));
    }
    for (const file of ['notes', strange]) await utimes(path.join(at, file), new Date(0), new Date(0));
    const sender = stage.sender(person, { outbox });
    assert.deepEqual((await sender.pending()).map(({ id }) => id).sort(), [whole.id, spoilt.id].sort());
    for (const job of await sender.resume()) assert.equal((await job.done).ok, true);
    for (const file of ['notes', strange]) assert.equal(await readFile(path.join(at, file), 'utf8'), 'mine');
    for (const each of kept) assert.equal(await readFile(path.join(each, 'letter.txt'), 'utf8'), 'mine');
  });

  test('a folder that goes while a record is written loses what was in it, and leaves nothing half done', async (t) => {
    const person = await stage.person();
    const folder = path.join(home, 'goes');
    const outbox = await stage.module.createFolderOutbox(folder);
    const promises = process.getBuiltinModule('node:fs/promises');
    const { rename: real } = promises;
    let records = 0;
    t.mock.method(promises, 'rename', async (...values) => {
      if (++records === 4) await rm(folder, { recursive: true, maxRetries: 10 });
      return real(...values);
    });
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('goes', 4) });
    const { photos } = await job.done;
    assert.ok(photos.every(({ ok, error }) => ok || error.code === 'internal'));
    await expectProject(stage, job.projectId, photos.filter((photo) => photo.ok).map((photo) => photo.id));
    assert.deepEqual(await stage.sender(person, { outbox }).pending(), []);
  });

  test('a disk that is full leaves no lock of nobody', async (t) => {
    const person = await stage.person();
    const { outbox, whole } = await damagedFolder(person, async () => {});
    const promises = process.getBuiltinModule('node:fs/promises');
    const { writeFile: real } = promises;
    t.mock.method(promises, 'writeFile', async (file, data, ...values) => {
      await real(file, '', ...values); // the name fits, the bytes do not
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    }, { times: 1 });
    await assert.rejects(outbox.lock(person.id, whole.id), { code: 'ENOSPC' });
    const release = await outbox.lock(person.id, whole.id);
    assert.ok(release);
    await release();
  });

  test('bytes that are gone or cut are told of that photo; the other arrives', async () => {
    for (const spoil of [(file) => rm(file), (file) => writeFile(file, 'x')]) {
      const person = await stage.person();
      const { outbox, spoilt } = await damagedFolder(person, async (at) => {
        await spoil(path.join(at, `file-${spoiltPhoto(at)}`));
      });
      const jobs = await stage.sender(person, { outbox }).resume();
      const { photos } = await jobs.find((job) => job.id === spoilt.id).done;
      assert.deepEqual(photos.map((photo) => photo.error?.code ?? 'ok').sort(), ['internal', 'ok']);
      await Promise.all(jobs.map((job) => job.done));
      await expectProject(stage, spoilt.projectId, photos.filter((photo) => photo.ok).map((photo) => photo.id));
    }
  });
  const spoiltPhoto = (at) => readdirSync(at).filter((name) => /^file-.*(?<!thumb)\.jpg$/.test(name)).map((name) => name.slice(5))[0];

  test('a disk that cannot be read now keeps the photo', async () => {
    const person = await stage.person();
    const memory = stage.module.createMemoryOutbox();
    const outbox = { ...memory, file: async () => Promise.reject(Object.assign(new Error('too many open files'), { code: 'EMFILE' })) };
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('later', 2) });
    await errorFrom(job.done);
    assert.equal(job.kept, true);
    const [again] = await stage.sender(person, { outbox: memory }).resume();
    assert.equal((await again.done).ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('what a process left that died before its entry was whole is swept away in time', async () => {
    const folder = path.join(home, 'swept');
    const outbox = await stage.module.createFolderOutbox(folder);
    const owner = crypto.randomUUID();
    const [young, old, held] = [1, 2, 3].map(() => path.join(folder, owner, crypto.randomUUID()));
    for (const at of [young, old, held]) {
      await mkdir(at, { recursive: true });
      await writeFile(path.join(at, 'file-x.jpg'), 'x');
    }
    await writeFile(path.join(held, 'lock'), `${process.pid} somebody`);
    for (const at of [old, held]) await utimes(at, new Date(0), new Date(0));
    assert.deepEqual(await outbox.list(owner), []);
    assert.deepEqual((await readdir(path.join(folder, owner))).sort(), [young, held].map((at) => path.basename(at)).sort());
  });
});

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
