import { anyOf, longestTimerMs, onAbort, orAborted } from './clock.js';
import { Fault, isFault, type Answer } from './fault.js';

/** One HTTP request of the sender. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Blob | string;
  /** Bytes of the body that have left so far; not called where the platform cannot tell. */
  readonly onSent?: (bytes: number) => void;
  readonly signal: AbortSignal;
  /** Longest silence in milliseconds: nothing sent and nothing answered. */
  readonly idleMs: number;
}

/**
 * Makes a request and waits for the whole answer, whatever its status. Fails with a `Fault` (`network`), or with the
 * signal's reason.
 */
export type Transport = (request: WireRequest) => Promise<Answer>;

/** Slowest sending, in bytes a second, that is still waited for where nothing tells the bytes that have left. */
const slowestBytesPerSecond = 16 * 1024;

/** Bytes that may have been told as sent while they are still in the buffers of this machine. */
const bufferedBytes = 512 * 1024;

/** Bytes of an answer that are read: the longest one, of a hundred rows with all that cameras write, is a tenth of it. */
const longestAnswerBytes = 16 * 1024 * 1024;

/** An answer that drips is waited for so many silences long: one that has no end is none. */
const silencesOfAnswer = 20;

/**
 * The services never redirect. Followed, a redirect (from http to https, to a portal's page) turns a POST into a GET, whose
 * answer says nothing about what was asked.
 */
const redirected = (to: string): Fault => new Fault('network', 'later', { detail: `Redirected${to ? ` to ${to}` : ''}` });

const endless = 'The answer does not end';

/** Requests by XMLHttpRequest: the only way in a browser that reports the bytes sent. */
export function xhrTransport(): Transport {
  return (request) =>
    new Promise((resolve, reject) => {
      if (request.signal.aborted) return reject(request.signal.reason);
      const xhr = new XMLHttpRequest();
      let timer: ReturnType<typeof setTimeout>;
      let whole: ReturnType<typeof setTimeout> | undefined;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        clearTimeout(whole);
        deaf();
        settle();
      };
      const fail = (detail: string) => () => end(() => reject(new Fault('network', 'later', { detail })));
      const stop = () => {
        end(() => reject(request.signal.reason));
        xhr.abort();
      };
      const giveUp = (detail: string) => {
        fail(detail)();
        xhr.abort();
      };
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => giveUp(`No answer for ${request.idleMs} ms`), Math.min(request.idleMs, longestTimerMs));
      };
      xhr.open(request.method, request.url);
      for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
      xhr.upload.onprogress = (event) => {
        alive();
        request.onSent?.(event.loaded);
      };
      xhr.onprogress = ({ loaded }) => {
        if (loaded > longestAnswerBytes) return giveUp(endless);
        alive(); // an answer that drips is an answer
        whole ??= setTimeout(() => giveUp(endless), Math.min(request.idleMs * silencesOfAnswer, longestTimerMs));
      };
      xhr.onerror = fail('The request failed');
      xhr.onload = () => {
        if (xhr.responseURL && xhr.responseURL !== new URL(request.url, location.href).href) return end(() => reject(redirected(xhr.responseURL)));
        end(() => resolve({ status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) }));
      };
      const deaf = onAbort(request.signal, stop);
      alive();
      xhr.send(request.body ?? null);
    });
}

/** Pieces in which a body is handed to fetch, so that the bytes that left can be told. */
const pieceBytes = 64 * 1024;

/**
 * Requests by fetch. With `streams` (Node) the body goes out in pieces and its progress is told; without (an injected
 * fetch, that may be a backend inside this page) progress moves by whole requests.
 */
export function fetchTransport(fetchFunction: typeof fetch, { streams }: { streams: boolean }): Transport {
  return async (request) => {
    request.signal.throwIfAborted();
    const bytes = typeof request.body === 'object' ? new Uint8Array(await request.body.arrayBuffer()) : undefined;
    const silence = new AbortController();
    // What nothing tells: with streams the part in the machine's buffers, else the whole body.
    const untold = streams ? Math.min(bytes?.length ?? 0, bufferedBytes) : (bytes?.length ?? 0);
    const longest = Math.min(request.idleMs + (untold / slowestBytesPerSecond) * 1000, longestTimerMs);
    let timer: ReturnType<typeof setTimeout>;
    let whole: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const alive = () => {
      clearTimeout(timer);
      // A refusal can come before the whole body was taken: what takes the rest must not start a timer nobody ends.
      if (!over) timer = setTimeout(() => silence.abort(new Error(`No answer for ${longest} ms`)), longest);
    };
    const headers: Record<string, string> = { ...request.headers };
    const signal = anyOf(request.signal, silence.signal);
    const init: RequestInit & { duplex?: 'half' } = { method: request.method, headers, redirect: 'manual', signal };
    if (bytes && streams) {
      headers['content-length'] = String(bytes.length);
      init.body = pieces(bytes, (sent) => {
        alive();
        request.onSent?.(sent);
      });
      init.duplex = 'half';
    } else if (bytes) init.body = bytes;
    else if (request.body !== undefined) init.body = request.body as string;
    alive();
    try {
      // An injected fetch may be deaf to its signal.
      const response = await orAborted(fetchFunction(request.url, init), signal);
      if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
        throw redirected(response.headers.get('location') ?? '');
      }
      whole = setTimeout(() => silence.abort(new Error(endless)), Math.min(request.idleMs * silencesOfAnswer, longestTimerMs));
      const text = await orAborted(textOf(response, alive), signal);
      if (bytes) request.onSent?.(bytes.length);
      return { status: response.status, text, header: (name) => response.headers.get(name) };
    } catch (error) {
      request.signal.throwIfAborted();
      if (isFault(error)) throw error;
      const cause = silence.signal.aborted ? silence.signal.reason : error;
      throw new Fault('network', 'later', { detail: cause instanceof Error ? cause.message : String(cause), cause });
    } finally {
      over = true;
      clearTimeout(timer!);
      clearTimeout(whole);
    }
  };
}

/** The body of an answer, each piece of which is a sign of life. */
async function textOf(response: Response, alive: () => void): Promise<string> {
  if (!response.body) return response.text();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let bytes = 0;
  for (let text = ''; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > longestAnswerBytes) {
      void reader.cancel().catch(() => {});
      throw new Error(endless);
    }
    alive();
    text += decoder.decode(value, { stream: true });
  }
}

function pieces(bytes: Uint8Array, onSent: (bytes: number) => void): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        onSent(at);
        if (at >= bytes.length) return controller.close();
        const next = bytes.slice(at, at + pieceBytes);
        at += next.length;
        controller.enqueue(next);
      },
    },
    { highWaterMark: 0 },
  );
}

/** The transport for where this runs: the injected fetch, XMLHttpRequest in a browser, fetch in Node. */
export function chooseTransport(injected: typeof fetch | undefined): Transport {
  if (injected) return fetchTransport(injected, { streams: false });
  if (typeof XMLHttpRequest === 'function') return xhrTransport();
  return fetchTransport(globalThis.fetch, { streams: true });
}
