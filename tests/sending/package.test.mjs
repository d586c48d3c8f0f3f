// The package as it is built: photos prepared by the real core, rows checked by it, sent by dist/supabase.js.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPhotoCore } from '../../wasm/dist/index.js';
import { createMemoryOutbox, createSender, isPhotoError } from '../../wasm/dist/supabase.js';
import { openBackend } from '../../web-demo/backend/node.mjs';
import { installed } from './kit/installed.mjs';
import { newPerson, truth } from './kit/people.mjs';
import { jpegOf } from './kit/photos.mjs';

let backend;
let core;
let person;
let sender;
before(async () => {
  backend = await openBackend(await installed());
  core = await createPhotoCore({ workers: 0 });
  person = await newPerson(backend, { url: 'http://localhost', fetch: backend.fetch });
  sender = createSender({ client: person.client, url: person.url, key: person.key, core, fetch: backend.fetch, outbox: createMemoryOutbox() });
});
after(async () => {
  core?.close();
  await backend?.close();
});

const prepared = async (mark) => core.prepare(new File([jpegOf(mark)], `${mark}.jpg`, { type: 'image/jpeg' }));

test('prepared photos arrive with the rows that the core made', async () => {
  const photos = await Promise.all(['one', 'two', 'three'].map(prepared));
  const job = sender.send({ project: { title_i18n: { en: 'Trip', de: 'Reise' }, style: 'cinematic', duration_minutes: 3 }, photos });
  const result = await job.done;
  assert.equal(result.ok, true, JSON.stringify(result.photos));
  const held = await truth(backend);
  assert.deepEqual(held.photos.map((row) => row.id), job.photoIds);
  for (const [index, row] of held.photos.entries()) {
    assert.equal(held.objects.get(`photos/${row.file_url}`), photos[index].bytes);
    assert.equal(held.objects.get(`photos/${row.thumbnail_url}`), photos[index].thumbnail.size);
  }
  const { rows } = await backend.query('select metadata, width, height, mime_type, original_filename from public.photos where id = $1', [job.photoIds[1]]);
  assert.deepEqual(
    [rows[0].metadata.sha256, rows[0].metadata.photo_sha256, rows[0].width, rows[0].mime_type, rows[0].original_filename],
    [photos[1].sha256, photos[1].photoSha256, photos[1].width, photos[1].mimeType, 'two.jpg'],
  );
  await sender.updateProject(job.projectId, { style: 'vintage' });
  const changed = await backend.query('select style, duration_minutes from public.video_projects where id = $1', [job.projectId]);
  assert.deepEqual(changed.rows[0], { style: 'vintage', duration_minutes: 3 });
});

test('a draft that the core refuses sends nothing, and says everything that is wrong', async () => {
  const job = sender.send({ project: { title_i18n: { xx: 'Trip' }, duration_minutes: 99 }, photos: [await prepared('refused')] });
  const error = await job.done.catch((reason) => reason);
  assert.ok(isPhotoError(error));
  assert.equal(error.code, 'invalid_payload');
  assert.ok(error.issues.length >= 2);
  assert.deepEqual(await sender.pending(), []);
  assert.equal((await truth(backend)).projects.some((row) => row.id === job.projectId), false);
});

test('a media item and an avatar', async () => {
  assert.equal((await sender.sendMediaItem(await prepared('library')).done).ok, true);
  assert.equal((await sender.sendAvatar(await prepared('me')).done).ok, true);
});
