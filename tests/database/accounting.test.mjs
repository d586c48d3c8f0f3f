// Random histories: after every step the counters, the totals, the usage and the queue of removed
// files are what a recount says. SEED and STEPS choose another history.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { actAs, signUp, startCluster } from './cluster.mjs';

const seed = Number(process.env.SEED ?? 7);
const steps = Number(process.env.STEPS ?? 400);

let cluster;
let client;

before(async () => {
  cluster = await startCluster();
  client = await (await cluster.createDatabase('accounting')).connect();
});
after(async () => {
  await client?.end();
  await cluster?.stop();
});

// mulberry32: the same history for the same seed.
function randomNumbers(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const recount = `
  select 'count of ' || p.id as what, p.photo_count::text as kept, (select count(*) from photos where project_id = p.id)::text as real
    from video_projects p
  union all
  select 'bytes of ' || u.id, u.total_storage_bytes::text, (
      (select coalesce(sum(file_size_bytes), 0) from photos where user_id = u.id)
      + (select coalesce(sum(file_size_bytes), 0) from media_items where user_id = u.id))::text
    from users u
  union all
  select 'owner of ' || ph.id, ph.user_id::text, p.user_id::text from photos ph join video_projects p on p.id = ph.project_id
  union all
  select 'status of ' || p.id, (p.status = 'processing')::text, exists (
      select 1 from generated_videos v where v.project_id = p.id and v.status in ('queued', 'processing'))::text
    from video_projects p`;

test(`${steps} steps of history ${seed}`, async () => {
  const random = randomNumbers(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const below = (limit) => Math.floor(random() * limit);
  const all = async (sql, values) => (await client.query(sql, values)).rows;

  let people = 0;
  const arrive = async () => {
    people += 1;
    const id = await signUp(client, `person${people}@example.com`);
    await client.query("update users set subscription_plan = 'enterprise' where id = $1", [id]);
  };
  for (let n = 0; n < 3; n += 1) await arrive();

  const files = new Set();
  const pending = new Set();
  let named = 0;
  const newFile = (folder) => {
    named += 1;
    const name = `${folder}/${named}.jpg`;
    pending.add(name);
    return name;
  };

  const kinds = {
    project: async (user) => client.query('insert into video_projects (user_id) values ($1)', [user]),
    photos: async (user, project) => {
      if (!project) return;
      const rows = Array.from({ length: 1 + below(8) }, () => `('${project}', '${newFile(`${user}/${project}`)}', ${1 + below(10_000)}, 'image/jpeg', ${random() < 0.5 ? `'${newFile(`${user}/${project}`)}'` : 'null'})`);
      await client.query(`insert into photos (project_id, file_url, file_size_bytes, mime_type, thumbnail_url) values ${rows.join(', ')}`);
    },
    fewer: async (user, project) => client.query('delete from photos where project_id = $1 and random() < 0.4', [project]),
    thumbnail: async (user, project) => {
      const [photo] = await all('select id from photos where project_id = $1 order by upload_order limit 1', [project]);
      if (photo) await client.query('update photos set thumbnail_url = $2 where id = $1', [photo.id, newFile(`${user}/${project}`)]);
    },
    remove: async (user, project) => client.query('delete from video_projects where id = $1', [project]),
    media: async (user) => client.query(
      "insert into media_items (user_id, file_url, original_filename, file_type, file_size_bytes, mime_type) values ($1, $2, 'a', 'image', $3, 'image/png')",
      [user, newFile(user), 1 + below(10_000)]),
    lessMedia: async (user) => client.query('delete from media_items where user_id = $1 and random() < 0.5', [user]),
    video: async (user, project) => client.query("select request_video_generation($1, 'go')", [project]),
    cancel: async (user, project) => client.query("update generated_videos set status = 'cancelled' where project_id = $1 and status in ('queued', 'processing')", [project]),
  };
  const serviceKinds = {
    move: async (user, project) => {
      const [other] = await all('select id from video_projects where user_id = $1 and id <> $2 limit 1', [user, project]);
      if (!other) return;
      await client.query(
        `update photos set project_id = $2::uuid, upload_order = upload_order + 1000 + $3,
           file_url = replace(file_url, $1::text, $2::text), thumbnail_url = null where project_id = $1::uuid`, [project, other.id, named]);
      named += 100;
    },
    bytes: async (user, project) => client.query('update photos set file_size_bytes = 1 + (file_size_bytes * 7) % 9999 where project_id = $1', [project]),
    done: async (user, project) => {
      const [video] = await all("select id from generated_videos where project_id = $1 and status in ('queued', 'processing')", [project]);
      if (!video) return;
      await client.query("update generated_videos set status = 'completed', file_url = $2, progress_percentage = 100 where id = $1", [video.id, newFile(user)]);
    },
    leave: async (user) => {
      if (random() < 0.2) {
        await client.query('delete from auth.users where id = $1', [user]);
        await arrive();
      }
    },
  };

  const expected = new Set(['23514', 'PT409']);
  const seen = new Map();
  for (let step = 0; step < steps; step += 1) {
    const [person] = await all('select id from users order by md5(id::text || $1) limit 1', [step]);
    const [project] = await all('select id from video_projects where user_id = $1 order by md5(id::text || $2) limit 1', [person.id, step]);
    const byService = random() < 0.3;
    const name = pick(Object.keys(byService ? serviceKinds : kinds));
    let outcome = 'done';
    pending.clear();
    await client.query('begin');
    try {
      if (!byService) await actAs(client, 'authenticated', person.id);
      if (project || name === 'project' || name === 'media' || name === 'lessMedia' || name === 'leave') {
        await (byService ? serviceKinds : kinds)[name](person.id, project?.id);
      }
      if (random() < 0.1) {
        await client.query('rollback');
        outcome = 'undone';
      } else {
        await client.query('commit');
        for (const file of pending) files.add(file);
      }
    } catch (error) {
      await client.query('rollback');
      outcome = error.code;
      assert.ok(expected.has(error.code), `step ${step}, ${name}: ${error.code} ${error.message}`);
    }
    seen.set(`${name} ${outcome}`, (seen.get(`${name} ${outcome}`) ?? 0) + 1);
    const wrong = (await all(recount)).filter((row) => row.kept !== row.real);
    assert.deepEqual(wrong, [], `step ${step}, ${name}, ${outcome}`);
  }

  // No file is lost: every path that a row ever named is named still, or queued; and the queue
  // hands out none that a row names.
  const namedNow = `select file_url as name from photos union select thumbnail_url from photos union select file_url from media_items
    union select file_url from generated_videos`;
  const live = new Set((await all(namedNow)).map((row) => row.name));
  const queued = new Set((await all('select object_name as name from private.storage_deletions')).map((row) => row.name));
  assert.deepEqual([...files].filter((name) => !live.has(name) && !queued.has(name)), []);
  const claimed = await all('select object_name as name from claim_storage_deletions(1000)');
  assert.deepEqual(claimed.filter((row) => live.has(row.name)), []);
  // How much happens hangs on ids, which are the database's own chance: enough to mean something is what is asked.
  assert.ok(files.size > 20 && claimed.length > 5, `${files.size} files, ${claimed.length} removed`);
  assert.ok([...seen.keys()].filter((key) => key.endsWith('done') && !key.endsWith('undone')).length >= 6, JSON.stringify([...seen]));
});
