// A sender over an outbox in a folder that is damaged, full, strange or cannot be read.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ownFolder } from './kit/folders.mjs';
import { photosOf } from './kit/photos.mjs';
import { errorFrom, expectProject, loopbackStage, project } from './kit/stage.mjs';

const home = ownFolder();
let stage;
before(async () => void (stage = await loopbackStage()));
after(() => stage.close());

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
    (entry) => (entry.items[0].row = []), (entry) => (entry.items = [{ id: 5 }]), (entry) => (entry.removes = [{ id: 5 }]), (entry) => (entry.removes = [{ id: 'x', row: {}, bucket: 'photos', paths: 'x' }]),
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
