// How PostgreSQL carries the policies out: 100 000 photos of 5 000 projects of 500 people.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { actAs, startCluster } from './cluster.mjs';

let cluster;
let client;
let user;
let project;

before(async () => {
  cluster = await startCluster();
  const database = await cluster.createDatabase('plans');
  client = await database.connect(cluster.superuser);
  await client.query(`
    set session_replication_role = replica;
    -- The checks of 100 000 rows would be most of this test's time, and it does not ask for them.
    alter table photos drop constraint valid_file_url, drop constraint valid_thumbnail_url,
      drop constraint valid_filename, drop constraint valid_metadata;
    insert into auth.users (id, email) select md5('u' || n)::uuid, 'u' || n from generate_series(1, 500) n;
    insert into users (id, email, display_name) select id, email, email from auth.users;
    insert into video_projects (id, user_id, photo_count)
      select md5('p' || n)::uuid, md5('u' || (n % 500 + 1))::uuid, 20 from generate_series(0, 4999) n;
    insert into photos (project_id, user_id, file_url, file_size_bytes, mime_type, upload_order)
      select p.id, p.user_id, p.user_id || '/' || p.id || '/' || n || '.jpg', 1000, 'image/jpeg', n
      from video_projects p cross join generate_series(0, 19) n;
    insert into generated_videos (project_id, ai_prompt, status) select id, 'x', 'failed' from video_projects;
    insert into media_items (user_id, file_url, original_filename, file_type, file_size_bytes, mime_type)
      select u.id, u.id || '/' || n || '.jpg', 'a.jpg', 'image', 1, 'image/jpeg' from users u cross join generate_series(1, 20) n;
    insert into storage.objects (bucket_id, name) select 'photos', file_url from photos;
    set session_replication_role = origin;
    analyze;
    set jit = off`);
  user = (await client.query("select md5('u7')::uuid as id")).rows[0].id;
  project = (await client.query('select id from video_projects where user_id = $1 limit 1', [user])).rows[0].id;
});
after(async () => {
  await client?.end();
  await cluster?.stop();
});

/** EXPLAIN (ANALYZE) of a statement as the signed-in person, undone afterwards. */
async function explain(statement, role = 'authenticated') {
  await client.query('begin');
  try {
    await actAs(client, role, user);
    const { rows } = await client.query(`explain (analyze, verbose, format json) ${statement}`);
    return rows[0]['QUERY PLAN'][0];
  } finally {
    await client.query('rollback');
  }
}

function nodes(plan) {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

const scansOf = (plan, relation) => nodes(plan.Plan).filter((node) => node['Relation Name'] === relation);

for (const [relation, statement, rows] of [
  ['photos', 'select * from photos', 200],
  ['photos', "select * from photos where project_id = '$project' order by upload_order", 20],
  ['photos', "update photos set metadata = '{}' where project_id = '$project'", 20],
  ['video_projects', 'select * from video_projects', 10],
  ['media_items', 'select * from media_items', 20],
  ['generated_videos', 'select * from generated_videos', 10],
  ['users', 'select * from users', 1],
]) {
  test(`an index serves: ${statement}`, async () => {
    const plan = await explain(statement.replace('$project', project));
    const scans = scansOf(plan, relation).filter((node) => /Scan/.test(node['Node Type']));
    assert.ok(scans.length > 0);
    for (const scan of scans) assert.match(scan['Node Type'], /Index|Bitmap/, JSON.stringify(scan));
    const most = Math.max(...scans.map((scan) => scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)));
    assert.ok(most <= Math.max(rows, 20), `${most} rows were read for ${rows}`);
  });

  test(`auth.uid() is evaluated once: ${statement}`, async () => {
    const plan = await explain(statement.replace('$project', project));
    const initial = nodes(plan.Plan).filter((node) => node['Parent Relationship'] === 'InitPlan' || node['Subplan Name']?.startsWith('InitPlan'));
    assert.ok(initial.length > 0, 'auth.uid() is in an InitPlan');
    for (const node of initial) assert.equal(node['Actual Loops'] <= 1, true);
    for (const node of nodes(plan.Plan)) {
      for (const key of ['Filter', 'Index Cond', 'Recheck Cond', 'Hash Cond', 'Join Filter']) {
        assert.doesNotMatch(node[key] ?? '', /current_setting|auth\.uid/, `${node['Node Type']} calls it for each row`);
      }
    }
  });
}

test('auth.uid() is called once, by its own count', async () => {
  await client.query('begin');
  await client.query("set local track_functions = 'all'");
  const { rows: before } = await client.query("select coalesce(sum(calls), 0)::integer as calls from pg_stat_xact_user_functions where funcname = 'counted_uid'");
  await client.query(`
    create function auth.counted_uid() returns uuid language plpgsql stable as $$
      begin return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'; end $$;
    grant execute on function auth.counted_uid() to public;
    alter policy "Users can manage photos of own projects" on photos using ((select auth.counted_uid()) = user_id)`);
  await actAs(client, 'authenticated', user);
  const { rows } = await client.query('select count(*)::integer as photos from photos');
  const { rows: calls } = await client.query("select sum(calls)::integer as calls from pg_stat_xact_user_functions where funcname = 'counted_uid'");
  await client.query('rollback');
  assert.equal(rows[0].photos, 200);
  assert.equal(calls[0].calls - before[0].calls, 1);
});

test('an upload into Storage looks at its project alone, of however many its owner has', async () => {
  const counted = async () => {
    const { rows } = await client.query("select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'video_projects'");
    return Number(rows[0].read);
  };
  await client.query('begin');
  try {
    await actAs(client, 'authenticated', user);
    const before = await counted();
    await client.query("insert into storage.objects (bucket_id, name) values ('photos', $1)", [`${user}/${project}/new.jpg`]);
    const read = (await counted()) - before;
    assert.ok(read > 0 && read < 5, `${read} projects were read, by policy and guard`); // of the ten that are there
  } finally {
    await client.query('rollback');
  }
});

