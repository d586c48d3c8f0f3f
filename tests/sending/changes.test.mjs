// What changes after a project is sent: order, photos, text; the media library and the avatar.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { noFaults } from './kit/proxy.mjs';
import { createClient } from '@supabase/supabase-js';
import { emptyStorageDeletions } from '../../schema/jobs/storage_deletions.mjs';
import { errorFrom, expectProject, fetchWith, inProcessStage, isInsert, loopbackStage, project } from './kit/stage.mjs';

let stage;
let person;
let sender;
before(async () => {
  stage = await loopbackStage();
  person = await stage.person();
  sender = stage.sender(person);
});
after(() => stage.close());

const sent = async (count, mark = 'base') => {
  const job = sender.send({ project: project(), photos: photosOf(mark, count) });
  await job.done;
  return job;
};

test('reorder puts photos into the order of their ids', async () => {
  const { projectId, photoIds } = await sent(5);
  const order = [photoIds[3], photoIds[0], photoIds[4], photoIds[2], photoIds[1]];
  await sender.reorder(projectId, order);
  await expectProject(stage, projectId, order);
  await sender.reorder(projectId, order);
  await expectProject(stage, projectId, order);
});

test('photos are appended after one that has the largest place there is', async () => {
  const { projectId, photoIds } = await sent(3, 'edge');
  await stage.query('update public.photos set upload_order = 2147483647 where id = $1', [photoIds[2]]);
  const job = sender.append(projectId, photosOf('after', 2));
  const { photos } = await job.done;
  assert.deepEqual(photos.map((photo) => photo.error?.detail ?? 'ok'), ['ok', 'ok']);
  await expectProject(stage, projectId, [...photoIds, ...job.photoIds]);
});

test('remove takes the row and its objects', async () => {
  const { projectId, photoIds } = await sent(4);
  await sender.remove([photoIds[1], photoIds[2]]);
  await expectProject(stage, projectId, [photoIds[0], photoIds[3]]);
  await sender.remove(photoIds[0]);
  await expectProject(stage, projectId, [photoIds[3]]);
  assert.equal((await errorFrom(sender.remove(photoIds[0]))).code, 'not_found');
});

test('replace keeps the place, in a project with room and in a full one', async () => {
  for (const count of [3, 20]) {
    const { projectId, photoIds } = await sent(count, `of-${count}`);
    const job = sender.replace(photoIds[1], preparedPhoto('better'));
    assert.equal((await job.done).ok, true);
    await expectProject(stage, projectId, photoIds.with(1, job.photoIds[0]));
  }
});

test('replace under lost replies ends the same way', async () => {
  const { projectId, photoIds } = await sent(20, 'shaky');
  for (const kind of ['drop_after', 'drop_before']) {
    let number = 0;
    const place = kind === 'drop_after' ? 2 : 3;
    const { photos } = await stage.truth();
    const old = photos.filter((row) => row.project_id === projectId)[place].id;
    stage.proxy.plan = () => (number++ % 2 === 0 ? { kind } : null);
    const job = sender.replace(old, preparedPhoto(`again ${kind}`));
    await job.done;
    stage.proxy.plan = noFaults;
    photoIds[place] = job.photoIds[0];
    await expectProject(stage, projectId, photoIds);
  }
});

test('a full project gets its old photo back when the new one is refused', async () => {
  const { projectId, photoIds } = await sent(20, 'back');
  const core = { ...stage.core, photoPayload: async (...values) => ({ ...(await stage.core.photoPayload(...values)), width: 5, height: null }) };
  const job = stage.sender(person, { core }).replace(photoIds[4], preparedPhoto('refused'));
  const [outcome] = (await job.done).photos;
  assert.equal(outcome.ok, false);
  assert.equal(outcome.error.code, 'invalid_payload');
  const { photos } = await stage.truth();
  assert.deepEqual(new Set(photos.filter((row) => row.project_id === projectId).map((row) => row.id)), new Set(photoIds));
  await expectProject(stage, projectId, photoIds);
});

test('updateProject changes what is named and nothing else', async () => {
  const { projectId } = await sent(1);
  await sender.updateProject(projectId, { title_i18n: { en: 'New', ko: '새' }, style: 'vintage' });
  const { rows } = await stage.query('select title_i18n, style, duration_minutes from public.video_projects where id = $1', [projectId]);
  assert.deepEqual(rows[0], { title_i18n: { en: 'New', ko: '새' }, style: 'vintage', duration_minutes: 2 });
  assert.equal((await errorFrom(sender.updateProject(crypto.randomUUID(), { style: 'modern' }))).code, 'not_found');
});

