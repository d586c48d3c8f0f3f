// The same sending over PostgreSQL 15 in place of PGlite: real concurrent sessions behind the services.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createPostgresConnection } from '@supabase/lite/postgres';
import { installSchema } from '../../web-demo/backend/database.mjs';
import { readMigrations, startBackend } from '../../web-demo/backend/node.mjs';
import { startCluster } from '../database/cluster.mjs';
import { chance } from './kit/chance.mjs';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { noFaults, randomFaults, startProxy } from './kit/proxy.mjs';
import { expectProject, project, stageOver } from './kit/stage.mjs';

let cluster;
let stage;
before(async () => {
  cluster = await startCluster();
  const admin = new pg.Client(cluster.url('postgres', cluster.superuser));
  await admin.connect();
  await admin.query('create database sending');
  await admin.end();
  const url = cluster.url('sending', cluster.superuser);
  const client = new pg.Client(url);
  await client.connect();
  await installSchema({ exec: (sql) => client.query(sql), query: (sql, values) => client.query(sql, values) }, await readMigrations());
  await client.end();
  const backend = await startBackend({ connection: createPostgresConnection({ url, postgresOptions: { max: 8 } }) });
  const proxy = await startProxy(backend.url, noFaults);
  stage = Object.assign(
    await stageOver(backend, { url: proxy.url }, async () => {
      await proxy.close();
      await backend.close();
    }),
    { proxy },
  );
});
after(async () => {
  await stage?.close();
  await cluster?.stop();
});

test('a batch arrives whole and in order', async () => {
  const person = await stage.person();
  const job = stage.sender(person).send({ project: project(), photos: photosOf('pg', 20) });
  const result = await job.done;
  assert.equal(result.ok, true, JSON.stringify(result.photos.find((photo) => !photo.ok)));
  await expectProject(stage, job.projectId, job.photoIds);
  const { rows } = await stage.query('select jsonb_typeof(metadata) as kind, metadata ->> $1 as sha from public.photos where id = $2', ['sha256', job.photoIds[0]]);
  assert.equal(rows[0].kind, 'object');
});

test('under faults, with several jobs of one person at a time', async () => {
  const person = await stage.person();
  const outbox = stage.module.createMemoryOutbox();
  const sender = stage.sender(person, { outbox, retry: { attempts: 20 } });
  stage.proxy.plan = randomFaults(chance(15), 0.15);
  const jobs = Array.from({ length: 5 }, (_, index) => sender.send({ project: project(`${index}`), photos: photosOf(`pg-${index}`, 5) }));
  for (const job of jobs) assert.equal((await job.done).ok, true);
  stage.proxy.plan = noFaults;
  for (const job of jobs) await expectProject(stage, job.projectId, job.photoIds);
});

test('two devices that fill the last places at once end with twenty', async () => {
  const person = await stage.person();
  const first = stage.sender(person).send({ project: project(), photos: photosOf('race', 17) });
  await first.done;
  const jobs = ['a', 'b'].map((mark) => stage.sender(person).append(first.projectId, photosOf(mark, 3)));
  const outcomes = (await Promise.all(jobs.map((job) => job.done))).flatMap((result) => result.photos);
  assert.equal(outcomes.filter((photo) => photo.ok).length, 3);
  assert.ok(outcomes.filter((photo) => !photo.ok).every((photo) => photo.error.code === 'too_many_photos'));
  const rows = (await stage.truth()).photos.filter((row) => row.project_id === first.projectId).map((row) => row.id);
  assert.deepEqual(rows.slice(0, 17), first.photoIds);
  await expectProject(stage, first.projectId, rows);
});

test('reorder, replace and remove', async () => {
  const person = await stage.person();
  const sender = stage.sender(person);
  const { projectId, photoIds, done } = sender.send({ project: project(), photos: photosOf('change', 4) });
  await done;
  await sender.reorder(projectId, photoIds.toReversed());
  const better = sender.replace(photoIds[2], preparedPhoto('better'));
  await better.done;
  await sender.remove(photoIds[0]);
  await expectProject(stage, projectId, [photoIds[3], better.photoIds[0], photoIds[1]]);
});
