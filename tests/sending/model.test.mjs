// Any calls in any order, in several tabs that may die, under faults: held against what was told and what the tables hold.
// SEEDS=200 FROM=1000 in the environment works off others than the few of every run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chance, virtualClock } from './kit/chance.mjs';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { fetchWith, inProcessStage, project } from './kit/stage.mjs';

let stage;
before(async () => void (stage = await inProcessStage()));
after(() => stage.close());

const forEver = new Promise(() => {});
const turn = () => new Promise(setImmediate);
const answerOf = {
  busy: () => new Response('', { status: 503 }),
  many: () => new Response('{"message":"slow down"}', { status: 429, headers: { 'retry-after': '2' } }),
  expired: (isStorage) => new Response(JSON.stringify({ code: 'PGRST301', statusCode: '403', error: 'Unauthorized', message: 'jwt expired' }), { status: isStorage ? 400 : 401 }),
  portal: () => new Response('<html>', { status: 200 }),
};
const faults = [...Object.keys(answerOf), 'before', 'after', 'broken after', 'torn', 'empty', 'slow'];

/** A tab: its requests and its disk fail now and then; what is dead answers no more, and its locks are free. */
class Tab {
  isAlive = true;
  jobs = [];

  constructor(person, random, shared) {
    this.random = random;
    this.shared = shared;
    const guarded = (name) => async (...values) => {
      if (this.isAlive && random.next() < 0.3) await turn();
      if (!this.isAlive) return forEver;
      if (shared.rate > 0 && ['update', 'file'].includes(name) && random.next() < 0.01) throw Object.assign(new Error('disk'), { code: 'EIO' });
      const result = await shared.memory[name](...values);
      return this.isAlive ? result : forEver;
    };
    const outbox = Object.fromEntries(['put', 'update', 'get', 'list', 'file', 'remove'].map((name) => [name, guarded(name)]));
    outbox.lock = async (_, id) => {
      if (!this.isAlive) return forEver;
      if (shared.locks.has(id)) return null;
      shared.locks.set(id, this);
      return async () => void (shared.locks.get(id) === this && shared.locks.delete(id));
    };
    const fetch = fetchWith(stage, (request) => this.#answer(request));
    this.sender = stage.sender(person, { outbox, fetch, clock: this.#clock(shared.clock), retry: { attempts: random.pick([2, 4, 12]) } });
  }

  /** Whoever sleeps for a second finds what others had sent before it done, as it is in a second that is none of a test. */
  #clock(clock) {
    const sleep = async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (ms >= 1_000) await Promise.allSettled([...this.shared.sent].filter(([, tab]) => tab !== this).map(([request]) => request));
      signal?.throwIfAborted();
    };
    return { ...clock, sleep };
  }

  async #answer({ real, path, init }) {
    if (!this.isAlive) return forEver;
    const fault = this.random.next() < this.shared.rate ? this.random.pick(faults) : null;
    const stopped = new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));
    stopped.catch(() => {});
    if (answerOf[fault]) return answerOf[fault](path.startsWith('/storage/'));
    if (fault === 'before') throw new TypeError('fetch failed');
    const slow = fault === 'slow' ? this.random.between(1, 40) : 0;
    const request = (async () => {
      for (let turns = slow; turns > 0; turns--) await Promise.race([turn(), stopped]);
      return real();
    })();
    this.shared.sent.set(request, this);
    const forget = () => void this.shared.sent.delete(request);
    request.then(forget, forget);
    const answer = await Promise.race([request, stopped]);
    if (!this.isAlive) return forEver;
    if (fault === 'after') throw new TypeError('fetch failed');
    if (fault === 'broken after') return new Response('', { status: 500 });
    if (fault === 'empty') return new Response(null, { status: 204 });
    if (fault !== 'torn' || answer.status === 204) return answer;
    const text = await answer.text();
    return new Response(text.slice(0, text.length / 2), { status: answer.status });
  }

  die() {
    this.isAlive = false;
    this.sender.close(); // nothing of it is heard any more; its timers end
    for (const [id, tab] of this.shared.locks) if (tab === this) this.shared.locks.delete(id);
  }
}

/** What one person asked for and was told. */
class Story {
  /** Photo id → { kind, told: codes or 'ok', isTouched: removed or replaced later }. */
  photos = new Map();
  projects = [];
  tabs = [];
  /** Calls that have to settle while their tab lives. */
  calls = [];
  shared = { memory: stage.module.createMemoryOutbox(), locks: new Map(), sent: new Map(), rate: 0 };

  constructor(person, random) {
    this.person = person;
    this.random = random;
    this.shared.rate = random.pick([0, 0.05, 0.15, 0.3]);
    this.shared.clock = virtualClock(random.next); // one machine has one
  }

  open() {
    const tab = new Tab(this.person, this.random, this.shared);
    this.tabs.push(tab);
    return tab;
  }

  living = () => this.tabs.filter((tab) => tab.isAlive);

  /** Notes what a call ends with; anything but a `PhotoError` is a failure of the test. */
  note(tab, promise, onResult = () => {}) {
    const call = promise.then(onResult, (error) => {
      if (error.name !== 'PhotoError') throw error;
      if (error.code === 'internal' && error.detail !== 'disk') throw error;
    });
    this.calls.push({ tab, call });
    return call;
  }

