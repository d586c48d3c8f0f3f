// Several jobs at once: their order for one project, their share of the line, and what a slow reader sees of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { virtualClock } from './kit/chance.mjs';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { errorFrom, expectProject, fetchWith, inProcessStage, isInsert, isUpload, project } from './kit/stage.mjs';

let stage;
let person;
before(async () => {
  stage = await inProcessStage();
  person = await stage.person();
});
after(() => stage.close());

const isProject = ({ method, path }) => method === 'POST' && path === '/rest/v1/video_projects';
const failing = (matches) => fetchWith(stage, (request) => (matches(request) ? Promise.reject(new TypeError('fetch failed')) : null));

describe('a clock that is set back between two visits', () => {
  /** A visit whose clock says so, without a network: what it is given stays in the outbox. */
  const visit = (outbox, now) => {
    const clock = { ...virtualClock(() => 0.5), now: () => now };
    return stage.sender(person, { outbox, clock, fetch: failing(() => true), retry: { attempts: 1 } });
  };

  test('puts no photos before the project that they are for', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const first = visit(outbox, 2_000_000).send({ project: project(), photos: photosOf('later clock', 2) });
    await errorFrom(first.done);
    const more = visit(outbox, 1_000_000).append(first.projectId, photosOf('earlier clock', 2));
    await errorFrom(more.done);
    assert.equal(more.kept, true);
    const jobs = await stage.sender(person, { outbox }).resume();
    for (const job of jobs) assert.equal((await job.done).ok, true);
    await expectProject(stage, first.projectId, [...first.photoIds, ...more.photoIds]);
  });

  test('puts nothing before what the visit has found in the outbox', async () => {
    const { projectId, photoIds, done } = stage.sender(person).send({ project: project(), photos: photosOf('there', 1) });
    await done;
    const outbox = stage.module.createMemoryOutbox();
    const first = visit(outbox, 2_000_000).append(projectId, photosOf('b', 1));
    await errorFrom(first.done);
    const second = visit(outbox, 1_000_000);
    await second.pending();
    const more = second.append(projectId, photosOf('c', 1));
    await errorFrom(more.done);
    for (const job of await stage.sender(person, { outbox }).resume()) assert.equal((await job.done).ok, true);
    await expectProject(stage, projectId, [...photoIds, ...first.photoIds, ...more.photoIds]);
  });
});

describe('pictures of a person', () => {
  const avatars = async () => [...(await stage.truth()).objects.keys()].filter((path) => path.startsWith(`avatars/${person.id}/`));
  const avatar = async () => `avatars/${(await stage.query('select avatar_url from public.users where id = $1', [person.id])).rows[0].avatar_url}`;

  test('asked for in one breath: the last one stays, and alone', async () => {
    const sender = stage.sender(person);
    const jobs = ['one', 'two', 'three'].map((mark) => sender.sendAvatar(preparedPhoto(mark)));
    const results = await Promise.all(jobs.map((job) => job.done));
    assert.equal(await avatar(), `avatars/${results[2].photos[0].fileUrl}`);
    assert.deepEqual(await avatars(), [await avatar()]);
  });

  test('chosen without a network are kept, and come in their order', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const away = stage.sender(person, { outbox, fetch: failing(() => true), retry: { attempts: 1 } });
    const jobs = [away.sendAvatar(preparedPhoto('first choice')), away.sendAvatar(preparedPhoto('second choice', { bytes: 700 }))];
    for (const job of jobs) {
      assert.equal((await errorFrom(job.done)).code, 'network');
      assert.equal(job.kept, true);
    }
    // The first one is slow, as it is in life.
    let slow = true;
    const fetch = fetchWith(stage, async (request) => {
      if (slow && isUpload(request) && request.path.includes(jobs[0].photoIds[0])) {
        slow = false;
        for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      }
      return null;
    });
    for (const job of await stage.sender(person, { outbox, fetch }).resume()) assert.equal((await job.done).ok, true);
    assert.ok((await avatar()).includes(jobs[1].photoIds[0]), 'the last choice');
    assert.deepEqual(await avatars(), [await avatar()]);
  });
});

