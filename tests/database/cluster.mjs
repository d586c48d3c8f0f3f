// A private PostgreSQL cluster with Supabase emulated and the migrations installed.
//
//   const cluster = await startCluster();
//   const database = await cluster.createDatabase('mine', { grants: 'new' });
//   const client = await database.connect('authenticator');   // a pg.Client
//   ...
//   await cluster.stop();
//
// The cluster lives in a temporary folder, listens on a free loopback port (on no socket: a long path
// cannot be one), and runs as another user than root. A shell beside it watches this process through a
// pipe: when this process ends, however it ends, the server is stopped and the folder removed.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { readEmulation, readMigrations } from './migrations.mjs';

const superuser = 'supabase_admin';

/** The folder of the server's programs: PHOTO_CORE_PG_BIN, Debian's newest, that of pg_config, or of an initdb on the PATH. */
export function postgresBinaries() {
  if (process.env.PHOTO_CORE_PG_BIN) return process.env.PHOTO_CORE_PG_BIN;
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) {
    const versions = readdirSync(debian)
      .filter((version) => existsSync(path.join(debian, version, 'bin/initdb')))
      .sort((a, b) => Number(b) - Number(a));
    if (versions.length > 0) return path.join(debian, versions[0], 'bin');
  }
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  try {
    folders.unshift(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: 'pipe' }).trim());
  } catch {
    // It belongs to what compiles against the server, and may be missing.
  }
  const found = folders.find((folder) => existsSync(path.join(folder, 'initdb')));
  if (!found) throw new Error('PostgreSQL is missing: wasm/toolchain/ensure_packages.sh database');
  return found;
}

// PostgreSQL refuses to run as root, so root hands the cluster to `postgres`, or to `nobody`.
function serverUser() {
  if (process.getuid() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error('no user to run PostgreSQL as');
}

/** The folder for temporary files, or the first usual one that `user` may enter: root's own may be for root alone. */
function temporary(user) {
  return [os.tmpdir(), '/var/tmp', '/tmp'].find((folder) => spawnSync('test', ['-x', folder], user).status === 0) ?? os.tmpdir();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const watched = `
"$1/postgres" -D "$2/data" -p "$3" -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off \
  -c full_page_writes=off -c synchronous_commit=off -c max_connections=80 -c deadlock_timeout=200ms \
  -c log_min_messages=fatal -c timezone=UTC >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT $server 2>/dev/null
wait $server
rm -rf "$2"
`;

async function untilReady(open, deadline) {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Starts a cluster with the roles of a Supabase project. Resolves when it takes connections. */
export async function startCluster() {
  const binaries = postgresBinaries();
  const user = serverUser();
  const folder = mkdtempSync(path.join(temporary(user), 'photo-core-pg-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  try {
    execFileSync(
      path.join(binaries, 'initdb'),
      ['-D', path.join(folder, 'data'), '-U', superuser, '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
      { ...user, cwd: folder, stdio: 'pipe' },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const watcher = spawn('sh', ['-c', watched, 'sh', binaries, folder, String(port)], {
    ...user,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  watcher.stdin.unref?.();
  const gone = new Promise((resolve) => watcher.once('exit', resolve));

  const open = async (database, role) => {
    const client = new pg.Client({ host: '127.0.0.1', port, database, user: role });
    await client.connect();
    // A server that is stopped while a client is open ends it with an error of its own.
    client.on('error', () => {});
    return client;
  };
  const run = async (database, role, ...scripts) => {
    const client = await open(database, role);
    try {
      for (const script of scripts) await client.query(script);
    } finally {
      await client.end();
    }
  };
  const url = (database, role = 'postgres') => `postgresql://${role}@127.0.0.1:${port}/${database}`;

  let stopping;
  const stop = () => {
    stopping ??= (async () => {
      watcher.ref();
      watcher.stdin.end();
      await gone;
      rmSync(folder, { recursive: true, force: true }); // what its own user may not remove
    })();
    return stopping;
  };

  try {
    await untilReady(() => run('postgres', superuser, 'select 1'), Date.now() + 60_000);
    await run('postgres', superuser, await readEmulation('cluster'));
  } catch (error) {
    await stop();
    throw error;
  }

  /**
   * Makes a database with the emulation and, unless `migrations` is false, the project's migrations.
   * `grants`: which default privileges the project was made under, 'old' or 'new'.
   * `extensions`: extensions that tests need, each in the schema `tap`, out of the API's sight.
   */
  async function createDatabase(name, { grants = 'new', migrations = true, extensions = [] } = {}) {
    await run('postgres', superuser, `create database "${name}" owner postgres`);
    await run(name, superuser, await readEmulation('database'));
    if (extensions.length > 0) {
      await run(name, superuser, 'create schema tap; grant usage on schema tap to public',
        ...extensions.map((extension) => `create extension ${extension} schema tap`));
    }
    await run(name, 'postgres', await readEmulation(`grants_${grants}`));
    if (migrations) {
      for (const migration of await readMigrations()) {
        try {
          await run(name, 'postgres', migration.sql);
        } catch (error) {
          error.message = `${migration.name}: ${error.message}`;
          throw error;
        }
      }
    }
    return describe(name);
  }

  /** Copies a database that nobody is connected to; much faster than installing again. */
  async function copyDatabase(source, name) {
    await run('postgres', superuser, `create database "${name}" template "${source}" owner postgres`);
    return describe(name);
  }

  const describe = (name) => ({
    name,
    url: (role) => url(name, role),
    connect: (role = 'postgres') => open(name, role),
    run: (role, ...scripts) => run(name, role, ...scripts),
  });

  return { binaries, folder, port, superuser, url, createDatabase, copyDatabase, stop };
}

/**
 * Makes a connection act as PostgREST does for a signed-in person (or for `anon` without an id),
 * until the end of the transaction.
 */
export async function actAs(client, role, userId) {
  const claims = JSON.stringify({ role, ...(userId ? { sub: userId } : {}) });
  await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [role, claims]);
}

/** Signs somebody up as GoTrue does; returns the id. */
export async function signUp(client, email, metadata = {}) {
  const { rows } = await client.query(
    `insert into auth.users (id, aud, role, email, raw_user_meta_data, created_at, updated_at)
     values (gen_random_uuid(), 'authenticated', 'authenticated', $1, $2, now(), now()) returning id`,
    [email, JSON.stringify(metadata)],
  );
  return rows[0].id;
}
