/** Where the core runs: a browser, a worker of one, or Node. What differs between them is here and in `worker.ts`. */
import { asset, environment, invalidOption } from './caller_error.js';
import type { Failure } from './diagnose.js';
import type { PhotoError } from './error.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** One worker, whatever the platform calls it. */
export interface WorkerPort {
  post(message: ToWorker, transfer?: Transferable[]): void;
  /** Ends it at once, in the middle of whatever it does. */
  stop(): void;
  /** Whether the process has to wait for it (Node). */
  hold(busy: boolean): void;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** It failed to start, died, or sent what cannot be read. */
  died(detail: string): void;
}

export type StartWorker = (events: WorkerEvents) => WorkerPort;

declare const Bun: unknown;

/** Node's own modules, without an import that a bundler would follow. Bun has workers of both kinds; those of the web lack their scope. */
export const node: NodeJS.Process['getBuiltinModule'] | undefined =
  typeof Worker !== 'function' || typeof Bun !== 'undefined' ? globalThis.process?.getBuiltinModule : undefined;

/** Whether a test's document (jsdom, happy-dom) has put Blobs of its own in place of Node's: they cross to no worker. */
export const emulated = node && Blob !== node('node:buffer').Blob;

/** The address that relative ones are relative to. */
const base = (): string =>
  node ? `${node('node:url').pathToFileURL(`${process.cwd()}/`)}` : (globalThis.document?.baseURI ?? location.href);

/** An option that is an address, made absolute. */
export function address(option: string, value: unknown): URL {
  try {
    const text = typeof value === 'string' ? value : (value as URL).href;
    if (text) return new URL(text, base());
  } catch {
    // Said below.
  }
  throw invalidOption(option, 'an address', value);
}

/**
 * How workers are started here. `workerUrl` replaces the file beside this one.
 *
 * The literal `new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })` is what bundlers look for: it
 * must stay as it is.
 */
export function workerStarter(workerUrl: URL | undefined): StartWorker {
  if (node) {
    const { Worker: NodeWorker } = node('node:worker_threads');
    // Not a literal `new URL('…', import.meta.url)`: bundlers would ship the worker a second time, as it is.
    const here = String(import.meta.url);
    return (events) => {
      const worker = new NodeWorker(workerUrl ?? new URL('worker.js', here), { workerData: 'photoCore' });
      worker.on('message', events.message);
      worker.on('error', (error) => events.died(String(error)));
      worker.on('messageerror', (error) => events.died(String(error)));
      worker.on('exit', (code) => events.died(`exit code ${code}`));
      return {
        post: (message, transfer) => worker.postMessage(message, transfer as never),
        stop: () => void worker.terminate(),
        hold: (busy) => (busy ? worker.ref() : worker.unref()),
      };
    };
  }
  if (typeof Worker !== 'function') throw environment('Worker (pass workers: 0 to do without)');
  if (workerUrl && workerUrl.origin !== 'null' && workerUrl.origin !== location.origin) {
    throw invalidOption('workerUrl', `an address on ${location.origin}: browsers refuse workers of another origin`, workerUrl.href);
  }
  return (events) => {
    const worker = workerUrl
      ? new Worker(workerUrl, { type: 'module' })
      : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    // A policy's refusal is told to the page alone, before the worker's own error.
    let refusal = '';
    const listening = new AbortController();
    const refused = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
      if (/^(worker|child|script|default)-src/.test(effectiveDirective)) refusal = `${effectiveDirective} ${blockedURI}`;
    };
    addEventListener('securitypolicyviolation', refused, listening);
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      listening.abort();
      events.message(event.data);
    };
    worker.onmessageerror = () => events.died('a message that cannot be read');
    worker.onerror = (event) => {
      event.preventDefault();
      listening.abort();
      events.died(event.message || refusal);
    };
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      stop() {
        listening.abort();
        worker.terminate();
      },
      hold: () => {},
    };
  };
}

/** A vector instruction and an exception's: `i32.const 0, i8x16.splat, drop, try, catch_all, end`. */
const probe = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 13, 1, 11, 0, 65, 0, 253, 15, 26, 6, 64, 25, 11, 11];

/** Refuses an environment that cannot run the core, saying what it lacks. */
export function checkEnvironment(): void {
  if (typeof WebAssembly !== 'object') throw environment('WebAssembly');
  if (!WebAssembly.validate(new Uint8Array(probe))) {
    throw environment('WebAssembly SIMD with exceptions (Chrome 95, Firefox 100 and Safari 16.4 have it)');
  }
}

/** Fetches and compiles the binary, once for all workers; as it arrives where the server names its type. */
export async function compileCore(wasmUrl: URL | undefined): Promise<WebAssembly.Module> {
  checkEnvironment();
  const url = wasmUrl ?? new URL('./photo-core.wasm', import.meta.url);
  let response: Response | undefined;
  let bytes: BufferSource | undefined;
  try {
    if (node && url.protocol === 'file:') {
      bytes = await node('node:fs/promises').readFile(url);
    } else {
      response = await fetch(url, { credentials: 'same-origin' });
      if (response.ok && /^application\/wasm/i.test(response.headers.get('content-type') ?? '')) {
        return await WebAssembly.compileStreaming(response);
      }
      bytes = await response.arrayBuffer();
    }
    if (!response || response.ok) return await WebAssembly.compile(bytes);
  } catch (error) {
    throw await explained((why) => why.binaryFailure(url, response, bytes, error), `${url}: ${error}`);
  }
  throw await explained((why) => why.binaryFailure(url, response, bytes, ''), `${url}: status ${response.status}`);
}

type Why = typeof import('./diagnose.js');

/** An error for a file that did not arrive, with what `diagnose.js` finds out; without that file, with what is known. */
export const explained = async (find: (why: Why) => Promise<Failure> | Failure, known: string): Promise<PhotoError> => {
  const { code, detail }: Failure = await import('./diagnose.js').then(find).catch(() => ({ detail: known }));
  return code ? environment(detail) : asset(detail);
};

/** The core's own default for the number of workers. */
export function defaultWorkers(): number {
  const device = globalThis.navigator as (Navigator & { deviceMemory?: number; userAgentData?: { mobile?: boolean } }) | undefined;
  const cores = device?.hardwareConcurrency ?? node?.('node:os').availableParallelism() ?? 2;
  const phone = device?.userAgentData?.mobile ?? /\b(Mobi|Android|iPhone|iPad)/i.test(device?.userAgent ?? '');
  const most = phone || (device?.deviceMemory ?? 8) <= 4 ? 2 : 4;
  return Math.max(1, Math.min(most, cores - 1));
}
