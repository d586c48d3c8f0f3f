// Bad input and bad moments: each ends as its code, with nothing half done.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { errorFrom, expectProject, inProcessStage, project } from './kit/stage.mjs';

let stage;
let person;
let sender;
before(async () => {
  stage = await inProcessStage();
  person = await stage.person();
  sender = stage.sender(person);
});
after(() => stage.close());

/** Objects whose path names the id. */
const objectsOf = async (id) => [...(await stage.truth()).objects.keys()].filter((path) => path.includes(id));

test('options that cannot work are refused by name', () => {
  const good = { client: person.client, url: person.url, key: person.key, core: stage.core };
  for (const [name, value] of [['client', {}], ['url', 'example.org'], ['url', 'https://x.org/?a'], ['key', ''], ['core', null], ['uploads', 0], ['uploads', 2.5], ['idleMs', -1]]) {
    assert.throws(() => stage.module.createSender({ ...good, [name]: value }), (error) => error.code === 'invalid_option' && error.option === name);
  }
  assert.throws(() => sender.send({ project: project(), photos: [], projectId: '../x' }), { code: 'invalid_option' });
  assert.throws(() => sender.append('NOT-A-UUID', []), { code: 'invalid_option' });
});

test('a misspelt name is refused with the names there are', async () => {
  const good = { client: person.client, url: person.url, key: person.key, core: stage.core };
  const id = crypto.randomUUID();
  for (const [call, option] of [
    [() => stage.module.createSender({ ...good, upload: 2 }), 'upload'],
    [() => stage.module.createSender({ ...good, retry: Object.create({ attemps: 2 }) }), 'retry.attemps'],
    [() => sender.send({ project: project(), photos: [], projectid: id }), 'projectid'],
    [() => sender.append(id, [], { removeEmpty: true }), 'removeEmpty'],
    [() => sender.append(id, [], { removeEmptyProject: 'yes' }), 'removeEmptyProject'],
    [() => sender.append(id, [], new AbortController().signal), 'aborted'],
    [() => sender.reorder(id, [], { signals: null }), 'signals'],
    [() => sender.updateProject(id, {}, null), 'options'],
    [() => sender.remove(undefined), 'ids'],
  ]) {
    await assert.rejects(async () => call(), (error) => error.code === 'invalid_option' && error.option === option, option);
  }
});

test('an outbox in a folder that cannot be written to is the caller\'s error, without its path', async (t) => {
  const file = path.join(tmpdir(), `outbox-${crypto.randomUUID()}`);
  await writeFile(file, 'no folder');
  t.after(() => rm(file));
  const folders = [file, path.join(file, 'deeper'), ...(existsSync('/proc') ? ['/proc/no/folder'] : [])];
  for (const folder of folders) {
    const outbox = await stage.module.createFolderOutbox(folder);
    const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('folder', 1) });
    const error = await errorFrom(job.done);
    assert.deepEqual([error.code, error.option, job.kept], ['invalid_option', 'outbox', false]);
    assert.match(error.message, /^Expected a folder that can be written to for outbox but received "E[A-Z]+"\.$/);
  }
});


test('no session at all', async () => {
  const client = { auth: { getSession: async () => ({ data: { session: null }, error: null }), refreshSession: async () => ({ data: { session: null }, error: null }) } };
  const job = stage.sender({ ...person, client }).send({ project: project(), photos: photosOf('nobody', 1) });
  assert.equal((await errorFrom(job.done)).code, 'sign_in_required');
  assert.equal(job.kept, false, 'without an owner nothing can be kept');
});

test("somebody else's project", async () => {
  const other = await stage.person();
  const theirs = stage.sender(other).send({ project: project(), photos: photosOf('theirs', 2) });
  await theirs.done;
  const job = sender.append(theirs.projectId, photosOf('intruder', 2));
  assert.equal((await errorFrom(job.done)).code, 'not_found');
  assert.equal(job.kept, false);
  const taken = sender.send({ project: project(), photos: photosOf('taken', 1), projectId: theirs.projectId });
  assert.equal((await errorFrom(taken.done)).code, 'already_exists');
  assert.equal((await errorFrom(sender.remove(theirs.photoIds[0]))).code, 'not_found');
  assert.equal((await errorFrom(sender.replace(theirs.photoIds[0], preparedPhoto('mine')).done)).code, 'not_found');
  await expectProject(stage, theirs.projectId, theirs.photoIds);
});

