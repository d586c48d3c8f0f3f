// The way of a batch: order of the steps, their idempotence, progress, events.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { eventsOf, errorFrom, expectProject, inProcessStage, loopbackStage, project } from './kit/stage.mjs';

for (const [name, makeStage] of [['in process', inProcessStage], ['on loopback', loopbackStage]]) {
  describe(`a batch ${name}`, () => {
    let stage;
    before(async () => void (stage = await makeStage()));
    after(() => stage.close());

    test('arrives whole and in order', async () => {
      const person = await stage.person();
      const outbox = stage.module.createMemoryOutbox();
      const job = stage.sender(person, { outbox }).send({ project: project(), photos: photosOf('whole', 20) });
      const result = await job.done;
      assert.equal(result.ok, true);
      await expectProject(stage, job.projectId, job.photoIds);
      assert.deepEqual(await outbox.list(person.id), [], 'a finished entry leaves the outbox');
      const { rows } = await stage.query('select * from public.photos where id = $1', [job.photoIds[3]]);
      assert.equal(rows[0].original_filename, 'whole-3.jpg');
      assert.equal(rows[0].metadata.photo_sha256.length, 64);
    });

    test('has no thumbnail where there is none', async () => {
      const person = await stage.person();
      const job = stage.sender(person).send({ project: project(), photos: [preparedPhoto('plain', { thumbnail: false })] });
      assert.equal((await job.done).photos[0].thumbnailUrl, null);
      await expectProject(stage, job.projectId, job.photoIds);
    });

    test('tells its events in order and never runs backwards', async () => {
      const person = await stage.person();
      const job = stage.sender(person).send({ project: project(), photos: photosOf('events', 6, { bytes: 200_000 }) });
      const events = await eventsOf(job);
      assert.equal(events[0].type, 'kept');
      assert.equal(events.at(-1).type, 'done');
      assert.ok(events.findIndex((e) => e.type === 'project') < events.findIndex((e) => e.type === 'photo'), 'project before photos');
      const lastStored = events.findLastIndex((e) => e.type === 'photo' && e.state === 'stored');
      assert.ok(lastStored < events.findIndex((e) => e.type === 'photo' && e.state === 'confirmed'), 'all objects before any row');
      const steps = events.filter((e) => e.type === 'progress').map((e) => e.progress);
      for (const [at, step] of steps.entries()) {
        const last = steps[at - 1];
        if (!last) continue;
        assert.ok(step.fraction >= last.fraction && step.bytesDone >= last.bytesDone && step.photosDone >= last.photosDone);
        for (const [index, photo] of step.photos.entries()) assert.ok(photo.bytesDone >= last.photos[index].bytesDone);
      }
      assert.equal(steps.at(-1).fraction, 1);
      assert.ok(steps.length > 6);
    });

    test('appends after what is there', async () => {
      const person = await stage.person();
      const sender = stage.sender(person);
      const first = sender.send({ project: project(), photos: photosOf('first', 2) });
      await first.done;
      const more = sender.append(first.projectId, photosOf('more', 3));
      await more.done;
      await expectProject(stage, first.projectId, [...first.photoIds, ...more.photoIds]);
    });

    test('sends objects under a bad name of the user: the name is in the row alone', async () => {
      const person = await stage.person();
      const name = `${'a/b#c[d]~%'.repeat(30)}ümläut.jpg`;
      const job = stage.sender(person).send({ project: project(), photos: [preparedPhoto('name', { name })] });
      const [photo] = (await job.done).photos;
      assert.match(photo.fileUrl, /^[0-9a-f-]{36}\/[0-9a-f-]{36}\/[0-9a-f-]{36}\.jpg$/);
      const { rows } = await stage.query('select original_filename as name from public.photos where id = $1', [photo.id]);
      assert.equal(rows[0].name, Array.from(name).slice(0, 255).join(''));
    });

    test('cancel stops at once and keeps what is missing', async () => {
      const person = await stage.person();
      const outbox = stage.module.createMemoryOutbox();
      const sender = stage.sender(person, { outbox });
      const job = sender.send({ project: project(), photos: photosOf('cancel', 8) });
      job.on((event) => event.type === 'photo' && event.state === 'stored' && job.cancel());
      const error = await errorFrom(job.done);
      assert.equal(error.code, 'cancelled');
      assert.equal(job.kept, true);
      const [entry] = await sender.pending();
      assert.equal(entry.id, job.id);
      const [{ items }] = await outbox.list(person.id);
      const bytes = (files) => files.reduce((sum, file) => sum + file.bytes, 0);
      const files = items.flatMap((item) => item.files);
      assert.deepEqual([entry.bytesDone, entry.bytesTotal], [bytes(files.filter((file) => file.stored)), bytes(files)]);
      assert.ok(entry.bytesDone > 0 && entry.bytesDone < entry.bytesTotal);
      const [again] = await sender.resume();
      assert.equal(again.progress.bytesDone, entry.bytesDone, 'goes on from there');
      assert.equal((await again.done).ok, true);
      await expectProject(stage, job.projectId, job.photoIds);
    });

    test('a signal stops its job, whenever it is aborted, and no other', async () => {
      const person = await stage.person();
      const sender = stage.sender(person);
      const stop = new AbortController();
      const job = sender.send({ project: project(), photos: photosOf('signal', 4) }, { signal: stop.signal });
      job.on((event) => event.type === 'project' && stop.abort());
      const other = sender.send({ project: project(), photos: photosOf('other', 1) });
      assert.equal((await errorFrom(job.done)).code, 'cancelled');
      assert.equal(job.kept, true);
      const late = sender.append(other.projectId, photosOf('late', 1), { signal: stop.signal });
      assert.equal((await errorFrom(late.done)).code, 'cancelled');
      assert.equal(late.kept, false);
      assert.equal((await other.done).ok, true);
      await expectProject(stage, other.projectId, other.photoIds);
    });

    test('who reads events as they come can act on them', async () => {
      const person = await stage.person();
      const job = stage.sender(person).send({ project: project(), photos: photosOf('read', 4) });
      const seen = [];
      for await (const event of job) {
        seen.push(event.type);
        if (event.type === 'project') job.cancel();
      }
      assert.equal((await errorFrom(job.done)).code, 'cancelled');
      assert.deepEqual([seen[0], seen.at(-1)], ['kept', 'stopped']);
      await expectProject(stage, job.projectId, []);
    });

    test('discard removes what was begun, the empty project too when asked', async () => {
      const person = await stage.person();
      const sender = stage.sender(person, { outbox: stage.module.createMemoryOutbox() });
      for (const removeEmptyProject of [true, false]) {
        const job = sender.send({ project: project(), photos: photosOf('discard', 4) });
        job.on((event) => event.type === 'photo' && event.state === 'stored' && job.cancel());
        await errorFrom(job.done);
        await sender.discard(job.id, { removeEmptyProject });
        const { projects, objects } = await stage.truth();
        assert.equal(projects.some((row) => row.id === job.projectId), !removeEmptyProject);
        assert.equal([...objects.keys()].some((path) => path.includes(job.projectId)), false, 'no object is left');
        assert.deepEqual(await sender.pending(), []);
      }
    });
  });
}
