// How the migrations install: whole or not at all, once, alike under both default grants, by the
// Supabase CLI too.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { signUp, startCluster } from './cluster.mjs';
import { readMigrations, repository } from './migrations.mjs';
import { openPglite } from './pglite.mjs';
import { supabase } from './supabase_cli.mjs';

let cluster;

before(async () => {
  cluster = await startCluster();
});
after(() => cluster?.stop());

// Everything that a migration makes, as text: what stands in the catalog, with privileges.
const catalog = `
  select 'relation ' || c.oid::regclass || ' ' || c.relkind::text || coalesce(' ' || c.relacl::text, '') as line
    from pg_class c where c.relnamespace::regnamespace::text in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm')
  union all select 'column ' || a.attrelid::regclass || '.' || a.attname || ' ' || a.attacl::text
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace::regnamespace::text in ('public', 'private') and a.attacl is not null
  union all select 'function ' || p.oid::regprocedure || ' ' || coalesce(p.proacl::text, 'default') || ' ' || md5(p.prosrc)
    from pg_proc p where p.pronamespace::regnamespace::text in ('public', 'private')
  union all select 'trigger ' || t.tgrelid::regclass || '.' || t.tgname from pg_trigger t where not t.tgisinternal
  union all select 'policy ' || schemaname || '.' || tablename || ' ' || policyname || ' ' || md5(coalesce(qual, '') || coalesce(with_check, '')) from pg_policies
  union all select 'type ' || t.oid::regtype || coalesce(' ' || t.typacl::text, '') from pg_type t
    where t.typnamespace::regnamespace::text = 'public' and t.typtype = 'e'
  union all select 'bucket ' || id from storage.buckets
  order by 1`;

const lines = async (database) => {
  const client = await database.connect(cluster.superuser);
  try {
    return (await client.query(catalog)).rows.map((row) => row.line);
  } finally {
    await client.end();
  }
};

test('the result is the same under the old and the new default grants', async () => {
  const old = await lines(await cluster.createDatabase('grants_old', { grants: 'old' }));
  const fresh = await lines(await cluster.createDatabase('grants_new', { grants: 'new' }));
  assert.ok(old.length > 150);
  // An access list's entries may stand in another order.
  const sorted = (all) => all.map((line) => line.replace(/\{(.*)\}$/, (_, list) => list.split(',').sort().join(' ')));
  assert.deepEqual(sorted(old), sorted(fresh));
});

test('each migration refuses to run twice, and says so', async () => {
  const database = await cluster.createDatabase('twice');
  const before = await lines(database);
  const client = await database.connect();
  try {
    for (const { name, sql } of await readMigrations()) {
      const error = await client.query(sql).then(() => undefined, (failure) => failure);
      await client.query('rollback');
      assert.ok(error, `${name} ran twice`);
      assert.equal(error.code, '42710', `${name}: ${error.message}`);
      assert.match(error.message, new RegExp(`${name.replace('.sql', '')} is installed already`));
    }
  } finally {
    await client.end();
  }
  assert.deepEqual(await lines(database), before);
});

test('a migration that fails at its end leaves nothing, on PostgreSQL and in PGlite', async () => {
  const database = await cluster.createDatabase('half', { migrations: false });
  const client = await database.connect();
  const pglite = await openPglite({ migrations: false });
  const count = "select count(*)::integer as n from pg_class where relnamespace::regnamespace::text in ('public', 'private')";
  try {
    for (const { name, sql } of await readMigrations()) {
      const broken = sql.replace(/commit;\s*$/, 'select 1 / 0;\ncommit;\n');
      assert.notEqual(broken, sql, `${name} ends with commit`);
      const earlier = [(await client.query(count)).rows[0].n, (await pglite.query(count)).rows[0].n];
      await assert.rejects(client.query(broken), /division by zero/);
      await client.query('rollback');
      await assert.rejects(pglite.exec(broken), /division by zero/);
      await pglite.exec('rollback');
      assert.deepEqual([(await client.query(count)).rows[0].n, (await pglite.query(count)).rows[0].n], earlier, name);
      await client.query(sql);
      await pglite.exec(sql);
    }
  } finally {
    await client.end();
    await pglite.close();
  }
});

test('statement by statement, as a plain psql session would run them, a failure leaves nothing too', async () => {
  const database = await cluster.createDatabase('psql', { migrations: false });
  const client = await database.connect();
  try {
    for (const { sql } of await readMigrations()) {
      assert.match(sql, /^(--.*\n|\s)*begin;/, 'the first statement opens the transaction');
      assert.match(sql, /\ncommit;\s*$/, 'the last one ends it');
    }
  } finally {
    await client.end();
  }
});

