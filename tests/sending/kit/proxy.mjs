/**
 * A proxy on loopback that makes the network bad. What happens to a request is decided by a plan before it is forwarded, so
 * that a seeded plan can be played again.
 *
 * Faults: `delay`, `drop_before` (the server never sees it), `drop_after` (the server acted, the reply is lost), `cut` (the
 * connection ends in the middle of the body), `conflict_after` (the server acted, the reply says it is there already), a
 * status with its usual body (429, 500, 502, 503, 544 …), `html_403`, `expired` (the token is refused), `drip` (the reply
 * comes in single bytes), `torn` (the reply ends in its middle), `portal` (a page with 200 in place of the reply), `redirect`,
 * `hold` (waits for a promise, then forwards or drops).
 */
import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A Storage or REST answer, as the service itself would write it. */
function answerOf(fault, isStorage, isResumable) {
  const json = (status, body, headers = {}) => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const storage = (status, code, message) => json(400, { statusCode: String(status), code, error: code, message });
  switch (fault.kind) {
    case 'html_403':
      return { status: 403, headers: { 'content-type': 'text/html' }, body: '<html><body>Request blocked</body></html>' };
    case 'portal':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Please accept our terms</body></html>' };
    case 'redirect':
      return { status: 302, headers: { location: '/portal' }, body: '' };
    case 'expired':
      if (isResumable) return { status: 400, headers: { 'content-type': 'text/plain' }, body: 'jwt expired' };
      return isStorage ? storage(403, 'InvalidJWT', 'jwt expired') : json(401, { code: 'PGRST301', message: 'JWT expired', details: null, hint: null });
    case 'conflict_after':
      return isStorage
        ? storage(409, 'ResourceAlreadyExists', 'The resource already exists')
        : json(409, { code: '23505', message: 'duplicate key value violates unique constraint "photos_pkey"', details: null, hint: null });
    case 'status': {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      if (fault.code) return isStorage ? storage(fault.status, fault.code, 'Try again') : json(fault.status, { code: fault.code, message: 'Try again' }, headers);
      return { status: fault.status, headers: { 'content-type': 'text/plain', ...headers }, body: 'unavailable' };
    }
    default:
      throw new Error(`No answer for ${fault.kind}`);
  }
}

/** What a request is for, in a word. */
export function requestKind(method, url) {
  const [path] = url.split('?');
  if (path.startsWith('/auth/')) return 'session';
  if (path.startsWith('/storage/v1/upload/resumable')) return { POST: 'resumable: begin', PATCH: 'resumable: piece', HEAD: 'resumable: where' }[method] ?? 'resumable: probe';
  if (path.startsWith('/storage/v1/object/info/') || method === 'HEAD') return 'object: read back';
  if (path.startsWith('/storage/')) return method === 'DELETE' ? 'objects: remove' : 'object: store';
  const table = path.slice(path.lastIndexOf('/') + 1);
  if (path.includes('/rpc/')) return table;
  return `${table}: ${{ GET: 'read', POST: 'insert', PATCH: 'update', DELETE: 'delete' }[method] ?? method}`;
}

const corsHeaders = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

/**
 * @param {string} target address of the backend
 * @param {(request: { method: string, path: string, number: number }) => null | { kind: string, ms?: number, status?: number, code?: string, retryAfter?: string | number }} plan
 */