describe('jobs for one project', () => {
  test('asked for in one breath come in the order of the calls', async () => {
    const sender = stage.sender(person);
    const jobs = [sender.send({ project: project(), photos: photosOf('a', 4, { bytes: 90_000 }) })];
    const { projectId } = jobs[0];
    jobs.push(sender.append(projectId, photosOf('b', 3)), sender.append(projectId, photosOf('c', 1)));
    for (const job of jobs) assert.equal((await job.done).ok, true);
    await expectProject(stage, projectId, jobs.flatMap((job) => job.photoIds));
  });

  test('asked for in one millisecond are resumed in the order of the calls', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const clock = { ...virtualClock(() => 0.5), now: () => 1_700_000_000_000 };
    const away = stage.sender(person, { outbox, clock, fetch: failing(() => true), retry: { attempts: 1 } });
    const jobs = ['a', 'b', 'c', 'd', 'e'].map((mark) => away.send({ project: project(), photos: photosOf(mark, 1) }));
    for (const job of jobs) assert.equal((await errorFrom(job.done)).code, 'network');
    assert.deepEqual((await away.pending()).map((entry) => entry.id), jobs.map((job) => job.id));
    for (const job of jobs) await stage.sender(person, { outbox }).discard(job.id);
  });

  test('given without a network are resumed in that order by one call', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const away = stage.sender(person, { outbox, fetch: failing(() => true), retry: { attempts: 1 } });
    const jobs = [away.send({ project: project(), photos: photosOf('a', 3) })];
    const { projectId } = jobs[0];
    jobs.push(away.append(projectId, photosOf('b', 2)));
    for (const job of jobs) assert.equal((await errorFrom(job.done)).code, 'network');
    assert.deepEqual((await away.pending()).map((entry) => entry.id), jobs.map((job) => job.id));
    const resumed = await stage.sender(person, { outbox }).resume();
    for (const job of resumed) assert.equal((await job.done).ok, true);
    await expectProject(stage, projectId, jobs.flatMap((job) => job.photoIds));
  });

  test('the later one stays with the earlier one that could not be finished', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const sender = stage.sender(person, { outbox, fetch: failing(isInsert), retry: { attempts: 2 } });
    const first = sender.send({ project: project(), photos: photosOf('a', 2) });
    const second = sender.append(first.projectId, photosOf('b', 1));
    for (const job of [first, second]) {
      assert.equal((await errorFrom(job.done)).code, 'network');
      assert.equal(job.kept, true);
    }
    for (const job of await stage.sender(person, { outbox }).resume()) assert.equal((await job.done).ok, true);
    await expectProject(stage, first.projectId, [...first.photoIds, ...second.photoIds]);
  });

  test('one that was cancelled before its project keeps the next one waiting in the outbox, not lost', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const sender = stage.sender(person, { outbox });
    const first = sender.send({ project: project(), photos: photosOf('a', 2) });
    first.on((event) => event.type === 'kept' && first.cancel());
    const second = sender.append(first.projectId, photosOf('b', 2));
    assert.equal((await errorFrom(first.done)).code, 'cancelled');
    assert.equal((await errorFrom(second.done)).code, 'not_found');
    assert.equal(second.kept, true);
    for (const job of await sender.resume()) assert.equal((await job.done).ok, true);
    await expectProject(stage, first.projectId, [...first.photoIds, ...second.photoIds]);
  });

  test('another tab that is at work is waited for', async () => {
    const outbox = stage.module.createMemoryOutbox();
    let go;
    const held = new Promise((resolve) => (go = resolve));
    let reached;
    const atRows = new Promise((resolve) => (reached = resolve));
    const first = stage.sender(person, { outbox, fetch: fetchWith(stage, async (request) => (isInsert(request) ? (reached(), await held, null) : null)) })
      .send({ project: project(), photos: photosOf('a', 2) });
    await atRows;
    const second = stage.sender(person, { outbox }).append(first.projectId, photosOf('b', 2));
    await new Promise((resolve) => second.on((event) => event.type === 'kept' && resolve()));
    go();
    for (const job of [first, second]) assert.equal((await job.done).ok, true);
    await expectProject(stage, first.projectId, [...first.photoIds, ...second.photoIds]);
  });

  test('waiting for a turn ends at once when cancelled', async () => {
    const sender = stage.sender(person, { fetch: fetchWith(stage, (request) => (isProject(request) ? new Promise((_, reject) => request.init.signal.addEventListener('abort', () => reject(request.init.signal.reason))) : null)) });
    const first = sender.send({ project: project(), photos: photosOf('a', 1) });
    const second = sender.append(first.projectId, photosOf('b', 1));
    await new Promise((resolve) => second.on((event) => event.type === 'kept' && resolve()));
    second.cancel();
    assert.equal((await errorFrom(second.done)).code, 'cancelled');
    first.cancel();
    await errorFrom(first.done);
  });

  test('an older entry that is resumed later does not wait in a circle', async () => {
    const outbox = stage.module.createMemoryOutbox();
    const left = stage.sender(person, { outbox, fetch: failing(isInsert), retry: { attempts: 1 } });
    const first = left.send({ project: project(), photos: photosOf('a', 2) });
    await errorFrom(first.done);
    const sender = stage.sender(person, { outbox });
    const second = sender.append(first.projectId, photosOf('b', 2));
    const resumed = await sender.resume();
    for (const job of [...resumed, second]) assert.equal((await job.done).ok, true);
    const rows = (await stage.truth()).photos.filter((row) => row.project_id === first.projectId);
    assert.equal(rows.length, 4);
  });
});

