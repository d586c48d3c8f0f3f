/** One instance of the core and the work done with it. The only file that touches the raw surface. */
import createRawModule from '#glue';
import { decodeInBrowser, browserFormats } from './browser_decode.js';
import type { Engine, ErrorData, Job, JobResult, OnStep, SourceData } from './protocol.js';
import type { RawError, RawModule, RawPrepared, RawSource } from './raw.js';

/** Bytes read from a Blob at a time: few calls, and never the whole file twice in memory. */
const slice_bytes = 4 << 20;

/** Milliseconds between two progress messages. */
const step_interval_ms = 30;

const refused = (error: ErrorData, fatal = false): JobResult => ({ ok: false, error, fatal });

const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Unreadable bytes: the file was removed, changed or is not allowed any more. */
class Unreadable extends Error {}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Starts hashing outside the thread where there is a secure context; the bytes are copied at once. */
const startHash = (bytes: Uint8Array<ArrayBuffer>): Promise<string | null> =>
  globalThis.crypto?.subtle
    ? crypto.subtle.digest('SHA-256', bytes).then(hex, () => null)
    : Promise.resolve(null);

/** Makes an instance of the compiled core. */
export async function createEngine(module: WebAssembly.Module): Promise<Engine> {
  const raw: RawModule = await new Promise((resolve, reject) => {
    createRawModule({
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(module, imports).then((instance) => done(instance, module), reject);
        return {};
      },
    }).then(resolve, reject);
  });

  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    const known = await startHash(bytes);
    if (known) return known;
    const source = raw.createSource(bytes.length);
    if (!source) return '';
    try {
      source.view().set(bytes);
      return source.sha256();
    } finally {
      source.delete();
    }
  };

  /** The source's bytes in the core's memory, or null when there is no room for them. */
  const load = async ({ data, size }: SourceData, onStep: OnStep): Promise<RawSource | null> => {
    const source = raw.createSource(size);
    if (!source) return null;
    try {
      if (data instanceof Uint8Array) {
        source.view().set(data);
      } else {
        for (let at = 0; at < size; at += slice_bytes) {
          let part: ArrayBuffer;
          try {
            part = await data.slice(at, at + slice_bytes).arrayBuffer();
          } catch (error) {
            throw new Unreadable(describe(error));
          }
          source.view().set(new Uint8Array(part), at);
          onStep('read', Math.min(at + slice_bytes, size), size);
        }
      }
      return source;
    } catch (error) {
      source.delete();
      throw error;
    }
  };

  const failure = ({ code, detail, limit, actual }: RawError): JobResult =>
    refused(
      { code, detail, ...(limit === undefined ? {} : { limit }), ...(actual === undefined ? {} : { actual }) },
      code === 'out_of_memory',
    );

  const noMemory = (bytes: number): JobResult =>
    refused({ code: 'out_of_memory', detail: `no room for ${bytes} bytes` }, true);

  /** The browser decodes what the core cannot, and the picture joins at "upright". */
  const prepareInBrowser = async (
    job: Job & { kind: 'prepare' },
    format: string,
    sha256: Promise<string>,
    onStep: OnStep,
  ): Promise<JobResult | null> => {
    const picture = await decodeInBrowser(job.source, job.options, onStep);
    if (!picture) return null;
    if ('code' in picture) return refused(picture);
    const pixels = raw.createSource(picture.rgba.byteLength);
    if (!pixels) return noMemory(picture.rgba.byteLength);
    try {
      pixels.view().set(new Uint8Array(picture.rgba.buffer));
      const made = raw.preparePixels(picture.pixelWidth, picture.pixelHeight, pixels, job.options);
      if (!made.ok) return failure(made);
      const { width, height } = picture;
      return await finish(
        { ...made, source: { ...made.source, format, mimeType: `image/${format}`, width, height } },
        await sha256,
        'browser',
      );
    } finally {
      pixels.delete();
    }
  };

  const finish = async (made: RawPrepared, sha256: string, decodedBy: 'core' | 'browser'): Promise<JobResult> => {
    const { ok: _, ...rest } = made;
    const photoSha256 = await hashOf(made.photo.bytes);
    return { ok: true, kind: 'prepare', prepared: { ...rest, sha256, photoSha256, decodedBy } };
  };

  const prepare = async (job: Job & { kind: 'prepare' }, onStep: OnStep): Promise<JobResult> => {
    const started = performance.now();
    const source = await load(job.source, onStep);
    if (!source) return noMemory(job.source.size);
    let made: RawPrepared | RawError;
    let hashing: Promise<string | null>;
    const loaded = performance.now();
    try {
      hashing = startHash(source.view());
      let last = 0;
      made = source.prepare(job.options, (step, done, total) => {
        const now = performance.now();
        if (now - last < step_interval_ms && done < total) return;
        last = now;
        onStep(step, done, total);
      });
      if (!globalThis.crypto?.subtle) hashing = Promise.resolve(source.sha256());
    } finally {
      source.delete();
    }
    if (!made.ok) {
      const format = browserFormats(made);
      if (!format || !job.browserDecode) return failure(made);
      const sha256 = hashing.then((known) => known ?? '');
      return (await prepareInBrowser(job, format, sha256, onStep)) ?? failure(made);
    }
    const result = await finish(made, (await hashing) ?? '', 'core');
    if (result.ok && result.kind === 'prepare') {
      result.prepared.timings['read'] = loaded - started;
      result.prepared.timings['total'] = performance.now() - started;
    }
    return result;
  };

  const probe = async (job: Job & { kind: 'probe' }, onStep: OnStep): Promise<JobResult> => {
    const source = await load(job.source, onStep);
    if (!source) return noMemory(job.source.size);
    try {
      const answer = source.probe();
      if (!answer.ok) return failure(answer);
      const { ok: _, ...probe } = answer;
      return { ok: true, kind: 'probe', probe };
    } finally {
      source.delete();
    }
  };

  return {
    heapBytes: () => raw.heapBytes(),
    async run(job, onStep) {
      try {
        switch (job.kind) {
          case 'probe':
            return await probe(job, onStep);
          case 'prepare': {
            const result = await prepare(job, onStep);
            const { data } = job.source;
            return !result.ok && result.fatal && job.returnSource && data instanceof Uint8Array
              ? { ...result, source: data }
              : result;
          }
          case 'check':
            return { ok: true, kind: 'text', text: raw.checkPayload(job.table, job.json) };
          case 'versions':
            return { ok: true, kind: 'text', text: raw.versions() };
        }
      } catch (error) {
        return error instanceof Unreadable
          ? refused({ code: 'corrupt_image', detail: `The file cannot be read: ${error.message}` })
          : refused({ code: 'internal', detail: describe(error) }, true);
      }
    },
  };
}
