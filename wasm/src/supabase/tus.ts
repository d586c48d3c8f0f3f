import { Upload, type HttpRequest, type HttpResponse } from 'tus-js-client/lib.esm/browser/index.js';
import { limits } from '../limits.gen.js';
import { anyOf, onAbort } from './clock.js';
import { Fault, isFault, readTusFault, type Answer } from './fault.js';
import type { StoreCalls } from './objects.js';
import type { OutboxFile } from './outbox.js';
import { withRetry } from './retry.js';
import type { Supabase } from './service.js';

/** Bytes of a piece: Storage takes no others. */
const { resumable_upload_bytes: piece_bytes } = limits;

/**
 * Sends one object by the resumable protocol (tus 1.0), going on where an earlier try ended. The protocol is tus-js-client's;
 * its requests go through the sender's transport, so that session, faults, time limits and abort are the same everywhere.
 * @throws Fault when the server refuses, or does not answer after all tries
 */
export async function sendResumable(supabase: Supabase, file: OutboxFile, bytes: Blob, calls: StoreCalls): Promise<void> {
  let headers: Record<string, string> = {};
  let furthest = 0;
  let before = 0;
  const gotFurther = () => {
    const further = furthest > before + piece_bytes / 2;
    before = Math.max(before, furthest);
    return further;
  };
  const onSent = (sent: number) => {
    furthest = Math.max(furthest, sent);
    calls.onSent(sent);
  };
  await withRetry({ ...supabase.retryContext(() => headers), gotFurther }, async () => {
    headers = await supabase.headers();
    try {
      await attempt(supabase, file, bytes, headers, { ...calls, onSent });
    } catch (error) {
      if (isFault(error) && error.remedy === 'later') calls.onLost();
      throw error;
    }
  });
}

/**
 * Where an upload is, at our own endpoint: a server behind a gateway may name itself by an address that is none outside, and
 * the token goes to nobody else. @throws Fault when no upload is named
 */
