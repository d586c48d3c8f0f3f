// @ts-check
/**
 * A fetch handler in front of `@supabase/lite` 0.10 that closes its known gaps, so that what a
 * client sees is what a hosted project would answer:
 *
 * - only the three services, and only with a key (a bare request on loopback would be the service role);
 * - a failed CHECK is 400 `23514` and not 500 `SUP`;
 * - an upload is read to its end before it is stored, so that a body cut short stores nothing,
 *   and its real size meets the bucket's limit; Blob and File uploads (a form) work;
 * - Storage errors carry the `code` that Supabase Storage sends, and a refusal the words of who refused;
 * - signed URLs, object facts and listings have the form that storage-js expects;
 * - the resumable protocol is answered with a clear 404;
 * - every answer can be read by a page of another origin.
 */

const servicePaths = ['/rest/v1/', '/auth/v1/', '/storage/v1/'];
const largestBody = 600 * 1024 * 1024;

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*, authorization, apikey, x-client-info, x-upsert, cache-control, content-type, prefer',
  'access-control-expose-headers': 'content-range, content-location, preference-applied, retry-after',
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
};

/** @param {number} status @param {unknown} body @param {Record<string, string>} [headers] */
function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...corsHeaders, ...headers },
  });
}

/** @param {number} statusCode @param {string} code @param {string} message */
function storageError(statusCode, code, message) {
  return json(400, { statusCode: String(statusCode), code, error: code, message });
}

/** `error` as the library names it, to `code` as Supabase Storage names it. */
const storageCodes = new Map([
  ['Bucket not found', 'NoSuchBucket'],
  ['Duplicate', 'ResourceAlreadyExists'],
  ['not_found', 'NoSuchKey'],
  ['invalid_mime_type', 'InvalidMimeType'],
  ['Payload too large', 'EntityTooLarge'],
  ['Invalid key', 'InvalidKey'],
  ['Unauthorized', 'AccessDenied'],
  ['InvalidJWT', 'InvalidJWT'],
]);

/** What Supabase Storage accepts in a key (its `isValidKey`). */
const validKey = /^(\w|\/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)*$/;

/** @param {string} path @returns {{ bucket: string, key: string } | undefined} */
function uploadTarget(path) {
  const match = /^\/storage\/v1\/object\/(?!public\/|sign\/|list\/|info\/|authenticated\/|upload\/)([^/]+)\/(.+)$/.exec(path);
  if (!match || !match[1] || !match[2]) return undefined;
  if (match[1] === 'move' || match[1] === 'copy') return undefined;
  return { bucket: match[1], key: match[2] };
}

/** @param {string} key  as it stands in the URL; a broken escape stays and is refused as a key */
function decoded(key) {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/**
 * What the database said when it refused (42501), from one request's error to the same request's answer: the library says the
 * same of every refusal. What keeps requests apart differs: Node has AsyncLocalStorage, a page has nothing.
 * @typedef {object} Refusals
 * @property {(words: string) => void} note
 * @property {() => string | undefined} noted
 */

/**
 * @param {{ fetch(request: Request, context?: { peerAddress: string | null }): Promise<Response> }} app
 * @param {Refusals} [refusals]
 * @returns {(request: Request) => Promise<Response>}
 */
export function createFetchAdapter(app, refusals) {
  const answer = answerWith(app, refusals);
  return async (request) => {
    const response = await answer(request);
    if (response.headers.has('access-control-allow-origin')) return response;
    // The library's Auth answers have no CORS headers; a page of another origin (the demo's) could not read them.
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(corsHeaders)) headers.set(name, value);
    const empty = response.status === 204 || response.status === 304;
    return new Response(empty ? null : response.body, { status: response.status, headers });
  };
}

/**
 * @param {{ fetch(request: Request, context?: { peerAddress: string | null }): Promise<Response> }} app
 * @param {Refusals} [refusals]
 */
