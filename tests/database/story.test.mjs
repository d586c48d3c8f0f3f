// The stories of a person, told by supabase-js against the local backend.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openStory, photoRow } from './backend.mjs';
import { repository } from './migrations.mjs';

let story;
let ann;
let bob;
let project;
const picture = new Blob([new Uint8Array(1000).fill(7)], { type: 'image/jpeg' });

before(async () => {
  story = await openStory();
});
after(() => story?.close());

const good = ({ data, error }) => {
  assert.equal(error, null, error && JSON.stringify(error));
  return data;
};
const bad = ({ error, status }, code, expectedStatus) => {
  assert.ok(error, `expected ${code}, got no error`);
  assert.equal(error.code ?? error.error, code, JSON.stringify(error));
  if (expectedStatus) assert.equal(status, expectedStatus, JSON.stringify(error));
  return error;
};

test('sign-up makes the profile', async () => {
  ann = await story.person('ann', { language: 'ko', timezone: 'Asia/Seoul' });
  bob = await story.person('bob');
  const profile = good(await ann.from('users').select('*').single());
  assert.deepEqual(
    [profile.id, profile.email, profile.display_name, profile.language, profile.timezone, profile.subscription_plan, Number(profile.total_storage_bytes)],
    [ann.userId, 'ann@example.com', 'ann', 'ko', 'Asia/Seoul', 'free', 0],
  );
});

test('a person changes the profile, but not the plan', async () => {
  good(await ann.from('users').update({ display_name: 'Ann 안나', language: 'de' }).eq('id', ann.userId));
  bad(await ann.from('users').update({ subscription_plan: 'enterprise' }).eq('id', ann.userId), '42501', 403);
  bad(await ann.from('users').update({ total_storage_bytes: 0 }).eq('id', ann.userId), '42501', 403);
  bad(await ann.from('users').update({ timezone: 'Mars/Olympus' }).eq('id', ann.userId), '23514', 400);
  assert.equal(good(await ann.from('users').select('display_name').single()).display_name, 'Ann 안나');
});

test('project, files, rows: in this order', async () => {
  const id = crypto.randomUUID();
  const early = await ann.storage.from('photos').upload(`${ann.userId}/${id}/early.jpg`, picture, { contentType: 'image/jpeg' });
  assert.ok(early.error, 'no file before its project');
  project = good(await ann.from('video_projects').insert({ id, title_i18n: { ko: '여행', en: 'Trip' }, style: 'cinematic' }).select().single());
  assert.equal(project.user_id, ann.userId);
  const rows = [];
  for (let n = 0; n < 3; n += 1) rows.push(photoRow(ann, id));
  for (const row of rows) good(await ann.storage.from('photos').upload(row.file_url, picture, { contentType: 'image/jpeg' }));
  const stored = good(await ann.from('photos').insert(rows).select('id, upload_order').order('upload_order'));
  assert.deepEqual(stored.map((row) => row.id), rows.map((row) => row.id), 'in the order of the request');
  assert.equal(good(await ann.from('video_projects').select('photo_count').eq('id', id).single()).photo_count, 3);
  assert.equal(Number(good(await ann.from('users').select('total_storage_bytes').single()).total_storage_bytes), 3000);
  const signed = good(await ann.storage.from('photos').createSignedUrl(rows[0].file_url, 60));
  assert.match(signed.signedUrl, /token=/);
});

test('the same rows again are told as such', async () => {
  const row = photoRow(ann, project.id);
  good(await ann.from('photos').insert(row));
  const error = bad(await ann.from('photos').insert(row), '23505', 409);
  assert.match(error.message, /photos_pkey/);
  good(await ann.from('photos').delete().eq('id', row.id));
});

test('what the table refuses arrives as 23514 with the constraint', async () => {
  for (const [differently, constraint] of [
    [{ width: 4, height: null }, 'valid_dimensions'], [{ file_size_bytes: 10485761 }, 'valid_file_size'],
    [{ mime_type: 'image/gif' }, 'valid_mime_type'], [{ file_url: `${bob.userId}/${project.id}/x.jpg` }, 'valid_file_url'],
  ]) {
    const error = bad(await ann.from('photos').insert(photoRow(ann, project.id, differently)), '23514', 400);
    assert.match(error.message, new RegExp(constraint));
  }
  const error = bad(await ann.from('photos').insert(Array.from({ length: 18 }, () => photoRow(ann, project.id))), '23514', 400);
  assert.match(error.message, /valid_photo_count/);
});

test('another sees nothing, and writes nothing', async () => {
  for (const table of ['video_projects', 'photos', 'generated_videos', 'media_items', 'subscriptions', 'payment_methods', 'invoices', 'user_dashboard_stats']) {
    const rows = good(await bob.from(table).select('*'));
    assert.ok(rows.every((row) => row.id === bob.userId), `bob sees rows of ${table}`);
  }
  bad(await bob.from('photos').insert(photoRow(bob, project.id)), '42501', 403);
  assert.deepEqual(good(await bob.from('photos').delete().neq('id', bob.userId).select()), []);
  assert.deepEqual(good(await bob.from('video_projects').update({ style: 'modern' }).eq('id', project.id).select()), []);
  assert.ok((await bob.storage.from('photos').upload(`${ann.userId}/${project.id}/x.jpg`, picture, { contentType: 'image/jpeg' })).error);
  const { file_url: path } = good(await ann.from('photos').select('file_url').limit(1).single());
  assert.ok((await bob.storage.from('photos').download(path)).error, 'bob reads no file of ann');
  assert.ok((await bob.storage.from('photos').createSignedUrl(path, 60)).error, 'bob signs no file of ann');
});

