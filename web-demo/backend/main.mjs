#!/usr/bin/env node
// @ts-check
/** `node web-demo/backend/main.mjs [--port N] [--data DIR]`: the local backend until it is stopped. */
import { parseArgs } from 'node:util';
import { startBackend } from './node.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '54321' }, data: { type: 'string' }, 'no-admin': { type: 'boolean' } },
});
const backend = await startBackend({ port: Number(values.port), ...(values.data ? { dataDir: values.data } : {}) });
console.log(JSON.stringify({ url: backend.url, key: backend.key }));
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => backend.close().then(() => process.exit(0)));
}
