/**
 * Why a file of the package did not arrive, found out after it did not: each cause has its own sentence. Loaded with the
 * first such failure.
 */
import type { StartWorker } from './host.js';

/** For `asset_unavailable`, or for another code when it is not the file's fault. */
export interface Failure {
  readonly code?: 'unsupported_environment';
  readonly detail: string;
}

const unreachable = (url: URL, error: unknown): string =>
  `${url} cannot be reached (no network, no CORS, or not in connect-src of the page's security policy): ${error}`;

/** The binary was not read, not found, or is none. */
export function binaryFailure(url: URL, response: Response | undefined, bytes: BufferSource | undefined, error: unknown): Failure {
  if (!response) {
    if (!bytes) return { detail: url.protocol === 'file:' ? `${url.pathname} cannot be read: ${error}` : unreachable(url, error) };
  } else if (!response.ok) {
    return { detail: `${url} was answered with status ${response.status}` };
  }
  const text = String(error);
  // A page's policy without 'wasm-unsafe-eval' shows as a CompileError that names it.
  if (/polic|unsafe-eval|disallowed/i.test(text)) {
    return { code: 'unsupported_environment', detail: `'wasm-unsafe-eval' in script-src of the page's security policy` };
  }
  const type = response?.headers.get('content-type') ?? '';
  if (bytes) {
    const start = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    if (String.fromCharCode(...start.subarray(0, 4)) !== '\0asm') {
      return {
        detail: /html/i.test(type)
          ? `${url} was answered with an HTML page in place of the WebAssembly file`
          : `${url} is not a WebAssembly file (type "${type}")`,
      };
    }
  }
  return { detail: `${url} does not compile: ${text}` };
}

/**
 * The address that a worker starts from. Only the bundler knows it, and writes it into the call of `Worker`: so it is
 * asked there, with a stand-in that starts nothing.
 */
function workerAddress(start: StartWorker): URL {
  const { Worker } = globalThis;
  let address = '';
  globalThis.Worker = class {
    constructor(url: string | URL) {
      address = String(url);
    }
    terminate(): void {}
  } as unknown as typeof Worker;
  try {
    start({ message() {}, died() {} }).stop();
  } finally {
    globalThis.Worker = Worker;
  }
  return new URL(address, globalThis.document?.baseURI ?? location.href);
}

/** A worker did not start. `detail`: its own error, or the directive and the address of the policy that refused it. */
export async function workerFailure(start: StartWorker | undefined, detail: string): Promise<Failure> {
  const [directive, blocked] = /^[a-z]+-src\S* /.test(detail) ? detail.split(' ') : [];
  if (directive) return { detail: `the worker could not be started: ${directive} of the page's security policy blocks ${blocked}` };
  if (!start || typeof Worker !== 'function') return { detail: `the worker could not be started: ${detail}` };
  const url = workerAddress(start);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    return { detail: `the worker could not be started: ${unreachable(url, error)}` };
  }
  const type = response.headers.get('content-type') ?? '';
  const embedder = 'cross-origin-embedder-policy';
  const cause = !response.ok
    ? `was answered with status ${response.status}`
    : /html/i.test(type)
      ? 'was answered with an HTML page in its place'
      : !/(java|ecma)script/i.test(type)
        ? `was answered with the type "${type}", and browsers run text/javascript only`
        : globalThis.crossOriginIsolated && !response.headers.has(embedder)
          ? `was answered without the header ${embedder} that its page has`
          : `does not run: ${detail || 'the browser does not say why'}`;
  return { detail: `the worker could not be started: ${url} ${cause}` };
}