test('all jobs of a sender share its uploads', async () => {
  let now = 0;
  let most = 0;
  const fetch = fetchWith(stage, async (request) => {
    if (!isUpload(request)) return null;
    most = Math.max(most, ++now);
    const answer = await request.real();
    now -= 1;
    return answer;
  });
  const sender = stage.sender(person, { fetch, uploads: 3 });
  const jobs = [1, 2, 3, 4].map((number) => sender.send({ project: project(), photos: photosOf(`share ${number}`, 4) }));
  for (const job of jobs) assert.equal((await job.done).ok, true);
  assert.equal(most, 3);
});

test('many uploads at once make Node say nothing', async () => {
  const warnings = [];
  const hear = (warning) => warnings.push(warning);
  process.on('warning', hear);
  const job = stage.sender(person, { uploads: 16, fetch: fetchWith(stage, (request) => (isUpload(request) && !said.has(request.path) ? (said.add(request.path), new Response('', { status: 503 })) : null)), clock: undefined, retry: { firstWaitMs: 1 } })
    .send({ project: project(), photos: photosOf('loud', 16) });
  assert.equal((await job.done).ok, true);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', hear);
  assert.deepEqual(warnings.map(String), []);
});
const said = new Set();

test('a slow reader sees the newest progress, the last one above all', async () => {
  const job = stage.sender(person).send({ project: project(), photos: photosOf('slow', 6) });
  const fractions = [];
  let last;
  for await (const event of job) {
    if (event.type === 'progress') {
      fractions.push(event.progress.fraction);
      // Away for a while: much happens before the next look.
      await Promise.race([job.done, new Promise((resolve) => job.on((next) => next.type === 'photo' && next.state === 'stored' && resolve()))]);
    }
    last = event;
  }
  assert.equal(last.type, 'done');
  assert.deepEqual(fractions, fractions.toSorted((a, b) => a - b));
  assert.equal(fractions.at(-1), 1, 'the bar is full at the end');
});