function answerWith(app, refusals) {
  return async (/** @type {Request} */ request) => {
    const url = new URL(request.url);
    if (request.method === 'OPTIONS' && !url.pathname.startsWith('/storage/v1/upload/resumable')) {
      return new Response(null, { status: 204, headers: { ...corsHeaders, 'access-control-max-age': '600' } });
    }
    if (!servicePaths.some((prefix) => url.pathname.startsWith(prefix))) {
      return json(404, { message: 'Not found' });
    }
    const openToAll = request.method === 'GET' && /^\/storage\/v1\/object\/(public|sign)\//.test(url.pathname);
    if (!openToAll && !request.headers.get('apikey') && !url.searchParams.get('apikey')) {
      return json(401, { message: 'No API key found in request' });
    }
    if (url.pathname.startsWith('/storage/v1/upload/resumable')) {
      return json(404, { statusCode: '404', code: 'NotImplemented', error: 'Not Found', message: 'Resumable uploads are not served here' });
    }
    const many = request.method === 'POST' && /^\/storage\/v1\/object\/sign\/[^/]+\/?$/.test(url.pathname);
    if (many) return signEach(request, (one) => app.fetch(one, { peerAddress: null }));
    const target = request.method === 'POST' || request.method === 'PUT' ? uploadTarget(url.pathname) : undefined;
    const sent = target ? await readUpload(request, decoded(target.key)) : await readPlain(request);
    if (sent instanceof Response) return sent;
    const listed = /^\/storage\/v1\/object\/list\/[^/]+$/.test(url.pathname) ? await sent.clone().json().catch(() => ({})) : undefined;
    return repair(url, await app.fetch(sent, { peerAddress: null }), { refusals, listedPrefix: listed?.prefix });
  };
}

/**
 * Several signed URLs by one request: the library's router takes it for one object without a name.
 * @param {Request} request @param {(one: Request) => Promise<Response>} ask
 */
