#!/usr/bin/env node
// @ts-check
/**
 * The demo: builds the page, starts the local backend and serves both on loopback until it is stopped.
 *   node web-demo/main.mjs [--port N] [--data DIR]
 * With SUPABASE_URL and SUPABASE_KEY (the publishable key) in the environment, a real project stands in for the backend.
 */
import { parseArgs } from 'node:util';
import { openBackend } from './backend/node.mjs';
import { buildPage } from './build.mjs';
import { servePage } from './serve.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: process.env['PORT'] ?? '4173' }, data: { type: 'string' } } });
const { SUPABASE_URL, SUPABASE_KEY } = process.env;
const remote = SUPABASE_URL && SUPABASE_KEY ? { url: SUPABASE_URL, key: SUPABASE_KEY } : undefined;

console.log('building the page …');
const folder = await buildPage();
if (!remote) console.log('starting the local backend (PostgreSQL in this process; nothing leaves the machine) …');
const backend = remote ? null : await openBackend(values.data ? { dataDir: values.data } : {});
const wanted = Number(values.port);
const page = await servePage({ folder, port: wanted, backend, remote }).catch((error) => {
  if (error.code !== 'EADDRINUSE') throw error;
  console.log(`port ${wanted} is taken: another one is used`);
  return servePage({ folder, port: 0, backend, remote });
});
console.log(`\nThe demo is at ${page.url}\nStop it with Ctrl+C.`);

let closing = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    if (closing) return;
    closing = true;
    void page.close().then(() => backend?.close()).then(() => process.exit(0));
  });
}