function ownAddress(endpoint: string, url: string): string {
  const [, id] = /\/upload\/resumable\/([^#]+)/.exec(new URL(url, endpoint).href) ?? [];
  if (!id) throw new Fault('server_error', 'later', { detail: 'Resumable: the answer names no upload' });
  return `${endpoint}/${id}`;
}

const wholeNumber = (text: string | null): number => (text !== null && /^\d+$/.test(text) ? Number(text) : NaN);

function attempt(supabase: Supabase, file: OutboxFile, bytes: Blob, headers: Record<string, string>, calls: StoreCalls): Promise<void> {
  const { wiring, errand } = supabase;
  const endpoint = `${wiring.url}/storage/v1/upload/resumable`;
  // What really went wrong; the client wraps it in an error of its own.
  let fault: unknown;
  let kept: Promise<void> = Promise.resolve();
  let acknowledged = false;

  class WireCall implements HttpRequest {
    readonly #headers: Record<string, string> = { ...headers };
    readonly #controller = new AbortController();
    #onProgress: (bytes: number) => void = () => {};
    constructor(
      private readonly method: string,
      private readonly url: string,
    ) {}
    getMethod = () => this.method;
    getURL = () => this.url;
    setHeader = (name: string, value: string) => void (this.#headers[name.toLowerCase()] = value);
    getHeader = (name: string) => this.#headers[name.toLowerCase()];
    setProgressHandler = (handler: (bytes: number) => void) => void (this.#onProgress = handler);
    getUnderlyingObject = () => undefined;
    abort = async () => this.#controller.abort();

    async send(body?: unknown): Promise<HttpResponse> {
      fault = undefined;
      try {
        await kept; // the resume URL is on disk before the next piece leaves
        const answer = await wiring.transport({
          method: this.method,
          url: this.url,
          headers: this.#headers,
          signal: anyOf(errand.signal, this.#controller.signal),
          idleMs: wiring.idleMs,
          onSent: this.#onProgress,
          ...(body instanceof Blob ? { body } : {}),
        });
        if (answer.status < 200 || answer.status >= 300) {
          const read = readTusFault(this.method, answer, wiring.clock.now());
          // The client would begin anew after any refusal of its question where to go on, and throw away what has arrived.
          if (this.method === 'HEAD' && (read.remedy === 'later' || read.remedy === 'sign_in')) throw read;
          fault = read;
        } else if (this.method === 'PATCH') {
          // Believed only within what was sent: a number beyond it would end a file that is not there, one at its beginning never end.
          const from = Number(this.#headers['upload-offset']);
          const stands = wholeNumber(answer.header('upload-offset'));
          if (!(stands > from && stands <= from + (body as Blob).size)) throw nonsense(stands);
          acknowledged = true;
        } else if (this.method === 'HEAD' && answer.header('upload-offset') !== null) {
          const stands = wholeNumber(answer.header('upload-offset'));
          if (!(stands <= bytes.size) || wholeNumber(answer.header('upload-length') ?? `${bytes.size}`) !== bytes.size) {
            await calls.onResumeUrl(undefined); // not our file: the next try begins anew
            throw nonsense(stands);
          }
        }
        return responseOf(answer, endpoint);
      } catch (error) {
        fault = error;
        throw error;
      }
    }
  }

  return new Promise<void>((settled, failed) => {
    const stop = () => {
      void upload.abort();
      failed(errand.signal.reason);
    };
    const resolve = () => {
      deaf();
      settled();
    };
    const reject = (error: unknown) => {
      deaf();
      failed(error);
    };
    const upload = new Upload(bytes, {
      endpoint,
      ...(file.resumeUrl?.startsWith(`${endpoint}/`) ? { uploadUrl: file.resumeUrl } : {}),
      chunkSize: piece_bytes,
      retryDelays: null,
      removeFingerprintOnSuccess: true,
      storeFingerprintForResuming: false,
      headers: { 'x-upsert': 'false' },
      metadata: { bucketName: file.bucket, objectName: file.path, contentType: file.type, cacheControl: '3600' },
      httpStack: { createRequest: (method: string, url: string) => new WireCall(method, url), getName: () => 'photo-core' },
      onProgress: (sent: number) => calls.onSent(sent),
      onUploadUrlAvailable: () => {
        if (upload.url && upload.url !== file.resumeUrl) kept = calls.onResumeUrl(upload.url);
      },
      onSuccess: () => {
        if (acknowledged) return resolve();
        // All bytes were there when we asked. Whether an object was made of them, the answer that was lost had said.
        void madeOf(supabase, file, calls).then(resolve, reject);
      },
      onError: (error: Error) => {
        if (errand.signal.aborted) return reject(errand.signal.reason);
        reject(isFault(fault) ? fault : new Fault('server_error', 'later', { detail: error.message, cause: error }));
      },
    });
    if (errand.signal.aborted) return failed(errand.signal.reason);
    const deaf = onAbort(errand.signal, stop);
    upload.start();
  });
}

/** @throws Fault `later` when a complete upload has not become an object: the next try begins anew */
async function madeOf(supabase: Supabase, file: OutboxFile, calls: StoreCalls): Promise<void> {
  const facts = await supabase.objectFacts(file.bucket, file.path);
  if (facts?.bytes === file.bytes) return;
  await calls.onResumeUrl(undefined);
  throw new Fault('server_error', 'later', { detail: 'Resumable: the upload is complete, and there is no object' });
}

const nonsense = (stands: number): Fault =>
  new Fault('server_error', 'later', { detail: `Resumable: the server says that it stands at ${stands}, where it cannot` });

function responseOf(answer: Answer, endpoint: string): HttpResponse {
  return {
    getStatus: () => answer.status,
    getHeader: (name) => {
      const value = answer.header(name) ?? undefined;
      return value && name === 'Location' ? ownAddress(endpoint, value) : value;
    },
    getBody: () => answer.text,
    getUnderlyingObject: () => undefined,
  };
}
