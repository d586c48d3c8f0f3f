// The job that removes the files whose rows are gone.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { emptyStorageDeletions } from '../../schema/jobs/storage_deletions.mjs';
import { startBackend } from '../../web-demo/backend/node.mjs';
import { openStory, photoRow } from './backend.mjs';
import { repository } from './migrations.mjs';

let story;
let ann;
let service;
const picture = new Blob([new Uint8Array(1000).fill(7)], { type: 'image/jpeg' });

before(async () => {
  story = await openStory();
  ann = await story.person('ann');
  service = story.service();
});
after(() => story?.close());

async function projectWithFiles(photos) {
  const { data: project } = await ann.from('video_projects').insert({ style: 'modern' }).select().single();
  const rows = Array.from({ length: photos }, () => photoRow(ann, project.id));
  for (const row of rows) {
    const { error } = await ann.storage.from('photos').upload(row.file_url, picture, { contentType: 'image/jpeg' });
    assert.equal(error, null);
  }
  const { error } = await ann.from('photos').insert(rows);
  assert.equal(error, null);
  return { project, rows };
}

const stored = async () => Number((await story.query("select count(*) as n from storage.objects")).rows[0].n);
const queued = async () => Number((await story.query('select count(*) as n from private.storage_deletions')).rows[0].n);

test('files of deleted photos and projects are removed, others stay', async () => {
  const kept = await projectWithFiles(2);
  const gone = await projectWithFiles(5);
  await ann.from('video_projects').delete().eq('id', gone.project.id);
  await ann.from('photos').delete().eq('id', kept.rows[0].id);
  assert.deepEqual([await stored(), await queued()], [7, 6]);
  assert.deepEqual(await emptyStorageDeletions(service, { batchSize: 4 }), { removed: 6, failed: 0 });
  assert.deepEqual([await stored(), await queued()], [1, 0]);
  const { data } = await ann.storage.from('photos').download(kept.rows[1].file_url);
  assert.equal(data.size, 1000);
});

test('nothing to do is nothing done, and twice is once', async () => {
  assert.deepEqual(await emptyStorageDeletions(service), { removed: 0, failed: 0 });
});

test('a file that is gone already counts as removed', async () => {
  await story.query("insert into private.storage_deletions (bucket_id, object_name, reason) values ('photos', 'a/b/c.jpg', 'deleted')");
  assert.deepEqual(await emptyStorageDeletions(service), { removed: 1, failed: 0 });
  assert.equal(await queued(), 0);
});

test('a job that died between removing and settling costs nothing', async () => {
  const { project } = await projectWithFiles(3);
  await ann.from('video_projects').delete().eq('id', project.id);
  const { data: claimed } = await service.rpc('claim_storage_deletions', { batch_size: 2 });
  await service.storage.from('photos').remove(claimed.map((row) => row.object_name));
  assert.deepEqual(await emptyStorageDeletions(service), { removed: 1, failed: 0 }, 'the claimed ones are not handed out yet');
  await story.query('update private.storage_deletions set next_attempt_at = now()');
  assert.deepEqual(await emptyStorageDeletions(service), { removed: 2, failed: 0 });
  assert.deepEqual([await stored(), await queued()], [1, 0]);
});

test('a failure keeps the files queued, with its reason, and does not stop the other buckets', async () => {
  const { project } = await projectWithFiles(1);
  await ann.from('video_projects').delete().eq('id', project.id);
  await story.query("insert into private.storage_deletions (bucket_id, object_name, reason) values ('media', 'a/b.jpg', 'deleted')");
  const broken = {
    rpc: (...parameters) => service.rpc(...parameters),
    storage: {
      from: (bucket) => (bucket === 'photos'
        ? { remove: async () => ({ data: null, error: new Error('SlowDown') }) }
        : service.storage.from(bucket)),
    },
  };
  assert.deepEqual(await emptyStorageDeletions(broken), { removed: 1, failed: 1 });
  const { rows } = await story.query('select bucket_id, last_error, attempts from private.storage_deletions');
  assert.deepEqual(rows, [{ bucket_id: 'photos', last_error: 'SlowDown', attempts: 1 }]);
  const throwing = { ...broken, storage: { from: () => ({ remove: async () => { throw new TypeError('fetch failed'); } }) } };
  await story.query('update private.storage_deletions set next_attempt_at = now()');
  assert.deepEqual(await emptyStorageDeletions(throwing), { removed: 0, failed: 1 });
  await story.query('update private.storage_deletions set next_attempt_at = now()');
  assert.deepEqual(await emptyStorageDeletions(service), { removed: 1, failed: 0 });
});

test('with the key of a client it does not run', async () => {
  await assert.rejects(emptyStorageDeletions(ann), (error) => error.code === '42501');
});

test('a run ends when it is told to', async () => {
  for (let n = 0; n < 3; n += 1) {
    await story.query("insert into private.storage_deletions (bucket_id, object_name, reason) values ('photos', $1, 'deleted')", [`x/y/${n}.jpg`]);
  }
  assert.deepEqual(await emptyStorageDeletions(service, { batchSize: 1, maxBatches: 2 }), { removed: 2, failed: 0 });
  assert.deepEqual(await emptyStorageDeletions(service, { signal: AbortSignal.abort() }), { removed: 0, failed: 0 });
  assert.equal(await queued(), 1);
});

/** Runs the program; resolves to its exit code and what it printed. */
function runProgram(environment) {
  const program = spawn(process.execPath, [path.join(repository, 'schema/jobs/empty_storage_deletions.mjs')], {
    env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) program[name].setEncoding('utf8').on('data', (text) => { printed[name] += text; });
  return new Promise((resolve) => program.once('close', (code) => resolve({ code, ...printed })));
}

test('the program says what it did', async () => {
  const backend = await startBackend();
  try {
    await backend.query("insert into private.storage_deletions (bucket_id, object_name, reason) values ('photos', 'a/b/c.jpg', 'deleted')");
    const environment = { SUPABASE_URL: backend.url, SUPABASE_SERVICE_ROLE_KEY: backend.keys.secret };
    assert.deepEqual(await runProgram(environment), { code: 0, stdout: '{"removed":1,"failed":0}\n', stderr: '' });
    const refused = await runProgram({ ...environment, SUPABASE_SERVICE_ROLE_KEY: backend.keys.publishable });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /42501/);
    assert.equal((await runProgram({})).code, 2);
  } finally {
    await backend.close();
  }
});
