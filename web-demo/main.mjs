#!/usr/bin/env node
// @ts-check
/**
 * The demo: builds the page, starts the local backend and serves both on loopback until it is stopped.
 *   node web-demo/main.mjs [--port N] [--data DIR]
 * Accounts, projects and photos stay in build/demo-data, so that a demo that was stopped goes on where it was.
 * With SUPABASE_URL and SUPABASE_KEY (the publishable key) in the environment, a real project stands in for the backend.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend, readMigrations } from './backend/node.mjs';
import { buildPage } from './build.mjs';
import { servePage } from './serve.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: process.env['PORT'] || '4173' }, data: { type: 'string' } } });
const { SUPABASE_URL, SUPABASE_KEY } = process.env;
const remote = SUPABASE_URL && SUPABASE_KEY ? { url: SUPABASE_URL, key: SUPABASE_KEY } : undefined;
const wanted = Number(values.port);
if (!/^\d+$/.test(values.port) || wanted > 65535) {
  console.error(`PORT is a number from 0 (any that is free) to 65535, not "${values.port}"`);
  process.exit(1);
}

/**
 * Only the process that listens on a port opens the data kept under its number: two never share a folder.
 * Another schema begins anew.
 * @param {string} port
 */
async function keptFolder(port) {
  const schema = createHash('sha256').update(JSON.stringify(await readMigrations())).digest('hex').slice(0, 12);
  return fileURLToPath(new URL(`../build/demo-data/${port}-${schema}`, import.meta.url));
}

/** @param {number} port @returns {Promise<Backend>} */
async function openLocal(port) {
  console.log('starting the local backend (PostgreSQL in this process; nothing leaves the machine) …');
  if (values.data) return openBackend({ dataDir: values.data });
  if (port !== wanted) return openBackend();
  const dataDir = await keptFolder(String(port));
  try {
    return await openBackend({ dataDir });
  } catch (error) {
    console.log(`what earlier runs left in ${path.relative('.', dataDir)} cannot be opened (${error instanceof Error ? error.message : error}): starting with none`);
    await rm(dataDir, { recursive: true, force: true });
    return openBackend({ dataDir });
  }
}

/**
 * Each demo serves a page of its own, in build/demo under the number of its process: one that starts beside
 * another must not empty the folder that the other serves. What a killed one left is removed by the next.
 */
async function ownPage() {
  const all = fileURLToPath(new URL('../build/demo', import.meta.url));
  for (const name of await readdir(all).catch(() => [])) {
    if (!isRunning(Number(name))) await rm(path.join(all, name), { recursive: true, force: true });
  }
  const own = path.join(all, String(process.pid));
  process.on('exit', () => rmSync(own, { recursive: true, force: true }));
  return buildPage({ packed: path.join(own, 'package'), out: path.join(own, 'page') });
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's, or no process; what is no number was no demo's.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

console.log('building the page …');
const folder = await ownPage();
/** @typedef {import('./backend/backend.mjs').Backend} Backend */
/** @type {(backend: Backend) => void} */
let opened = () => {};
/** @type {Promise<Backend> | null} */
const backend = remote ? null : new Promise((resolve) => (opened = resolve));
const page = await servePage({ folder, port: wanted, backend, remote }).catch((error) => {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  console.log(`port ${wanted} is ${error.code === 'EACCES' ? 'not for everybody' : 'taken'}: another one is used, and what is sent there is kept in memory only`);
  return servePage({ folder, port: 0, backend, remote });
});
let closing = false;
let serving = Boolean(remote);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    // While the backend still starts there is nothing to lose, and whoever asks twice means it.
    if (closing || !serving) process.exit(0);
    closing = true;
    void page.close().then(async () => (await backend)?.close()).finally(() => process.exit(0));
  });
}
if (!remote) {
  const local = await openLocal(Number(new URL(page.url).port));
  serving = true;
  opened(local);
}
if (!closing) console.log(`\nThe demo is at ${page.url}\nStop it with Ctrl+C.`);