async function signEach(request, ask) {
  const { paths, expiresIn } = await request.json().catch(() => ({}));
  if (!Array.isArray(paths)) return storageError(400, 'InvalidRequest', 'Expected paths');
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  const signed = [];
  for (const path of paths.map(String)) {
    const url = `${request.url.replace(/\/$/, '')}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const answer = await ask(new Request(url, { method: 'POST', headers, body: JSON.stringify({ expiresIn }) }));
    const body = await answer.json().catch(() => ({}));
    signed.push(
      answer.ok ? { ...repairSigned(body), path, error: null } : { path, signedURL: null, error: body.message ?? 'Not signed' },
    );
  }
  return json(200, signed);
}

/** The same request with its body in memory: the server is free of half-read streams. @param {Request} request */
async function readPlain(request) {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const body = await request.arrayBuffer();
  return new Request(request.url, { method: request.method, headers: request.headers, body: body.byteLength ? body : null });
}

/**
 * @param {Request} request @param {string} key
 * @returns {Promise<Request | Response>}
 */
async function readUpload(request, key) {
  if (!validKey.test(key) || key.split('/').some((part) => part === '' || part === '.' || part === '..') || key.length > 1024) {
    return storageError(400, 'InvalidKey', `Invalid key: ${key}`);
  }
  if (Number(request.headers.get('content-length') ?? 0) > largestBody) {
    return storageError(413, 'EntityTooLarge', 'The object exceeded the maximum allowed size');
  }
  const headers = new Headers(request.headers);
  let bytes = new Uint8Array(await request.arrayBuffer());
  if (headers.get('content-type')?.startsWith('multipart/form-data')) {
    const form = await new Response(bytes, { headers: { 'content-type': headers.get('content-type') ?? '' } }).formData();
    const part = [...form.values()].find((value) => typeof value !== 'string');
    if (!part || typeof part === 'string') return storageError(400, 'InvalidRequest', 'The form holds no file');
    bytes = new Uint8Array(await part.arrayBuffer());
    headers.set('content-type', part.type || 'application/octet-stream');
    const cacheSeconds = form.get('cacheControl');
    if (typeof cacheSeconds === 'string') headers.set('cache-control', `max-age=${cacheSeconds}`);
  }
  headers.set('content-length', String(bytes.length));
  return new Request(request.url, { method: request.method, headers, body: bytes });
}

/**
 * @param {URL} url @param {Response} response
 * @param {{ refusals?: Refusals | undefined, listedPrefix?: string }} about  `listedPrefix`: the folder that was asked for, when
 *   the request was a listing
 */
async function repair(url, response, { refusals, listedPrefix }) {
  const isJson = response.headers.get('content-type')?.includes('json');
  if (!isJson) return response;
  const isStorage = url.pathname.startsWith('/storage/v1/');
  const isSign = isStorage && response.ok && url.pathname.includes('/sign');
  const isInfo = isStorage && response.ok && url.pathname.includes('/object/info/');
  if (response.ok && !isSign && !isInfo && listedPrefix === undefined) return response;
  const body = await response.json().catch(() => undefined);
  const again = (/** @type {number} */ status, /** @type {unknown} */ value) => {
    const headers = new Headers(response.headers);
    headers.delete('content-length');
    return new Response(JSON.stringify(value), { status, headers });
  };
  if (isSign) return again(response.status, Array.isArray(body) ? body.map(repairSigned) : repairSigned(body));
  if (isInfo) return again(response.status, repairInfo(body));
  if (response.ok && listedPrefix !== undefined && Array.isArray(body)) return again(200, repairListing(body, listedPrefix));
  if (isStorage && typeof body?.error === 'string') {
    const code = body.code ?? storageCodes.get(body.error) ?? (body.error === 'server_error' ? 'InternalError' : body.error);
    const words = code === 'AccessDenied' ? refusals?.noted() : undefined;
    // A policy's refusal names the table, which Storage does not tell.
    return again(response.status, { ...body, code, ...(words && !words.includes('row-level security') ? { message: words } : {}) });
  }
  if (body?.code === 'SUP') return again(...repairStatement(body));
  return again(response.status, body);
}

/** @param {any} row */
function repairInfo(row) {
  const facts = row?.httpMetadata ?? row?.metadata ?? {};
  return {
    id: row.id, name: row.name, version: row.version, bucket_id: row.bucket_id,
    size: facts.size, content_type: facts.mimetype, cache_control: facts.cacheControl, etag: facts.eTag,
    metadata: row.user_metadata ?? {}, last_modified: row.updated_at, created_at: row.created_at,
  };
}

/** Names relative to the folder, deeper ones folded into their folder. @param {any[]} rows @param {string} prefix */
function repairListing(rows, prefix) {
  const base = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const entries = new Map();
  for (const row of rows) {
    if (typeof row.name !== 'string' || !row.name.startsWith(base)) continue;
    const [first = '', ...rest] = row.name.slice(base.length).split('/');
    entries.set(first, rest.length ? { name: first, id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null } : { ...row, name: first });
  }
  return [...entries.values()];
}

/** @param {any} entry */
function repairSigned(entry) {
  if (!entry || typeof entry !== 'object' || typeof entry.signedUrl !== 'string') return entry;
  const relative = entry.signedUrl.replace(/^\/storage\/v1/, '');
  return { ...entry, signedURL: relative || null, url: relative };
}

/**
 * The library knows only part of PostgreSQL's error classes; the rest arrives as `SUP` with the message.
 * @param {{ message: string }} body @returns {[number, unknown]}
 */
function repairStatement(body) {
  const message = String(body.message).replace(/^(error|DatabaseError|PostgresError): /i, '');
  const known = [
    [/violates check constraint/, 400, '23514'],
    [/violates exclusion constraint/, 400, '23P01'],
    [/no partition of relation/, 400, '23514'],
    [/(integer|smallint|bigint) out of range/, 400, '22003'],
    [/canceling statement due to/, 500, '57014'],
    [/deadlock detected/, 500, '40P01'],
    [/could not serialize access/, 500, '40001'],
  ];
  for (const [pattern, status, code] of known) {
    if (/** @type {RegExp} */ (pattern).test(message)) return [Number(status), { code, message, details: null, hint: null }];
  }
  return [500, { ...body, message }];
}