test('accounts that were there before get their profiles', async () => {
  const database = await cluster.createDatabase('earlier', { migrations: false });
  const client = await database.connect();
  try {
    await client.query(`insert into auth.users (id, email, is_sso_user, raw_user_meta_data, deleted_at, created_at) values
      (gen_random_uuid(), 'early@example.com', false, '{"name": "Early", "language": "fr"}', null, '2026-01-01'),
      (gen_random_uuid(), 'early@example.com', true, null, null, '2026-01-02'),
      (gen_random_uuid(), null, false, '[]', null, '2026-01-03'),
      (gen_random_uuid(), 'gone@example.com', false, null, now(), '2026-01-04')`);
    for (const { sql } of await readMigrations()) await client.query(sql);
    const { rows } = await client.query("select display_name, language, split_part(email, '@', 2) as domain from users order by display_name collate \"C\"");
    assert.deepEqual(rows, [
      { display_name: 'Early', language: 'fr', domain: 'example.com' },
      { display_name: 'User', language: 'en', domain: 'users.invalid' },
      { display_name: 'early', language: 'en', domain: 'users.invalid' },
    ]);
  } finally {
    await client.end();
  }
});

test('files that were there before are counted', async () => {
  const database = await cluster.createDatabase('files', { migrations: false });
  const client = await database.connect();
  try {
    const migrations = await readMigrations();
    const counting = migrations.findIndex(({ name }) => /stored_files/.test(name));
    for (const { sql } of migrations.slice(0, counting)) await client.query(sql);
    const id = await signUp(client, 'ann@example.com');
    await client.query(`insert into storage.objects (bucket_id, name, metadata)
      select 'media', folder || '/' || n || '.jpg', '{"size": 5000}' from generate_series(1, 3) as n, unnest($1::text[]) as folder`, [[id, 'gone', '00000000-0000-0000-0000-000000000000']]);
    for (const { sql } of migrations.slice(counting)) await client.query(sql);
    assert.deepEqual((await client.query('select * from private.stored_bytes')).rows, [{ account: id, bytes: '15000' }]);
  } finally {
    await client.end();
  }
});

test('the sign-in service makes, changes and deletes accounts in its own role', async () => {
  const database = await cluster.createDatabase('sign_in');
  const service = await database.connect('supabase_auth_admin');
  const client = await database.connect();
  try {
    const id = await signUp(service, 'ann@example.com', { name: 'Ann' });
    await service.query("update auth.users set email = 'new@example.com' where id = $1", [id]);
    const profile = await client.query('select email, display_name from users');
    assert.deepEqual(profile.rows, [{ email: 'new@example.com', display_name: 'Ann' }]);
    await client.query('insert into video_projects (user_id) values ($1)', [id]);
    await service.query('delete from auth.users where id = $1', [id]);
    const left = await client.query('select (select count(*) from users)::integer as people, (select count(*) from video_projects)::integer as projects');
    assert.deepEqual(left.rows, [{ people: 0, projects: 0 }]);
    await assert.rejects(service.query('select * from public.users'), { code: '42501' });
  } finally {
    await Promise.all([service.end(), client.end()]);
  }
});

/** A copy of schema/supabase whose migrations a test may change. */
function copyProject() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'photo-core-project-'));
  cpSync(path.join(repository, 'schema/supabase'), path.join(folder, 'supabase'), { recursive: true });
  return folder;
}

test('supabase db push installs them, with the seed, once', async () => {
  const database = await cluster.createDatabase('push', { grants: 'old', migrations: false });
  const folder = copyProject();
  try {
    const push = () => supabase('db', 'push', '--yes', '--include-seed', '--workdir', folder, `--remote=${database.url()}`);
    const first = push();
    assert.equal(first.status, 0, first.stderr);
    const installed = await cluster.createDatabase('installed', { grants: 'old' });
    const pushed = (await lines(database)).filter((line) => !/supabase_migrations/.test(line));
    assert.deepEqual(pushed, await lines(installed));
    const client = await database.connect();
    const { rows } = await client.query('select count(*)::integer as people from users');
    await client.end();
    assert.ok(rows[0].people >= 2, 'the seed makes people');
    const second = push();
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stdout + second.stderr, /up to date/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('supabase db push of a broken migration leaves nothing of it', async () => {
  const database = await cluster.createDatabase('push_broken', { migrations: false });
  const expected = await cluster.createDatabase('push_expected', { migrations: false });
  const folder = copyProject();
  try {
    const migrations = await readMigrations();
    const last = migrations.pop();
    const broken = path.join(folder, 'supabase/migrations', last.name);
    writeFileSync(broken, last.sql.replace(/commit;\s*$/, 'select 1 / 0;\ncommit;\n'));
    const push = () => supabase('db', 'push', '--yes', '--workdir', folder, `--remote=${database.url()}`);
    assert.notEqual(push().status, 0);
    for (const { sql } of migrations) await expected.run('postgres', sql);
    assert.deepEqual(await lines(database), await lines(expected), 'the migrations before are there, of the last one nothing');
    writeFileSync(broken, last.sql);
    const repaired = push();
    assert.equal(repaired.status, 0, repaired.stderr);
    await expected.run('postgres', last.sql);
    assert.deepEqual(await lines(database), await lines(expected));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