// The two orders in which Storage lists, and no order at all.
for (const order of ['order by name collate "C" limit 100', 'order by lower(name) collate "C" limit 100', '']) {
  test(`a listing of a whole bucket reads the caller's files alone: ${order}`, async () => {
    const plan = await explain(`select * from storage.objects where bucket_id = 'photos' ${order}`);
    const scans = scansOf(plan, 'objects').filter((node) => /Scan/.test(node['Node Type']));
    const read = Math.max(...scans.map((scan) => scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)));
    assert.ok(read > 0 && read <= 200, `${read} rows were read`);
  });
}

test('twenty photos in one statement write the project row once', async () => {
  await client.query('begin');
  try {
    await actAs(client, 'authenticated', user);
    const { rows: made } = await client.query('insert into video_projects default values returning id');
    const id = made[0].id;
    await client.query('commit');
    await client.query('begin');
    await actAs(client, 'authenticated', user);
    await client.query(
      `insert into photos (project_id, file_url, file_size_bytes, mime_type)
       select $1::uuid, $2::text || '/' || $1::text || '/' || n || '.jpg', 10, 'image/jpeg' from generate_series(1, 20) n`, [id, user]);
    const { rows } = await client.query("select pg_stat_get_xact_tuples_updated('public.video_projects'::regclass)::integer as written, pg_stat_get_xact_tuples_updated('public.users'::regclass)::integer as totals");
    assert.deepEqual(rows[0], { written: 1, totals: 1 });
  } finally {
    await client.query('rollback');
  }
});

test('twenty photos among 100 000: no trigger reads a whole table', async () => {
  await client.query('begin');
  try {
    await actAs(client, 'authenticated', user);
    const { rows } = await client.query('insert into video_projects default values returning id');
    await client.query(
      `insert into photos (project_id, file_url, file_size_bytes, mime_type)
       select $1::uuid, $2::text || '/' || $1::text || '/' || n || '.jpg', 10, 'image/jpeg' from generate_series(1, 20) n`, [rows[0].id, user]);
    await client.query('delete from photos where project_id = $1', [rows[0].id]);
    const { rows: whole } = await client.query(`
      select relname, seq_scan::integer as scans from pg_stat_xact_user_tables
      where relname in ('photos', 'video_projects', 'users', 'media_items', 'generated_videos') and seq_scan > 0`);
    assert.deepEqual(whole, []);
  } finally {
    await client.query('rollback');
  }
});

test('the removal of a project, and of files and videos by the job, read no whole table', async () => {
  await client.query('begin');
  try {
    await client.query("insert into private.storage_deletions (bucket_id, object_name, reason) select 'videos', $1 || '/' || n || '.mp4', 'deleted' from generate_series(1, 50) n", [user]);
    await actAs(client, 'authenticated', user);
    await client.query('delete from video_projects where id = $1', [project]);
    await actAs(client, 'service_role');
    const { rows } = await client.query('select bucket_id, count(*)::integer as files from claim_storage_deletions(1000) group by 1 order by 1');
    assert.deepEqual(rows, [{ bucket_id: 'photos', files: 20 }, { bucket_id: 'videos', files: 50 }]);
    const { rows: whole } = await client.query(`
      select relname, seq_scan::integer as scans from pg_stat_xact_all_tables
      where relname in ('photos', 'video_projects', 'users', 'media_items', 'generated_videos', 'objects') and seq_scan > 0`);
    assert.deepEqual(whole, []);
  } finally {
    await client.query('rollback');
  }
});

test('the job finds what is stored by the one index of names that every release of Storage has', async () => {
  const counted = async () => {
    const { rows } = await client.query("select seq_scan::integer as scans from pg_stat_xact_all_tables where relid = 'storage.objects'::regclass");
    return rows[0].scans;
  };
  await client.query('begin');
  try {
    await client.query('drop index storage.bucketid_objname');
    await client.query("insert into private.storage_deletions (bucket_id, object_name, reason) select 'photos', $1 || '/' || n || '.jpg', 'deleted' from generate_series(1, 50) n", [user]);
    await actAs(client, 'service_role');
    const before = await counted();
    const { rows } = await client.query('select count(*)::integer as files from claim_storage_deletions(1000)');
    assert.equal(rows[0].files, 50);
    assert.equal((await counted()) - before, 0);
  } finally {
    await client.query('rollback');
  }
});

test('the deletion of an account queues each file once, and holds no project for each of its photos', async () => {
  const counted = async () => {
    const { rows } = await client.query(`
      select (select count(*) from private.storage_deletions)::integer as queued,
        pg_stat_get_xact_tuples_inserted('private.storage_deletions'::regclass)::integer as written,
        pg_stat_get_xact_tuples_updated('private.storage_deletions'::regclass)::integer as again,
        (select idx_scan from pg_stat_xact_user_tables where relname = 'video_projects')::integer as looks`);
    return rows[0];
  };
  await client.query('begin');
  try {
    const before = await counted(); // the counters go on from one transaction to the next
    await client.query('delete from auth.users where id = $1', [user]);
    const after = await counted();
    assert.equal(after.queued, 220); // of 200 photos, which Storage has, and 20 media items, which it has not
    assert.equal(after.written - before.written, 220);
    assert.equal(after.again - before.again, 0);
    assert.ok(after.looks - before.looks < 100, `${after.looks - before.looks} looks at projects for 200 photos`);
  } finally {
    await client.query('rollback');
  }
});
