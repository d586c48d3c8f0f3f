// @ts-check
/** The local backend over HTTP on loopback. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBackend } from './backend.mjs';
import { folderFiles } from './files.mjs';

const migrationsFolder = fileURLToPath(new URL('../../schema/supabase/migrations/', import.meta.url));

/** The project's own migrations. @param {string} [folder] @returns {Promise<import('./database.mjs').Migration[]>} */
export async function readMigrations(folder = migrationsFolder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(path.join(folder, name), 'utf8') })));
}

/**
 * `@supabase/lite` prints every failed statement with its values. Inside a request of the backend
 * that is dropped; what the rest of the process prints stays.
 */
/** @type {AsyncLocalStorage<{ refusal?: string }>} */
const insideRequest = new AsyncLocalStorage();
/** @type {import('./adapter.mjs').Refusals} */
const refusals = {
  note(words) {
    const request = insideRequest.getStore();
    if (request) request.refusal = words;
  },
  noted: () => insideRequest.getStore()?.refusal,
};
let quieted = false;
function quietConsole() {
  if (quieted) return;
  quieted = true;
  for (const level of /** @type {const} */ (['error', 'warn'])) {
    const original = console[level].bind(console);
    console[level] = (...values) => {
      if (!insideRequest.getStore()) original(...values);
    };
  }
}

/**
 * The backend for this process, without a listener: for tests, with `fetch` given to the client.
 * @param {Partial<import('./backend.mjs').BackendOptions> & { dataDir?: string }} [options]
 * @returns {Promise<import('./backend.mjs').Backend>}
 */
export async function openBackend({ dataDir, ...options } = {}) {
  process.env['LITE_TELEMETRY'] = '0';
  process.env['DO_NOT_TRACK'] = '1';
  quietConsole();
  if (dataDir) {
    await mkdir(dataDir, { recursive: true });
    options = {
      databaseUrl: path.join(dataDir, 'database'),
      files: await folderFiles(path.join(dataDir, 'objects')),
      jwtSecret: await keptSecret(path.join(dataDir, 'jwt_secret')),
      ...options,
    };
  }
  const migrations = options.migrations ?? (await readMigrations());
  const backend = await insideRequest.run({}, () => createBackend({ refusals, ...options, migrations }));
  return { ...backend, fetch: (input, init) => insideRequest.run({}, () => backend.fetch(input, init)) };
}

/** @param {string} file */
async function keptSecret(file) {
  try {
    return await readFile(file, 'utf8');
  } catch {
    const secret = crypto.randomUUID() + crypto.randomUUID();
    await writeFile(file, secret, { mode: 0o600 });
    return secret;
  }
}

/**
 * Starts the backend on 127.0.0.1.
 * @param {Partial<import('./backend.mjs').BackendOptions> & { port?: number, dataDir?: string }} [options]
 *   port: 0 or absent takes a free one; dataDir: keeps database and files there, in memory without it
 * @returns {Promise<import('./backend.mjs').Backend & { url: string, port: number, key: string }>}
 */
export async function startBackend({ port = 0, ...options } = {}) {
  const backend = await openBackend(options);
  const server = createServer((incoming, outgoing) => {
    serve(backend, incoming, outgoing).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    });
  });
  server.keepAliveTimeout = 5_000;
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    ...backend,
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    key: backend.keys.publishable,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await backend.close();
    },
  };
}

/**
 * Answers one request that came over HTTP.
 * @param {import('./backend.mjs').Backend} backend
 * @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} outgoing
 * @param {Record<string, string>} [more] headers that every answer gets
 */
export async function serve(backend, incoming, outgoing, more = {}) {
  /** @type {Buffer[]} */
  const parts = [];
  try {
    for await (const part of incoming) parts.push(part);
  } catch {
    return; // the sender went away in the middle: nothing was asked
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === 'string') headers.set(name, value);
  }
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  const response = await backend.fetch(
    new Request(`http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers,
      ...(hasBody && parts.length ? { body: Buffer.concat(parts) } : {}),
    }),
  );
  const body = Buffer.from(await response.arrayBuffer());
  const answer = { ...Object.fromEntries(response.headers), ...more };
  delete answer['transfer-encoding'];
  if (incoming.method !== 'HEAD') answer['content-length'] = String(body.length);
  outgoing.writeHead(response.status, answer);
  outgoing.end(body);
}
