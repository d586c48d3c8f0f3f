// @ts-check
/**
 * A whole Supabase project in one process: PostgreSQL (PGlite), the REST, Auth and Storage
 * services (`@supabase/lite`) and the fetch adapter that makes them answer as the hosted ones do.
 * Nothing here needs Node: `createBackend` runs in a page or a worker as well, where its `fetch`
 * is handed to `createClient(url, key, { global: { fetch } })`.
 */
import { App, InMemoryEmailDriver, setExperimental } from '@supabase/lite';
import { createPgliteConnection } from '@supabase/lite/pglite';
import { createFetchAdapter } from './adapter.mjs';
import { installSchema } from './database.mjs';
import { memoryFiles } from './files.mjs';

/** What a page needs to sign people up and in. It opens nothing by itself. */
export const publishableKey = 'sb_publishable_local_photo_core';

const timestamptz = 1184;
/** As PostgREST writes it: `2026-01-02T03:04:05.678+00:00`. @param {string} text */
const isoTimestamp = (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');

/**
 * @typedef {object} BackendOptions
 * @property {import('./database.mjs').Migration[]} migrations  installed in the order of their names
 * @property {string} [databaseUrl]     where PGlite keeps its files: a folder, or `idb://name` in a page; none: in memory
 * @property {Blob} [database]          what `dump` of another backend gave, as the contents of this one
 * @property {any} [connection]         another connection of `@supabase/lite` in its place, its schema already installed
 * @property {any} [files]              storage adapter, in memory by default
 * @property {string} [jwtSecret]       signs the sessions; random by default, so they end with the process
 * @property {number} [jwtExpirySeconds] life of an access token, 3600 by default
 * @property {import('./adapter.mjs').Refusals} [refusals]  keeps the database's own words until the answer; none: they are lost
 */

/**
 * @typedef {object} Backend
 * @property {(input: Request | string | URL, init?: RequestInit) => Promise<Response>} fetch
 * @property {{ publishable: string, secret: string }} keys
 * @property {(sql: string, values?: unknown[]) => Promise<{ rows: any[] }>} query  SQL as the owner, for tests and seeds
 * @property {any} files
 * @property {() => Promise<Blob>} dump  the database as it is, as a tar of its files
 * @property {() => Promise<void>} close
 */

/** @param {BackendOptions} options @returns {Promise<Backend>} */
export async function createBackend(options) {
  // The service role's. Any page in any tab can ask a backend on loopback, and everybody can read this file.
  const keys = { publishable: publishableKey, secret: `sb_secret_${crypto.randomUUID()}` };
  setExperimental('storage', true);
  const connection = options.connection ?? (await createPgliteConnection({
      ...(options.databaseUrl ? { url: options.databaseUrl } : {}),
      pgliteOptions: {
        parsers: { [timestamptz]: isoTimestamp },
        ...(options.database ? { loadDataDir: options.database } : {}),
      },
    }));
  // The first request would otherwise grant everything to everybody.
  connection.rlsState = 'active';
  // Asked of every error on its way to an answer.
  const normalize = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (/** @type {unknown} */ error) => {
    const known = normalize(error);
    if (known?.code === '42501') options.refusals?.note(String(known.message));
    return known;
  };
  const driver = connection.driver;
  const query = (/** @type {string} */ sql, /** @type {unknown[]} */ values = []) =>
    driver.query ? driver.query(sql, values) : driver.unsafe(sql, values).then((/** @type {any[]} */ rows) => ({ rows }));
  if (!options.connection) await installSchema({ exec: (sql) => driver.exec(sql), query }, options.migrations);

  const app = new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: options.jwtSecret ?? crypto.randomUUID() + crypto.randomUUID(),
      jwt_expiry: options.jwtExpirySeconds ?? 3600,
      publishable_key: keys.publishable,
      secret_key: keys.secret,
    },
    storage: { enabled: true },
    options: {
      server: { admin: false, disableStudio: true },
      drivers: { email: new InMemoryEmailDriver() },
    },
  });
  app._storageAdapter = options.files ?? memoryFiles();
  await app.init();
  const handle = createFetchAdapter(app, options.refusals);
  return {
    fetch: (input, init) => handle(new Request(input, init)),
    keys,
    query,
    files: app._storageAdapter,
    dump: () => driver.dumpDataDir('none'),
    close: async () => {
      if (options.databaseUrl && driver.syncToFs) await driver.syncToFs();
      await connection.close();
    },
  };
}
