// A static server on loopback that says what it was asked for, with the headers that a test wants.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** The policy that the package promises to work under. */
export const strictPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "style-src 'self'",
  "object-src 'none'",
].join('; ');

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
};

/**
 * Serves `folders` (the first that has the file) at an address of its own.
 * `routes`: functions (request, response) by path, before any file; `headers`: for every answer.
 */
export async function serve({ folders = [], routes = {}, headers = {} }) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push(pathname);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (Object.hasOwn(routes, pathname)) return routes[pathname](request, response);
    for (const folder of folders) {
      const wanted = path.join(folder, path.normalize(decodeURIComponent(pathname)));
      for (const file of [wanted, path.join(wanted, 'index.html'), `${wanted}.html`]) {
        const facts = await stat(file).catch(() => null);
        if (!facts?.isFile()) continue;
        response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
        response.setHeader('content-length', facts.size);
        createReadStream(file).pipe(response);
        return;
      }
    }
    response.statusCode = pathname === '/favicon.ico' ? 204 : 404;
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Not found</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