test('a media item has its object and row, and both go', async () => {
  const job = sender.sendMediaItem(preparedPhoto('library'));
  const [item] = (await job.done).photos;
  const { rows } = await stage.query('select file_url, thumbnail_url, file_type, user_id from public.media_items where id = $1', [item.id]);
  assert.deepEqual(rows[0], { file_url: item.fileUrl, thumbnail_url: item.thumbnailUrl, file_type: 'image', user_id: person.id });
  assert.ok((await stage.truth()).objects.has(`media/${item.fileUrl}`));
  await sender.removeMediaItem(item.id);
  assert.equal((await stage.truth()).objects.has(`media/${item.fileUrl}`), false);
});

test('a new avatar takes the place of the old one', async () => {
  const avatarOf = async () => (await stage.query('select avatar_url from public.users where id = $1', [person.id])).rows[0].avatar_url;
  const avatars = async () => [...(await stage.truth()).objects.keys()].filter((path) => path.startsWith(`avatars/${person.id}/`));
  for (const mark of ['first', 'second']) {
    const [{ fileUrl }] = (await sender.sendAvatar(preparedPhoto(mark)).done).photos;
    assert.equal(await avatarOf(), fileUrl);
    assert.deepEqual(await avatars(), [`avatars/${fileUrl}`]);
  }
  const large = await errorFrom(sender.sendAvatar(preparedPhoto('large', { bytes: 3_000_000, thumbnail: false })).done);
  assert.deepEqual([large.code, large.limit], ['output_too_large', 2 * 1024 * 1024]);
});

test('an avatar that was cancelled does not come back in the place of a later one', async (t) => {
  const own = await inProcessStage();
  t.after(() => own.close());
  for (const when of ['before', 'after']) {
    const person = await own.person();
    const outbox = own.module.createMemoryOutbox();
    await own.sender(person, { outbox }).sendAvatar(preparedPhoto('there')).done;
    let first = null;
    const fetch = fetchWith(own, async ({ method, path, init, real }) => {
      if (method !== 'PATCH' || path !== '/rest/v1/users' || first === null) return null;
      if (when === 'after') await real();
      first.cancel();
      first = null;
      throw init.signal.reason;
    });
    const sender = own.sender(person, { outbox, fetch });
    first = sender.sendAvatar(preparedPhoto('first'));
    const cancelled = errorFrom(first.done);
    const [{ fileUrl }] = (await sender.sendAvatar(preparedPhoto('second')).done).photos;
    assert.equal((await cancelled).code, 'cancelled');
    sender.close();
    for (const job of await own.sender(person, { outbox }).resume()) await job.done.catch(() => {});
    const { objects, users } = await own.truth();
    assert.equal(users.find(({ id }) => id === person.id).avatar_url, fileUrl, `${when} the profile was told`);
    assert.deepEqual([...objects.keys()].filter((path) => path.includes(person.id)), [`avatars/${fileUrl}`]);
    assert.deepEqual(await outbox.list(person.id), []);
  }
});

/** A stage in this process, and the job that removes the files of deleted rows, as it runs every few minutes. */
async function stageWithJob() {
  const own = await inProcessStage();
  const service = createClient('http://localhost', own.backend.keys.secret, {
    global: { fetch: (input, init) => own.backend.fetch(input, init) },
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: class {} },
  });
  return Object.assign(own, { runJob: () => emptyStorageDeletions(service) });
}

test('an old photo whose file the job removed meanwhile does not come back without it', async () => {
  const own = await stageWithJob();
  try {
    const somebody = await own.person();
    const { projectId, photoIds } = await own.sender(somebody).send({ project: project(), photos: photosOf('old', 20) }).done
      .then((result) => ({ projectId: result.projectId, photoIds: result.photos.map((photo) => photo.id) }));
    const core = { ...own.core, photoPayload: async (...values) => ({ ...(await own.core.photoPayload(...values)), width: 5, height: null }) };
    let runs = 0;
    const fetch = fetchWith(own, async (request) => {
      if (isInsert(request) && runs++ === 0) assert.deepEqual(await own.runJob(), { removed: 2, failed: 0 });
      return null;
    });
    const [outcome] = (await own.sender(somebody, { core, fetch }).replace(photoIds[4], preparedPhoto('refused')).done).photos;
    assert.equal(outcome.error.code, 'invalid_payload');
    await expectProject(own, projectId, photoIds.toSpliced(4, 1));
  } finally {
    await own.close();
  }
});

test('rows that come again after somebody removed them bring their files again', async () => {
  const own = await stageWithJob();
  try {
    const somebody = await own.person();
    const fetch = fetchWith(own, async (request) => {
      if (!isInsert(request) || !cut) return null;
      await request.real();
      throw new TypeError('fetch failed');
    });
    let cut = true;
    const sender = own.sender(somebody, { fetch, retry: { attempts: 1 } });
    const job = sender.send({ project: project(), photos: photosOf('twice', 2) });
    assert.equal((await errorFrom(job.done)).code, 'network');
    cut = false;
    await own.sender(somebody).remove(job.photoIds);
    await own.runJob();
    const [again] = await sender.resume();
    assert.equal((await again.done).ok, true);
    await expectProject(own, job.projectId, job.photoIds);
  } finally {
    await own.close();
  }
});