export async function startProxy(target, plan) {
  const { hostname, port } = new URL(target);
  const counts = {};
  const byRequest = {};
  let number = 0;

  const server = http.createServer(async (incoming, outgoing) => {
    const parts = [];
    const isPreflight = incoming.method === 'OPTIONS' && incoming.headers['access-control-request-method'] !== undefined;
    const fault = isPreflight ? null : proxy.plan({ method: incoming.method, path: incoming.url, number: number++ });
    const met = isPreflight ? { requests: 0, faults: {} } : (byRequest[requestKind(incoming.method, incoming.url)] ??= { requests: 0, faults: {} });
    met.requests += 1;
    if (fault) {
      counts[fault.kind] = (counts[fault.kind] ?? 0) + 1;
      met.faults[fault.kind] = (met.faults[fault.kind] ?? 0) + 1;
    }
    const isStorage = incoming.url.startsWith('/storage/');
    const say = ({ status, headers, body }) => {
      outgoing.writeHead(status, { ...headers, ...corsHeaders });
      outgoing.end(body);
    };
    try {
      if (fault?.kind === 'cut') {
        // A part of the body arrives at the backend, which then sees the connection end.
        const half = http.request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers });
        half.on('error', () => {});
        incoming.once('data', (piece) => {
          half.write(piece.subarray(0, Math.ceil(piece.length / 2)), () => half.destroy());
          incoming.socket.destroy();
        });
        incoming.once('end', () => incoming.socket.destroy());
        return;
      }
      for await (const part of incoming) parts.push(part);
      if (fault?.kind === 'delay') await wait(fault.ms);
      if (fault?.kind === 'hold') await fault.until;
      if (fault?.kind === 'hold' && !fault.forward) return void incoming.socket.destroy();
      if (fault?.kind === 'drop_before') return void incoming.socket.destroy();
      const isResumable = incoming.url.startsWith('/storage/v1/upload/resumable');
      if (fault && ['html_403', 'expired', 'status', 'portal', 'redirect'].includes(fault.kind)) return say(answerOf(fault, isStorage, isResumable));
      const reply = await forward({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, parts);
      if (fault?.kind === 'drop_after') return void incoming.socket.destroy();
      if (fault?.kind === 'conflict_after' && reply.status < 300) return say(answerOf(fault, isStorage));
      outgoing.writeHead(reply.status, reply.headers);
      if (fault?.kind === 'torn') {
        outgoing.write(reply.body.subarray(0, reply.body.length / 2), () => incoming.socket.destroy());
        return;
      }
      if (fault?.kind === 'drip') {
        for (const byte of reply.body.subarray(0, 20)) {
          outgoing.write(Buffer.from([byte]));
          await wait(fault.ms ?? 1);
        }
        return void outgoing.end(reply.body.subarray(20));
      }
      outgoing.end(reply.body);
    } catch {
      outgoing.destroy();
    }
  });

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = {
    url: `http://127.0.0.1:${server.address().port}`,
    /** How often each fault was made. */
    counts,
    /** The same for each kind of request, beside the number of requests. */
    byRequest,
    /** Can be exchanged while it runs. */
    plan,
    get requests() {
      return number;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function forward(options, parts) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, agent }, async (response) => {
      const body = [];
      try {
        for await (const part of response) body.push(part);
      } catch (error) {
        return reject(error);
      }
      const { 'transfer-encoding': _, ...headers } = response.headers;
      resolve({ status: response.statusCode, headers, body: Buffer.concat(body) });
    });
    request.on('error', reject);
    request.end(Buffer.concat(parts));
  });
}

export const noFaults = () => null;

/**
 * Faults by chance, one in `1 / rate` requests. A careful answer (an HTML 403) never comes twice in a row, since the sender
 * takes the second for a verdict.
 * @param {{ next(): number, pick(list: any[]): any, between(low: number, high: number): number }} random
 */
export function randomFaults(random, rate) {
  const kinds = [
    { kind: 'drop_before' },
    { kind: 'drop_after' },
    { kind: 'drop_after' },
    { kind: 'cut' },
    { kind: 'conflict_after' },
    { kind: 'status', status: 429, retryAfter: 2 },
    { kind: 'status', status: 429, code: 'SlowDown' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503, retryAfter: 'date' },
    { kind: 'status', status: 544, code: 'DatabaseTimeout' },
    { kind: 'status', status: 423, code: 'ResourceLocked' },
    { kind: 'html_403' },
    { kind: 'expired' },
    { kind: 'drip' },
    { kind: 'torn' },
    { kind: 'portal' },
    { kind: 'redirect' },
    { kind: 'delay' },
  ];
  const blocked = new Map();
  return ({ method, path }) => {
    const writes = method === 'POST' && !path.includes('/rpc/') && !path.includes('/auth/') && !path.includes('/upload/');
    const roll = random.next();
    const drawn = random.pick(kinds);
    const ms = random.between(1, 15);
    if (roll >= rate) return null;
    const key = `${method} ${path}`;
    let fault = { ...drawn };
    if (fault.kind === 'html_403') {
      if (blocked.get(key) || path.startsWith('/auth/')) fault = { kind: 'drop_before' };
      else blocked.set(key, true);
    }
    if (fault.kind === 'conflict_after' && !writes) fault = { kind: 'drop_after' };
    // supabase-js takes what it cannot read for the end of the session, and forgets it: its own business.
    if (['portal', 'redirect', 'torn'].includes(fault.kind) && path.startsWith('/auth/')) fault = { kind: 'drop_before' };
    if (fault.kind === 'cut' && (method === 'GET' || method === 'HEAD')) fault = { kind: 'drop_before' };
    if (fault.kind === 'expired' && path.startsWith('/auth/')) fault = { kind: 'status', status: 500 };
    if (fault.kind === 'delay') fault.ms = ms;
    if (fault.retryAfter === 'date') fault.retryAfter = new Date(Date.now() + 3000).toUTCString();
    return fault;
  };
}
