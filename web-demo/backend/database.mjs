// @ts-check
/**
 * What a Supabase project has before its first migration: the schemas `auth` and `storage`,
 * the roles of a request, and the grants that a hosted project gives. Then the migrations.
 */
import { getAuthSchemaSql, getStorageSchemaSql, SUPABASE_AUTH_HELPERS_SQL } from '@supabase/lite';

/** One migration file: its name as the Supabase CLI writes it, `<version>_<name>.sql`. */
/** @typedef {{ name: string, sql: string }} Migration */
/** @typedef {{ exec(sql: string): Promise<unknown> }} Executor */

const rolesSql = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin noinherit; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin noinherit; end if;
  if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin noinherit bypassrls; end if;
  if not exists (select from pg_roles where rolname = 'authenticator') then create role authenticator noinherit; end if;
  if not exists (select from pg_roles where rolname = 'supabase_auth_admin') then create role supabase_auth_admin nologin noinherit createrole; end if;
  if not exists (select from pg_roles where rolname = 'supabase_storage_admin') then create role supabase_storage_admin nologin noinherit; end if;
end $$;
grant anon, authenticated, service_role to authenticator;
create schema if not exists extensions;
`;

const grantsSql = `
grant usage on schema public, auth, storage, extensions to anon, authenticated, service_role;
grant select, insert, update, delete on storage.objects, storage.buckets to anon, authenticated, service_role;
grant all on all tables in schema auth to service_role;
grant execute on all functions in schema auth, storage to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
`;

// PostgREST keeps `request.jwt.claims`; `auth.uid()` of `@supabase/lite` reads the older settings,
// which the server sets too, so that both spellings work in policies.
const historySql = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text primary key, statements text[], name text
);
`;

/**
 * Installs the base and every migration that the database does not have yet.
 * Each migration is one transaction; a failing one leaves no trace and names itself.
 * @param {Executor & { query(sql: string, values?: unknown[]): Promise<{ rows: any[] }> }} database
 * @param {Migration[]} migrations
 * @returns {Promise<string[]>} names of what was installed now
 */
export async function installSchema(database, migrations) {
  const { rows: base } = await database.query(`select to_regclass('storage.objects') is not null as present`);
  if (!base[0].present) {
    await database.exec(rolesSql);
    await database.exec(getAuthSchemaSql());
    await database.exec(SUPABASE_AUTH_HELPERS_SQL);
    // Its table says that the base is there: whoever stops the demo in between has all of it or starts anew.
    await database.exec(`begin;\n${getStorageSchemaSql()}\n;${grantsSql}\n;commit;`);
  }
  await database.exec(historySql);
  const { rows } = await database.query('select version from supabase_migrations.schema_migrations');
  const known = new Set(rows.map((row) => row.version));
  const installed = [];
  for (const { name, sql } of [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [version = name] = name.split('_');
    if (known.has(version)) continue;
    try {
      await database.exec(`begin;\n${sql}\n;commit;`);
    } catch (error) {
      await database.exec('rollback');
      throw new Error(`Migration ${name} failed: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
    await database.query('insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)', [
      version,
      name.replace(/^\d+_/, '').replace(/\.sql$/, ''),
    ]);
    installed.push(name);
  }
  return installed;
}