test('a project that is being processed, before and in the middle', async () => {
  const job = sender.send({ project: project(), photos: photosOf('busy', 2) });
  await job.done;
  const process = (status) => stage.query('update public.video_projects set status = $1 where id = $2', [status, job.projectId]);
  await process('processing');
  assert.equal((await errorFrom(sender.append(job.projectId, photosOf('late', 1)).done)).code, 'project_busy');
  assert.equal((await errorFrom(sender.reorder(job.projectId, job.photoIds.toReversed()))).code, 'project_busy');
  assert.equal((await errorFrom(sender.remove(job.photoIds[0]))).code, 'project_busy');
  assert.deepEqual(await sender.pending(), []);
  await process('draft');
  const more = sender.append(job.projectId, photosOf('between', 3));
  let changed;
  more.on((event) => event.type === 'photo' && event.state === 'stored' && (changed ??= process('processing')));
  const { photos } = await more.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code), ['project_busy', 'project_busy', 'project_busy']);
  await expectProject(stage, job.projectId, job.photoIds);
  await process('draft');
});

test('a 21st photo that another device added between check and insert', async () => {
  const job = sender.send({ project: project(), photos: photosOf('device', 18) });
  await job.done;
  const more = sender.append(job.projectId, photosOf('three', 3));
  const other = stage.sender(person);
  let theirs;
  more.on((event) => {
    if (event.type === 'photo' && event.state === 'sending') theirs ??= other.append(job.projectId, photosOf('other', 1));
    if (event.type === 'photo' && event.state === 'stored') more.otherDone ??= theirs.done;
  });
  const { photos } = await more.done;
  await theirs.done;
  const ok = photos.filter((photo) => photo.ok).map((photo) => photo.id);
  const refused = photos.filter((photo) => !photo.ok);
  const rows = (await stage.truth()).photos.filter((row) => row.project_id === job.projectId).map((row) => row.id);
  assert.equal(rows.length, 20);
  assert.deepEqual(rows.slice(0, 18), job.photoIds);
  assert.deepEqual(new Set(rows.slice(18)), new Set([...ok, ...(await theirs.done).photos.filter((photo) => photo.ok).map((photo) => photo.id)]));
  for (const { id, error } of refused) {
    assert.deepEqual([error.code, error.limit], ['too_many_photos', 20]);
    assert.deepEqual(await objectsOf(id), []);
  }
  await expectProject(stage, job.projectId, rows);
});

test('21 photos at once: the first twenty are stored', async () => {
  const job = sender.send({ project: project(), photos: photosOf('many', 22) });
  const { photos, ok } = await job.done;
  assert.equal(ok, false);
  assert.deepEqual(photos.filter((photo) => !photo.ok).map((photo) => [photo.index, photo.error.code]), [[20, 'too_many_photos'], [21, 'too_many_photos']]);
  await expectProject(stage, job.projectId, job.photoIds.slice(0, 20));
});

test('a row with a fault of its own: the sound ones are stored, it gets its code and loses its objects', async () => {
  const spoil = { 1: { file_size_bytes: 0 }, 3: { mime_type: 'image/gif' }, 4: { width: 1, height: null }, 5: { metadata: [1] } };
  let index = -1;
  const core = { ...stage.core, photoPayload: async (...values) => ({ ...(await stage.core.photoPayload(...values)), ...spoil[++index] }) };
  const job = stage.sender(person, { core }).send({ project: project(), photos: photosOf('spoiled', 7) });
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code ?? 'ok'), ['ok', 'output_too_large', 'ok', 'unsupported_type', 'invalid_payload', 'invalid_payload', 'ok']);
  assert.deepEqual(photos[4].error.issues.map(({ path, code }) => [path, code]), [['/width', 'out_of_range']]);
  assert.equal(photos[4].error.issues[0].message, 'Out of range.', 'a sentence without holes where no figures are known');
  await expectProject(stage, job.projectId, [0, 2, 6].map((each) => job.photoIds[each]));
});

test('a row that the core refuses is never sent', async () => {
  let index = -1;
  const refusal = Object.assign(new stage.module.PhotoError('invalid_payload', 'No.'), {});
  const core = { ...stage.core, photoPayload: async (...values) => (++index === 1 ? Promise.reject(refusal) : stage.core.photoPayload(...values)) };
  const job = stage.sender(person, { core }).send({ project: project(), photos: photosOf('refused', 3) });
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code ?? 'ok'), ['ok', 'invalid_payload', 'ok']);
  await expectProject(stage, job.projectId, [job.photoIds[0], job.photoIds[2]]);
});