/** The run ends as if the process had died, at the given request; what it had kept stays. */
async function dieAt(matches, start, options = {}) {
  const outbox = stage.module.createMemoryOutbox();
  let alive = true;
  const frozen = { ...outbox, update: (...values) => (alive ? outbox.update(...values) : new Promise(() => {})), remove: (...values) => (alive ? outbox.remove(...values) : new Promise(() => {})) };
  let reached;
  const dead = new Promise((resolve) => (reached = resolve));
  // Nothing answers a dead process; closing it is all that ends its requests, and their timers with them.
  const forEver = ({ init: { signal } }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const fetch = fetchWith(stage, async (request) => {
    if (!alive) return forEver(request);
    const when = matches(request);
    if (!when) return null;
    if (when === 'after') await request.real();
    alive = false;
    reached();
    return forEver(request);
  });
  const sender = stage.sender(person, { outbox: frozen, fetch, ...options });
  const job = start(sender);
  await dead;
  // The lock of a dead process is free.
  const again = stage.module.createMemoryOutbox();
  for (const entry of await outbox.list(person.id)) {
    const files = new Map();
    for (const { path } of entry.items.flatMap((item) => item.files)) files.set(path, await outbox.file(person.id, entry.id, path));
    await again.put(entry, files);
  }
  sender.close();
  return { job, outbox: again };
}

describe('replace in a full project, cut off after the old row went', () => {
  const full = async () => {
    const job = stage.sender(person).send({ project: project(), photos: photosOf('full', 20) });
    await job.done;
    return job;
  };
  const isRowDelete = ({ method, path }) => method === 'DELETE' && path === '/rest/v1/photos';

  test('and the new row is refused then: the old photo comes back', async () => {
    const { projectId, photoIds } = await full();
    const core = { ...stage.core, photoPayload: async (...values) => ({ ...(await stage.core.photoPayload(...values)), width: 5, height: null }) };
    const { outbox } = await dieAt((request) => isRowDelete(request) && 'after', (sender) => sender.replace(photoIds[4], preparedPhoto('new')), { core });
    const [again] = await stage.sender(person, { outbox }).resume();
    assert.equal((await again.done).ok, false);
    await expectProject(stage, projectId, photoIds);
  });

  test('and is discarded: the old photo comes back', async () => {
    const { projectId, photoIds } = await full();
    const { job, outbox } = await dieAt((request) => isRowDelete(request) && 'after', (sender) => sender.replace(photoIds[7], preparedPhoto('new')));
    await stage.sender(person, { outbox }).discard(job.id);
    await expectProject(stage, projectId, photoIds);
  });

  test('and is discarded when the new one is there: it stays in its place', async () => {
    const { projectId, photoIds } = await full();
    const { job, outbox } = await dieAt((request) => isInsert(request) && 'after', (sender) => sender.replace(photoIds[2], preparedPhoto('new')));
    await stage.sender(person, { outbox }).discard(job.id);
    await expectProject(stage, projectId, photoIds.with(2, job.photoIds[0]));
  });
});

test('a removal that was cut off between rows and objects leaves no object, resumed or discarded', async () => {
  for (const how of ['resume', 'discard']) {
    const sent = stage.sender(person).send({ project: project(), photos: photosOf(how, 3) });
    await sent.done;
    let id;
    const { outbox } = await dieAt(
      (request) => request.method === 'DELETE' && request.path.startsWith('/storage/'),
      (sender) => void sender.remove(sent.photoIds[1]).catch(() => {}),
    );
    [{ id }] = await outbox.list(person.id);
    const sender = stage.sender(person, { outbox });
    if (how === 'resume') for (const job of await sender.resume()) await job.done;
    else await sender.discard(id);
    await expectProject(stage, sent.projectId, [sent.photoIds[0], sent.photoIds[2]]);
    assert.deepEqual(await sender.pending(), []);
  }
});

test('an avatar whose profile was changed before the cut stays when it is discarded', async () => {
  await stage.sender(person).sendAvatar(preparedPhoto('before')).done;
  const { job, outbox } = await dieAt((request) => request.method === 'PATCH' && 'after', (sender) => sender.sendAvatar(preparedPhoto('me')));
  const result = await stage.sender(person, { outbox }).discard(job.id);
  assert.equal(result.ok, true);
  const { rows } = await stage.query('select avatar_url from public.users where id = $1', [person.id]);
  const { objects } = await stage.truth();
  const pictures = [...objects.keys()].filter((key) => key.startsWith(`avatars/${person.id}/`));
  assert.deepEqual(pictures, [`avatars/${rows[0].avatar_url}`], 'the picture that the profile names, and not the one before it');
});

test('an object that arrives while its photo is given up does not stay', async () => {
  const outbox = stage.module.createMemoryOutbox();
  let arrive;
  const fetch = fetchWith(stage, (request) => {
    if (!isUpload(request) || arrive) return null;
    arrive = request.real; // still on its way
    throw new TypeError('fetch failed');
  });
  const job = stage.sender(person, { outbox, fetch, retry: { attempts: 1 } }).send({ project: project(), photos: photosOf('late', 1, { thumbnail: false }) });
  assert.equal((await errorFrom(job.done)).code, 'network');
  let arrived;
  const clock = { ...virtualClock(() => 0.5), sleep: async () => void (arrived ??= await arrive()) };
  await stage.sender(person, { outbox, clock }).discard(job.id);
  assert.equal(arrived?.status, 200, 'it is looked for a while later');
  await expectProject(stage, job.projectId, []);
});

test('a request for a picture that comes late displaces none that came after it', async () => {
  let late;
  const isNaming = ({ method, path }) => method === 'PATCH' && path === '/rest/v1/users';
  const { outbox } = await dieAt((request) => isNaming(request) && (late = request.real) && 'before', (sender) => sender.sendAvatar(preparedPhoto('slow one')));
  const sender = stage.sender(person, { outbox });
  for (const job of await sender.resume()) await job.done;
  const { photos } = await sender.sendAvatar(preparedPhoto('quick one', { bytes: 800 })).done;
  await late();
  const { rows } = await stage.query('select avatar_url from public.users where id = $1', [person.id]);
  assert.equal(rows[0].avatar_url, photos[0].fileUrl);
  assert.ok((await stage.truth()).objects.has(`avatars/${rows[0].avatar_url}`));
});