test('without signing in, plan limits and nothing else', async () => {
  const anonymous = story.anonymous();
  assert.equal(good(await anonymous.from('plan_limits').select('*')).length, 3);
  assert.ok((await anonymous.from('users').select('*')).error);
  assert.ok((await anonymous.from('video_projects').insert({ style: 'modern' })).error);
  assert.ok((await anonymous.rpc('check_quota', { resource: 'storage_bytes', amount: 1 })).error);
});

test('the key of the service is the backend\'s own: any page may ask on loopback, and the sources are public', async () => {
  const other = await openStory();
  const ask = ({ keys: { secret } }) => story.fetch('http://127.0.0.1/rest/v1/users?select=id', { headers: { apikey: secret, authorization: `Bearer ${secret}` } });
  try {
    assert.equal((await ask(story)).status, 200);
    assert.equal((await ask(other)).status, 401);
  } finally {
    await other.close();
  }
});

test('the order of the photos changes in one call', async () => {
  const { data: before } = await ann.from('photos').select('id').eq('project_id', project.id).order('upload_order');
  const ids = before.map((row) => row.id).reverse();
  assert.deepEqual(good(await ann.rpc('reorder_photos', { project: project.id, ids })).map((row) => row.id), ids);
  bad(await ann.rpc('reorder_photos', { project: crypto.randomUUID(), ids }), 'PT404', 404);
  bad(await bob.rpc('reorder_photos', { project: project.id, ids }), 'PT404', 404);
});

test('while a video is made the photos stay', async () => {
  const video = good(await ann.rpc('request_video_generation', { project: project.id, prompt: 'waves' }));
  assert.equal(video.status, 'queued');
  bad(await ann.from('photos').insert(photoRow(ann, project.id)), 'PT409', 409);
  bad(await ann.from('photos').delete().eq('project_id', project.id), 'PT409', 409);
  bad(await ann.rpc('request_video_generation', { project: project.id, prompt: 'more' }), 'PT409', 409);
  bad(await ann.from('generated_videos').update({ status: 'completed' }).eq('id', video.id), '42501', 403);
  const service = story.service();
  good(await service.from('generated_videos').update({ status: 'completed', file_url: `${ann.userId}/v.mp4`, progress_percentage: 100 }).eq('id', video.id));
  assert.equal(good(await ann.from('video_projects').select('status').eq('id', project.id).single()).status, 'completed');
  assert.equal(Number(good(await ann.from('monthly_usage_summary').select('*').single()).videos_generated), 1);
  const second = good(await ann.rpc('request_video_generation', { project: project.id, prompt: 'again' }));
  assert.equal(good(await ann.rpc('cancel_video_generation', { video: second.id })).status, 'cancelled');
});

test('over the quota is 402', async () => {
  const quota = good(await ann.rpc('check_quota', { resource: 'storage_bytes', amount: 2 ** 30 }))[0];
  assert.deepEqual([quota.allowed, Number(quota.used), Number(quota.quota)], [false, 3000, 2 ** 30]);
  const media = (bytes) => ({
    user_id: ann.userId, file_url: `${ann.userId}/${crypto.randomUUID()}.mp4`, original_filename: 'a.mp4',
    file_type: 'video', file_size_bytes: bytes, mime_type: 'video/mp4',
  });
  good(await ann.from('media_items').insert(media(2 ** 30 - 3000)));
  bad(await ann.from('photos').insert(photoRow(ann, project.id)), 'PT402', 402);
  bad(await ann.from('media_items').insert(media(1)), 'PT402', 402);
  for (let n = 0; n < 20; n += 1) {
    const made = await bob.from('video_projects').insert({ style: 'modern' });
    assert.equal(made.error, null);
  }
  bad(await bob.from('video_projects').insert({ style: 'modern' }), 'PT402', 402);
});

test('a project with its photos in one call', async () => {
  const carol = await story.person('carol');
  const id = crypto.randomUUID();
  const photos = [photoRow(carol, id), photoRow(carol, id)].map(({ project_id: _, ...row }) => row);
  const made = good(await carol.rpc('create_project_with_photos', { project: { id, style: 'vintage', title_i18n: { en: 'One call' } }, photos }));
  assert.equal(made.photo_count, 2);
  bad(await carol.rpc('create_project_with_photos', { project: { status: 'completed' }, photos: [] }), '42703');
});

test('a deleted account takes its rows along and leaves its usage', async () => {
  await story.query('delete from auth.users where id = $1', [ann.userId]);
  const service = story.service();
  assert.deepEqual(good(await service.from('photos').select('id').eq('user_id', ann.userId)), []);
  const kept = good(await service.from('usage_records').select('user_id, resource_type, metadata'));
  assert.ok(kept.some((row) => row.user_id === null));
  assert.ok(!JSON.stringify(kept).includes(ann.userId));
});

test('the people of the seed sign in', async () => {
  const seed = await readFile(path.join(repository, 'schema/supabase/seed.sql'), 'utf8');
  for (const round of ['first', 'again']) {
    for (const statement of seed.split(/;\n\n(?=\S)/)) await story.query(statement);
    const mina = story.anonymous();
    const { error } = await mina.auth.signInWithPassword({ email: 'mina@example.com', password: 'photomemory' });
    assert.equal(error, null, round);
    const projects = good(await mina.from('video_projects').select('title_i18n'));
    assert.deepEqual(projects, [{ title_i18n: { en: 'Spring on Jeju', ko: '제주의 봄' } }]);
    assert.equal(good(await mina.from('users').select('timezone').single()).timezone, 'Asia/Seoul');
  }
});