  tell(results) {
    for (const { id, ok, error } of results) this.photos.get(id).told.push(ok ? 'ok' : error.code);
  }

  begin(tab, job, kind) {
    tab.jobs.push(job);
    for (const id of job.photoIds) if (!this.photos.has(id)) this.photos.set(id, { kind, told: [], isTouched: false });
    return this.note(tab, job.done, (result) => this.tell(result.photos));
  }

  async act(tab, mark) {
    const { random, projects } = this;
    const { sender } = tab;
    const arrived = [...this.photos].filter(([, photo]) => photo.told.includes('ok') && ['send', 'append', 'replace'].includes(photo.kind)).map(([id]) => id);
    const touched = () => {
      const id = random.pick(arrived);
      this.photos.get(id).isTouched = true;
      return id;
    };
    const roll = random.next() * 100;
    if (roll < 25 || projects.length === 0) {
      const job = sender.send({ project: project(), photos: photosOf(mark, random.between(0, 4)) }, { removeEmptyProject: random.next() < 0.5 });
      projects.push(job.projectId);
      this.begin(tab, job, 'send');
    } else if (roll < 42) this.begin(tab, sender.append(random.pick(projects), photosOf(mark, random.between(1, 3))), 'append');
    else if (roll < 50) arrived.length && this.begin(tab, sender.replace(touched(), preparedPhoto(mark)), 'replace');
    else if (roll < 56) arrived.length && this.note(tab, sender.remove(touched()));
    else if (roll < 62) this.begin(tab, sender.sendMediaItem(preparedPhoto(mark)), 'media');
    else if (roll < 68) this.begin(tab, sender.sendAvatar(preparedPhoto(mark)), 'avatar');
    else if (roll < 78) random.pick(tab.jobs.length ? tab.jobs : [null])?.cancel();
    else if (roll < 86) this.note(tab, sender.resume(), (jobs) => void jobs.forEach((job) => this.begin(tab, job, 'resume')));
    else if (roll < 92) {
      const [entry] = await this.shared.memory.list(this.person.id);
      if (entry) this.note(tab, sender.discard(entry.id, { removeEmptyProject: random.next() < 0.5 }), ({ photos }) => this.tell(photos));
    } else if (roll < 97) {
      if (random.next() < 0.3) {
        sender.close(); // a page that says so before it goes
        await turn();
      }
      tab.die();
    }
  }

  async play() {
    const { random } = this;
    for (let number = random.between(8, 25); number > 0; number--) {
      const living = this.living();
      const tab = living.length === 0 || (living.length < 3 && random.next() < 0.15) ? this.open() : random.pick(living);
      await this.act(tab, `photo ${number}`);
      for (let turns = random.between(0, 60); turns > 0; turns--) await turn();
      if (random.next() < 0.2) await Promise.race([this.calls.at(-1)?.call, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    this.shared.rate = 0;
    // A call may begin others: resume begins jobs.
    for (const { tab, call } of this.calls) if (tab.isAlive) await call;
    for (const tab of this.tabs) tab.die();
    const last = this.open();
    for (const job of await last.sender.resume()) await this.begin(last, job, 'resume');
  }
}

/** Everything that is not as it was told, or not whole. */
async function damageOf(story) {
  const { person } = story;
  const found = (await story.shared.memory.list(person.id)).map((entry) => `an entry stays: ${entry.kind}`);
  const truth = await stage.truth();
  const projects = truth.projects.filter((row) => row.user_id === person.id);
  const photos = truth.photos.filter((row) => projects.some(({ id }) => id === row.project_id));
  const media = truth.media.filter((row) => row.user_id === person.id);
  const { avatar_url: avatar } = truth.users.find((row) => row.id === person.id);
  const pathsOf = (bucket, rows) => rows.flatMap((row) => [row.file_url, row.thumbnail_url]).filter(Boolean).map((path) => `${bucket}/${path}`);
  const named = new Set([...pathsOf('photos', photos), ...pathsOf('media', media), ...(avatar ? [`avatars/${avatar}`] : [])]);
  for (const path of named) if (!truth.objects.has(path)) found.push(`without its object: ${path}`);
  for (const path of truth.objects.keys()) if (path.includes(person.id) && !named.has(path)) found.push(`without its row: ${path}`);
  for (const { id, photo_count: count } of projects) {
    const held = photos.filter((row) => row.project_id === id).length;
    if (held !== count) found.push(`counted ${count} for ${held}`);
  }
  const there = new Set([...photos, ...media].map((row) => row.id));
  for (const [id, photo] of story.photos) {
    const told = [...new Set(photo.told)];
    if (told.length > 1) found.push(`${photo.kind} was told ${told}`);
    if (photo.kind === 'avatar' || photo.isTouched || told.length === 0) continue;
    if (there.has(id) !== (told[0] === 'ok')) found.push(`${photo.kind} was told ${told} and is ${there.has(id) ? '' : 'not '}there`);
  }
  return found;
}

const first = Number(process.env.FROM ?? 1);
for (let seed = first; seed < first + Number(process.env.SEEDS ?? 8); seed++) {
  test(`plan ${seed}`, { timeout: 120_000 }, async () => {
    const story = new Story(await stage.person(), chance(seed));
    await story.play();
    assert.deepEqual(await damageOf(story), []);
  });
}
