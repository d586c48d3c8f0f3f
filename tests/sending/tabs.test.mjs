// Two tabs where nobody can lock (a page without HTTPS has no Web Locks): one sends and stands still at its n-th request, the
// other discards the entry meanwhile, then the first goes on. For every n, before and after the request did its work.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { errorFrom, inProcessStage, project } from './kit/stage.mjs';

let stage;
before(async () => void (stage = await inProcessStage()));
after(() => stage.close());

/** A fetch that stands still at its n-th request. */
function standstill(last, when) {
  let goOn;
  const held = new Promise((resolve) => (goOn = resolve));
  let reached;
  const stands = new Promise((resolve) => (reached = resolve));
  let number = 0;
  const fetch = async (url, init) => {
    if (++number !== last) return stage.backend.fetch(url, init);
    if (when === 'before') await (reached(), held);
    const answer = await stage.backend.fetch(url, init);
    if (when === 'after') await (reached(), held);
    return answer;
  };
  return { fetch, goOn, stands };
}

const told = ({ photos }) => photos.map(({ ok, error }) => (ok ? 'ok' : error.code));

const calls = {
  'photos for a project': (sender, was) => sender.append(was.projectId, photosOf('more', 2)),
  'a media item': (sender) => sender.sendMediaItem(preparedPhoto('media')),
  'a photo in the place of another': (sender, was) => sender.replace(was.photoIds[0], preparedPhoto('other')),
  'a picture of the person': (sender) => sender.sendAvatar(preparedPhoto('me')),
};
for (const [name, call] of Object.entries(calls)) {
  test(`${name}, discarded in another tab at every request`, { timeout: 120_000 }, async () => {
    let standing = 0;
    for (let last = 1; last < 30; last++) {
      const when = ['before', 'after'][last % 2];
      const what = `request ${last}, ${when} it did its work`;
      const person = await stage.person();
      const was = stage.sender(person).send({ project: project(), photos: photosOf('there', 1) });
      await was.done;
      const memory = stage.module.createMemoryOutbox();
      const outbox = { ...memory, lock: async () => async () => {} };
      const { fetch, goOn, stands } = standstill(last, when);
      const job = call(stage.sender(person, { outbox, fetch }), was);
      if (await Promise.race([stands.then(() => false), job.done.then(() => true)])) break;
      const isKept = (await memory.list(person.id)).length > 0;
      const other = isKept ? told(await stage.sender(person, { outbox }).discard(job.id)) : null;
      goOn();
      const own = told(await job.done);
      if (other) standing += 1;
      const truth = await stage.truth();
      const { avatar_url: avatar } = truth.users.find((row) => row.id === person.id);
      const isMine = ({ file_url }) => file_url.startsWith(person.id);
      const pathsOf = (bucket, rows) => rows.filter(isMine).flatMap((row) => [row.file_url, row.thumbnail_url]).map((path) => `${bucket}/${path}`);
      const named = [...pathsOf('photos', truth.photos), ...pathsOf('media', truth.media), ...(avatar ? [`avatars/${avatar}`] : [])];
      const objects = [...truth.objects.keys()].filter((path) => path.includes(person.id));
      assert.deepEqual(objects.sort(), named.sort(), `${what}: objects, and what rows name`);
      assert.deepEqual(await memory.list(person.id), [], `${what}: the outbox`);
      const isThere = job.photoIds.every((id) => named.some((path) => path.includes(id)));
      // A tab whose bytes are gone from the outbox cannot know why.
      for (const word of own) assert.ok((isThere ? ['ok'] : ['cancelled', 'internal']).includes(word), `${what}: the sending tab was told ${word}`);
      if (other?.includes('ok')) assert.ok(isThere, `${what}: what the other tab was told`);
    }
    assert.ok(standing > 2, `stood still at ${standing} requests`);
  });
}

test('an entry that another tab gave up stays given up while it is sent here', async () => {
  const person = await stage.person();
  const memory = stage.module.createMemoryOutbox();
  const outbox = { ...memory, lock: async () => async () => {} };
  const { fetch, goOn, stands } = standstill(4, 'after');
  const job = stage.sender(person, { outbox, fetch }).send({ project: project(), photos: photosOf('half', 2) });
  await stands;
  // The other tab goes away when it has said so, before its first request.
  const offline = () => Promise.reject(new TypeError('fetch failed'));
  await errorFrom(stage.sender(person, { outbox, fetch: offline, retry: { attempts: 1 } }).discard(job.id));
  goOn();
  assert.deepEqual(told(await job.done), ['cancelled', 'cancelled']);
  assert.deepEqual([...(await stage.truth()).objects.keys()].filter((path) => path.includes(job.projectId)), []);
});
