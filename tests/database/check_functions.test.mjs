// plpgsql_check over every function, a trigger function with each table and transition table it has.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCluster } from './cluster.mjs';

let cluster;
let client;

before(async () => {
  cluster = await startCluster();
  const database = await cluster.createDatabase('functions', { extensions: ['plpgsql_check'] });
  client = await database.connect(cluster.superuser);
  // A pg_cron made of paper, which one function asks for.
  await client.query(`create schema cron;
    create function cron.schedule(text, text, text) returns bigint language sql as 'select 1::bigint'`);
});
after(async () => {
  await client?.end();
  await cluster?.stop();
});

const functions = `
  select p.oid, p.oid::regprocedure::text as name, p.prorettype = 'trigger'::regtype as is_trigger
  from pg_proc p join pg_language l on l.oid = p.prolang
  where l.lanname = 'plpgsql' and p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  order by 2`;

async function findings(call, values) {
  const { rows } = await client.query(
    `select functionid::regprocedure::text as function, lineno, statement, sqlstate, message, level from ${call}`,
    values,
  );
  return rows;
}

test('no plain function has a finding', async () => {
  const { rows } = await client.query(functions);
  const plain = rows.filter((row) => !row.is_trigger);
  assert.ok(plain.length >= 10, `only ${plain.length} functions found`);
  for (const { oid, name } of plain) {
    const found = await findings(
      'tap.plpgsql_check_function_tb(funcoid => $1::oid, extra_warnings => true, performance_warnings => false, security_warnings => true)',
      [oid],
    );
    assert.deepEqual(found, [], name);
  }
});

test('no trigger function has a finding with any of its tables', async () => {
  const { rows } = await client.query(`
    select t.tgfoid as oid, t.tgfoid::regprocedure::text as name, t.tgrelid as relation,
      t.tgrelid::regclass::text as table, t.tgname as trigger, t.tgoldtable as old_table, t.tgnewtable as new_table
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where not t.tgisinternal and p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and t.tgrelid::regclass::text not like 'private.%'`);
  assert.ok(rows.length >= 50, `only ${rows.length} triggers found`);
  const used = new Set(rows.map((row) => row.name));
  const all = (await client.query(functions)).rows.filter((row) => row.is_trigger).map((row) => row.name);
  assert.deepEqual(all.filter((name) => !used.has(name)), [], 'trigger functions without a trigger');
  for (const row of rows) {
    // One function serves several events; each branch reads the transition table its event has.
    const found = await findings(
      `tap.plpgsql_check_function_tb(funcoid => $1::oid, relid => $2::oid, oldtable => $3, newtable => $4,
        extra_warnings => true, performance_warnings => false, security_warnings => true)`,
      [row.oid, row.relation, row.old_table ?? (row.new_table ? 'old_rows' : null), row.new_table ?? (row.old_table ? 'new_rows' : null)],
    );
    assert.deepEqual(found, [], `${row.name} by ${row.trigger} on ${row.table}`);
  }
});

test('a broken function would be found', async () => {
  await client.query('begin');
  await client.query(`create function private.broken() returns integer language plpgsql set search_path = ''
    as $$ begin return (select no_such_column from public.photos); end $$`);
  const found = await findings("tap.plpgsql_check_function_tb('private.broken()'::regprocedure)", []);
  await client.query('rollback');
  assert.equal(found[0]?.sqlstate, '42703');
});
