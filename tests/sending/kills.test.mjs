// Dead at every await: the n-th call of the outbox or the network never comes back, before or after it did its work. A new
// process resumes, and is held against the tables, Storage and the outbox. KILLS=all in the environment works off every story
// both ways; a run without it takes the three that differ most, with the two ways in turn.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { virtualClock } from './kit/chance.mjs';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { inProcessStage, project } from './kit/stage.mjs';

const all = process.env.KILLS === 'all';
let stage;
before(async () => void (stage = await inProcessStage()));
after(() => stage.close());

/** A process whose n-th step is its last. What it asked for before goes its way on the server; its locks are free. */
class Victim {
  steps = 0;
  diedAt = null;
  #isAlive = true;
  #locks = new Set();

  constructor(person, memory, last = Infinity, how = 'before') {
    this.dead = new Promise((resolve) => (this.die = resolve));
    const step = async (name, act) => {
      if (!this.#isAlive) return new Promise(() => {});
      if (++this.steps === last) {
        this.#isAlive = false;
        this.diedAt = `${name}, ${how} it did its work`;
        if (how === 'after') await act().catch(() => {});
        this.die();
        return new Promise(() => {});
      }
      const settled = await act().then((value) => () => value, (error) => () => Promise.reject(error));
      return this.#isAlive ? settled() : new Promise(() => {});
    };
    const names = ['put', 'update', 'get', 'list', 'file', 'remove'];
    const outbox = Object.fromEntries(names.map((name) => [name, (...values) => step(`outbox.${name}`, () => memory[name](...values))]));
    outbox.lock = (_, id) =>
      step('outbox.lock', async () => {
        if (this.#locks.has(id)) return null;
        this.#locks.add(id);
        return () => step('release', async () => void this.#locks.delete(id));
      });
    const fetch = (url, init) => step(`${init.method} ${new URL(url).pathname}`, () => stage.backend.fetch(url, { ...init, signal: undefined }));
    this.sender = stage.sender(person, { outbox, fetch, clock: virtualClock(() => 0.5) });
  }

  end() {
    this.#isAlive = false;
    this.sender.close();
  }
}

const sent = async (person, count) => {
  const job = stage.sender(person).send({ project: project(), photos: photosOf('there before', count) });
  await job.done;
  return job;
};
const ids = (rows) => rows.map((row) => row.id);
/** What there was, or what was asked for; only the latter when the outbox had it. */
const eitherOf = (now, was, asked, isKept) => assert.deepEqual(now, !isKept && now.join() === was.join() ? was : asked);

/** `prepare`: what is there before; `run`: the call that dies; `check`: what must be there after another process resumed. */
const stories = {
  'a batch': {
    isQuick: true,
    run: ({ sender }) => sender.send({ project: project(), photos: photosOf('new', 3) }),
    check: ({ job, isKept }, { photos }) => eitherOf(ids(photos), [], job.photoIds, isKept),
  },
  'more photos': {
    prepare: (person) => sent(person, 2),
    run: ({ sender }, was) => sender.append(was.projectId, photosOf('new', 2)),
    check: ({ job, isKept, was }, { photos }) => eitherOf(ids(photos), was.photoIds, [...was.photoIds, ...job.photoIds], isKept),
  },
  'a media item': {
    run: ({ sender }) => sender.sendMediaItem(preparedPhoto('new')),
    check: ({ job, isKept }, { media }) => eitherOf(ids(media), [], job.photoIds, isKept),
  },
  'a picture of the person': {
    isQuick: true,
    prepare: (person) => stage.sender(person).sendAvatar(preparedPhoto('there before')).done,
    run: ({ sender }) => sender.sendAvatar(preparedPhoto('new', { bytes: 900 })),
    check: ({ job, isKept, was }, { avatar }) => eitherOf([avatar], [was.photos[0].fileUrl], [was.photos[0].fileUrl.replace(/[^/]+$/, `${job.photoIds[0]}.jpg`)], isKept),
  },
  'a photo in the place of another': {
    prepare: (person) => sent(person, 3),
    run: ({ sender }, was) => sender.replace(was.photoIds[1], preparedPhoto('new')),
    check: ({ job, isKept, was }, { photos }) => eitherOf(ids(photos), was.photoIds, was.photoIds.with(1, job.photoIds[0]), isKept),
  },
  'a photo in the place of another in a full project': {
    prepare: (person) => sent(person, 20),
    run: ({ sender }, was) => sender.replace(was.photoIds[7], preparedPhoto('new')),
    check: ({ job, isKept, was }, { photos }) => eitherOf(ids(photos), was.photoIds, was.photoIds.with(7, job.photoIds[0]), isKept),
  },
  'a removal': {
    prepare: (person) => sent(person, 3),
    run: ({ sender }, was) => ({ photoIds: [], done: sender.remove(was.photoIds.slice(1)) }),
    check: ({ isKept, was }, { photos }) => eitherOf(ids(photos), was.photoIds, was.photoIds.slice(0, 1), isKept),
  },
};
for (const how of ['stopped', 'given up']) {
  for (const sign of ['kept', 'project', 'stored', 'confirmed']) {
    stories[`a batch ${how} when ${sign}`] = {
      isQuick: how === 'given up' && sign === 'stored',
      run: ({ sender }) => {
        const job = sender.send({ project: project(), photos: photosOf('new', 3) });
        job.on((event) => (event.type === sign || event.state === sign) && job.cancel());
        const done = job.done.catch(() => (how === 'given up' ? sender.discard(job.id, { removeEmptyProject: true }) : null));
        return { photoIds: job.photoIds, done };
      },
      check: ({ job, isKept, isGivenUp }, { photos, projects }) => {
        if (isKept && !isGivenUp) return assert.deepEqual(ids(photos), job.photoIds);
        assert.ok([0, 3].includes(photos.length), `${photos.length} of 3 photos`);
        if (isGivenUp && photos.length === 0) assert.deepEqual(projects, []);
      },
    };
  }
}

/** What one person has; everything of it is whole. */
async function wholeOf(person, seen) {
  const truth = await stage.truth();
  const projects = truth.projects.filter((row) => row.user_id === person.id);
  const photos = truth.photos.filter((row) => projects.some(({ id }) => id === row.project_id));
  const media = truth.media.filter((row) => row.user_id === person.id);
  const { avatar_url: avatar } = truth.users.find((row) => row.id === person.id);
  const paths = (bucket, rows) => rows.flatMap((row) => [row.file_url, row.thumbnail_url]).map((path) => `${bucket}/${path}`);
  const named = [...paths('photos', photos), ...paths('media', media), ...(avatar ? [`avatars/${avatar}`] : [])];
  assert.deepEqual([...truth.objects.keys()].filter((path) => path.includes(person.id)).sort(), named.sort(), 'objects, and what rows name');
  const unseen = (rows) => rows.filter(({ id }) => !seen.has(id));
  const fresh = { projects: unseen(projects), photos: unseen(photos), media: unseen(media), avatar };
  for (const rows of [projects, photos, media]) for (const { id } of rows) seen.add(id);
  return fresh;
}

/** @returns whether the story ended before its last step came */
async function kill({ prepare, run, check }, person, seen, last, how) {
  const was = await prepare?.(person);
  const memory = stage.module.createMemoryOutbox();
  const victim = new Victim(person, memory, last, how);
  const job = run(victim, was);
  await Promise.race([victim.dead, job.done.catch(() => {})]);
  const [entry] = await memory.list(person.id);
  victim.end();
  const next = new Victim(person, memory);
  for (const resumed of await next.sender.resume()) await resumed.done;
  try {
    assert.deepEqual(await memory.list(person.id), [], 'the outbox');
    check({ job, was, isKept: Boolean(entry), isGivenUp: entry?.givenUp }, await wholeOf(person, seen));
  } catch (error) {
    error.message = `step ${last} (${victim.diedAt}): ${error.message}`;
    throw error;
  }
  return victim.diedAt === null;
}

for (const [name, story] of Object.entries(stories)) {
  if (!all && !story.isQuick) continue;
  test(`${name}, dead at every await`, { timeout: 300_000 }, async () => {
    const person = await stage.person();
    const seen = new Set();
    for (let last = 1; ; last++) {
      const ways = all ? ['before', 'after'] : [['before', 'after'][last % 2]];
      let isOver = false;
      for (const how of ways) isOver = await kill(story, person, seen, last, how);
      if (isOver) break;
      assert.ok(last < 200, 'the story has an end');
    }
  });
}