test('an object that the bucket refuses', async () => {
  const gif = { ...preparedPhoto('gif'), mimeType: 'image/gif' };
  const huge = preparedPhoto('huge', { bytes: 11 * 1024 * 1024 });
  const job = sender.send({ project: project(), photos: [preparedPhoto('good'), gif, huge] });
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code ?? 'ok'), ['ok', 'unsupported_type', 'output_too_large']);
  for (const { error } of photos.slice(1)) assert.doesNotMatch(error.message, /[{}?]|: \.|  /);
  await expectProject(stage, job.projectId, [job.photoIds[0]]);
});

test('a project that the database refuses', async () => {
  const job = sender.send({ project: { ...project(), duration_minutes: 99 }, photos: photosOf('long', 2) });
  const error = await errorFrom(job.done);
  assert.equal(error.code, 'invalid_payload');
  assert.deepEqual(error.issues.map(({ path }) => path), ['/duration_minutes']);
  assert.deepEqual(await objectsOf(job.projectId), []);
  assert.deepEqual(await sender.pending(), []);
});

test('an empty project is removed only when asked', async () => {
  for (const removeEmptyProject of [false, true]) {
    const gif = { ...preparedPhoto('gif'), mimeType: 'image/gif' };
    const job = sender.send({ project: project(), photos: [gif] }, { removeEmptyProject });
    assert.equal((await job.done).ok, false);
    assert.equal((await stage.truth()).projects.some((row) => row.id === job.projectId), !removeEmptyProject);
  }
});

test('a full quota is told before any byte, with its figures', async () => {
  const poor = await stage.person({ plan: 'free' });
  await stage.query(`update public.plan_limits set max_storage_bytes = 5000 where plan_id = 'free'`);
  const job = stage.sender(poor).send({ project: project(), photos: photosOf('quota', 10) });
  const error = await errorFrom(job.done);
  assert.deepEqual([error.code, error.limit, error.actual], ['quota_exceeded', 5000, 6000]);
  assert.deepEqual(await objectsOf(poor.id), []);
  assert.equal((await stage.truth()).projects.some((row) => row.user_id === poor.id), false);
  const small = stage.sender(poor).send({ project: project(), photos: photosOf('fits', 8) });
  assert.equal((await small.done).ok, true);
  // The figure comes from the database itself, too, when the question was answered too early.
  const late = stage.sender(poor, { core: { ...stage.core, photoPayload: async (...values) => ({ ...(await stage.core.photoPayload(...values)) }) } });
  await stage.query(`update public.plan_limits set max_storage_bytes = 9000 where plan_id = 'free'`);
  const more = late.append(small.projectId, photosOf('late', 3));
  let changed;
  more.on((event) => event.type === 'photo' && event.state === 'sending' && (changed ??= stage.query(`update public.plan_limits set max_storage_bytes = 5500 where plan_id = 'free'`)));
  const outcome = await more.done;
  assert.deepEqual(outcome.photos.map((photo) => photo.error?.code ?? 'ok'), ['ok', 'quota_exceeded', 'quota_exceeded']);
  assert.equal(outcome.photos[1].error.limit, 5500);
  await expectProject(stage, small.projectId, [...small.photoIds, more.photoIds[0]]);
});

test('too many projects this month', async () => {
  const poor = await stage.person({ plan: 'free' });
  await stage.query(`update public.plan_limits set projects_per_month = 1 where plan_id = 'free'`);
  const one = stage.sender(poor).send({ project: project(), photos: [] });
  assert.equal((await one.done).ok, true);
  const error = await errorFrom(stage.sender(poor).send({ project: project(), photos: photosOf('month', 1) }).done);
  assert.deepEqual([error.code, error.limit, error.actual], ['quota_exceeded', 1, 2]);
});

test('files far over the quota, of which no row tells: the database says so in its own words, and so does the sender', async () => {
  const hoarder = await stage.person({ plan: 'pro' });
  await stage.query('insert into private.stored_bytes (account, bytes) values ($1, 1e12)', [hoarder.id]);
  const job = stage.sender(hoarder).send({ project: project(), photos: photosOf('hoard', 2) });
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.code), ['quota_exceeded', 'quota_exceeded']);
  // A policy's refusal stays as short as Storage tells it.
  const { error } = await hoarder.client.storage.from('photos').upload(`${crypto.randomUUID()}/a/b.jpg`, new Uint8Array(9), { contentType: 'image/jpeg' });
  assert.equal(error.message, 'new row violates row-level security policy');
});
