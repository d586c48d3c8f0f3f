// Fifty batches under faults and kills with a fixed seed, and whether the soak would notice; `make soak` runs a thousand and any seed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Expected } from './kit/chores.mjs';
import { compare } from './kit/compare.mjs';
import { installed } from './kit/installed.mjs';
import { seedOf, soak, summaryOf } from './soak.mjs';

const seed = 20261122;
test('fifty batches under random faults and kills: nothing lost, doubled, orphaned or out of order', { timeout: 900_000 }, async (t) => {
  const result = await soak({ batches: 50, seed, database: await installed() });
  t.diagnostic(summaryOf(seed, result));
  for (const kind of ['lost', 'doubled', 'orphans', 'wrongOrders']) assert.deepEqual(result[kind], [], kind);
  assert.equal(result.left, 0);
  assert.ok(result.photos > 50, `${result.photos} photos`);
  assert.ok(result.faults > 30, `${result.faults} faults`);
  assert.ok(result.kills > 2, `${result.kills} kills`);
  assert.ok(Object.keys(result.kinds).length >= 5, 'kinds of batches');
  const met = (pattern) => Object.entries(result.byRequest).filter(([kind]) => pattern.test(kind)).flatMap(([, { faults }]) => Object.keys(faults));
  assert.ok(met(/^object: store$/).length > 0, 'faults met objects');
  assert.ok(met(/: insert$/).length > 0, 'faults met rows');
  assert.ok(result.worstWaitS < 600, `${result.worstWaitS} s of virtual time`);
});

test('every seed is a seed of its own', () => {
  const seeds = ['1', '0', '2147483648', '4294967295', '4294967296', '-1', 'a text', '1.5', ''].map(seedOf);
  assert.equal(new Set(seeds.slice(0, 8)).size, 8);
  assert.ok(seeds.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 32));
});

describe('the comparison', () => {
  const hashes = { 'o/p/a.jpg': '9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0' }; // sha256 of aaa
  const state = () => {
    const expected = new Expected('o');
    expected.projects.set('p', ['a', 'b', 'c']);
    expected.media = ['m'];
    expected.avatar = 'o/me';
    const photo = (id, upload_order) => ({ id, project_id: 'p', file_url: `o/p/${id}.jpg`, thumbnail_url: `o/p/${id}.thumb.jpg`, file_size_bytes: 3, upload_order, metadata: { photo_sha256: hashes[`o/p/${id}.jpg`] } });
    const photos = ['a', 'b', 'c'].map(photo);
    const media = [{ id: 'm', user_id: 'o', file_url: 'o/m.jpg', thumbnail_url: null, file_size_bytes: 3, metadata: {} }];
    const objects = new Map([...photos.flatMap((row) => [[`photos/${row.file_url}`, 3], [`photos/${row.thumbnail_url}`, 2]]), ['media/o/m.jpg', 3], ['avatars/o/me.jpg', 1]]);
    const projects = [{ id: 'p', user_id: 'o', photo_count: 3 }];
    return { expected: [expected], truth: { objects, photos, projects, media, users: [{ id: 'o', avatar_url: 'o/me.jpg', total_storage_bytes: 12 }] }, content: 'aaa' };
  };
  const verdict = async (spoil) => {
    const given = state();
    spoil(given.truth, given);
    const { lost, doubled, orphans, wrongOrders } = await compare(given.expected, given.truth, async (_, name) => (hashes[name] ? Buffer.from(given.content) : null));
    return Object.entries({ lost, doubled, orphans, wrongOrders }).filter(([, list]) => list.length).map(([name]) => name);
  };

  test('has nothing to say of what is right', async () => assert.deepEqual(await verdict(() => {}), []));
  const spoilt = {
    'a row that is missing': ['lost', ({ photos, projects, users }) => (photos.splice(1, 1), (projects[0].photo_count = 2), (users[0].total_storage_bytes = 9)), 'orphans'],
    'a project that is missing': ['lost', ({ photos, projects, users }) => (photos.splice(0), projects.splice(0), (users[0].total_storage_bytes = 3)), 'orphans'],
    'an object that is missing': ['lost', ({ objects }) => objects.delete('photos/o/p/b.jpg')],
    'a thumbnail that is missing': ['lost', ({ objects }) => objects.delete('photos/o/p/b.thumb.jpg')],
    'an object that is too short': ['lost', ({ objects }) => objects.set('photos/o/p/b.jpg', 2)],
    'an object of another content': ['lost', (_, given) => (given.content = 'aab')],
    'a media item that is missing': ['lost', ({ media, users }) => (media.splice(0), (users[0].total_storage_bytes = 9)), 'orphans'],
    'an avatar that the profile does not name': ['lost', ({ users }) => (users[0].avatar_url = null), 'orphans'],
    'a row that is there twice': ['doubled', ({ photos }) => photos.push(photos[0]), 'wrongOrders'],
    'a photo that nobody asked for': ['doubled', ({ photos, projects, objects, users }) => {
      photos.push({ ...photos[0], id: 'x', upload_order: 3, file_url: 'o/p/x.jpg', thumbnail_url: null, metadata: {} });
      objects.set('photos/o/p/x.jpg', 3);
      projects[0].photo_count = 4;
      users[0].total_storage_bytes = 15;
    }],
    'a project that nobody asked for': ['doubled', ({ projects }) => projects.push({ id: 'q', user_id: 'o', photo_count: 0 })],
    'bytes that are counted twice': ['doubled', ({ users }) => (users[0].total_storage_bytes = 15)],
    'an object without a row': ['orphans', ({ objects }) => objects.set('photos/o/p/x.jpg', 3)],
    'two photos in each other’s place': ['wrongOrders', ({ photos }) => ([photos[0].upload_order, photos[2].upload_order] = [2, 0])],
    'a count that is wrong': ['wrongOrders', ({ projects }) => (projects[0].photo_count = 2)],
  };
  for (const [what, [kind, spoil, also]] of Object.entries(spoilt)) {
    test(`notices ${what}`, async () => {
      const kinds = await verdict(spoil);
      assert.ok(kinds.includes(kind), `${kinds}`);
      assert.deepEqual(kinds.filter((each) => each !== kind && each !== also), []);
    });
  }
});
