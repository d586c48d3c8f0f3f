// @ts-check
/** Serves the built page on loopback under a strict policy, with the local backend under the same address. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { publishableKey } from './backend/backend.mjs';
import { serve } from './backend/node.mjs';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** @typedef {import('./backend/backend.mjs').Backend} Backend */

/** @param {string} connect further origins that the page may talk to */
const policy = (connect) =>
  [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    `connect-src 'self' ${connect}`.trim(),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** What an address names; '' when it is none. @param {string} url */
function pathOf(url) {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return '';
  }
}

/**
 * @param {{ folder: string, port: number, backend: Backend | Promise<Backend> | null,
 *   remote?: { url: string, key: string } | undefined }} options
 *   backend: the local one, its requests wait until it is open; remote: a real project in its place
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function servePage({ folder, port, backend, remote }) {
  const config = remote ? { ...remote, local: false } : { url: './', key: publishableKey, local: true };
  const headers = {
    'content-security-policy': policy(remote ? new URL(remote.url).origin : ''),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500, headers);
      response.end();
    });
  });

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function answer(request, response) {
    const pathname = pathOf(request.url ?? '/');
    if (backend && /^\/(auth|rest|storage)\/v1\//.test(pathname)) return serve(await backend, request, response, { 'x-content-type-options': 'nosniff' });
    if (pathname === '/config.json') {
      response.writeHead(200, { ...headers, 'content-type': types['.json'], 'cache-control': 'no-store' });
      response.end(JSON.stringify(config));
      return undefined;
    }
    const file = path.join(folder, path.normalize(pathname === '/' ? '/index.html' : pathname));
    const found = file.startsWith(folder + path.sep) ? await stat(file).catch(() => null) : null;
    if (!found?.isFile() || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, headers).end();
      return undefined;
    }
    const type = types[/** @type {keyof typeof types} */ (path.extname(file))] ?? 'application/octet-stream';
    // Names of built files carry their hash; the page itself does not.
    const caching = pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, { ...headers, 'content-type': type, 'content-length': found.size, 'cache-control': caching });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
    return undefined;
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
