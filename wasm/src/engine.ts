/** One instance of the core and the work done with it. The only file that touches the raw surface. */
import createRawModule from '#glue';
import { decodeInBrowser, foreignFormat } from './browser_decode.js';
import type { Engine, ErrorData, Job, JobResult, OnStep, SourceData } from './protocol.js';
import type { RawError, RawModule, RawPrepared } from './raw.js';

/**
 * Bytes read from a Blob at a time: hardly a photo is larger (two readings of 4.75 MB take Chromium twice as long as one
 * of 9.5), and a file of the largest size is still never in memory twice.
 */
const slice_bytes = 16 << 20;

const refused = (error: ErrorData, fatal = false): JobResult => ({ ok: false, error, fatal });

/** A refusal by the core. Out of memory, an instance has grown as far as it can and is not used again. */
const refusal = ({ ok: _, ...error }: RawError): JobResult => refused(error, error.code === 'out_of_memory');

/** Unreadable bytes: the file was removed, changed, or may not be read any more. */
class Unreadable extends Error {}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Hashes outside the thread where there is a secure context, else not at all; the bytes are copied at once. */
const outsideHash = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  globalThis.crypto?.subtle ? hex(await crypto.subtle.digest('SHA-256', bytes)) : '';

type PrepareJob = Job & { kind: 'prepare' };

/**
 * Milliseconds that the core works between two looks at the event loop. A worker that is told to end does so only there:
 * Chromium lets a running call go on for two seconds.
 */
const turn_ms = 16;

/** One turn of the event loop, without the delay that timers have. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    // Node's own way costs a fraction of a channel.
    if (typeof setImmediate === 'function') return void setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Makes an instance of the compiled core. */
export async function createEngine(module: WebAssembly.Module): Promise<Engine> {
  const raw: RawModule = await new Promise((resolve, reject) => {
    createRawModule({
      turn,
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(module, imports).then((instance) => done(instance, module), reject);
        return {};
      },
    }).then(resolve, reject);
  });

  /** Lends bytes a place in the core's memory while `use` runs. */
  const withSource = async (size: number, use: (address: number) => Promise<JobResult>): Promise<JobResult> => {
    const address = raw.createSource(size);
    if (!address) return refused({ code: 'out_of_memory', detail: `no room for ${size} bytes` }, true);
    try {
      return await use(address);
    } finally {
      raw.freeSource(address);
    }
  };

  const load = async ({ data, size }: SourceData, address: number, onStep: OnStep): Promise<void> => {
    if (data instanceof Uint8Array) {
      raw.sourceView(address, size).set(data);
      return;
    }
    for (let at = 0; at < size; at += slice_bytes) {
      const part = await data
        .slice(at, at + slice_bytes)
        .arrayBuffer()
        .catch((error: unknown) => {
          throw new Unreadable(String(error));
        });
      raw.sourceView(address, size).set(new Uint8Array(part), at);
      onStep('read', at + part.byteLength, size);
    }
  };

  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    let sha256 = await outsideHash(bytes);
    if (!sha256) {
      await withSource(bytes.length, async (address) => {
        raw.sourceView(address, bytes.length).set(bytes);
        sha256 = raw.sha256(address, bytes.length);
        return refused({ code: '', detail: '' });
      });
    }
    return sha256;
  };

  const toEnd = async (preparation: number): Promise<RawPrepared | RawError> => {
    while (await raw.advance(preparation, turn_ms)) await turn();
    return raw.take(preparation);
  };

  const finish = async (
    { ok: _, ...made }: RawPrepared,
    sha256: string,
    decodedBy: 'core' | 'browser',
    onStep: OnStep,
  ): Promise<JobResult> => {
    onStep('hash', 0, 1);
    const photoSha256 = await hashOf(made.photo.bytes);
    return { ok: true, kind: 'prepare', prepared: { ...made, sha256, photoSha256, decodedBy } };
  };

  /** The browser decodes what the core cannot, and the picture joins at "upright". */
  const prepareForeign = async (job: PrepareJob, error: RawError, sha256: string, onStep: OnStep): Promise<JobResult> => {
    const format = foreignFormat(error, job.options);
    const started = performance.now();
    const picture = format && job.browserDecode ? await decodeInBrowser(job.source, error.detail, job.options, onStep) : null;
    if (!picture) return refusal(error);
    // A decoder that hangs, or took all memory, ends with its worker.
    if ('code' in picture) return refused(picture, picture.code !== 'too_many_pixels');
    const { rgba, pixelWidth, pixelHeight, width, height, moves } = picture;
    const decoded = performance.now();
    return withSource(rgba.length, async (address) => {
      raw.sourceView(address, rgba.length).set(rgba);
      const made = await toEnd(raw.beginPixels(pixelWidth, pixelHeight, address, job.options));
      if (!made.ok) return refusal(made);
      Object.assign(made.source, { format, mimeType: `image/${format}`, width, height });
      if (moves) made.warnings.push('animation_dropped');
      made.timings['decode'] = decoded - started;
      return finish(made, sha256, 'browser', onStep);
    });
  };

  const prepare = async (job: PrepareJob, onStep: OnStep): Promise<JobResult> => {
    const { size } = job.source;
    const started = performance.now();
    let loaded = started;
    let made: RawPrepared | RawError | undefined;
    let sha256 = '';
    const outcome = await withSource(size, async (address) => {
      await load(job.source, address, onStep);
      loaded = performance.now();
      onStep('probe', 0, 1);
      const hashing = outsideHash(raw.sourceView(address, size));
      made = await toEnd(raw.begin(address, size, job.options, onStep));
      sha256 = (await hashing) || raw.sha256(address, size);
      return refused({ code: '', detail: '' });
    });
    if (!made) return outcome;
    // From here the source's place is free again.
    if (!made.ok && made.code !== 'unsupported_type') return refusal(made);
    const result = made.ok ? await finish(made, sha256, 'core', onStep) : await prepareForeign(job, made, sha256, onStep);
    if (result.ok && result.kind === 'prepare') {
      Object.assign(result.prepared.timings, { read: loaded - started, total: performance.now() - started });
    }
    return result;
  };

  const probe = (job: Job & { kind: 'probe' }, onStep: OnStep): Promise<JobResult> =>
    withSource(job.source.size, async (address) => {
      await load(job.source, address, onStep);
      const answer = raw.probe(address, job.source.size, job.options);
      if (!answer.ok) return refusal(answer);
      const { ok: _, ...probed } = answer;
      return { ok: true, kind: 'probe', probe: probed };
    });

  const work = async (job: Job, onStep: OnStep): Promise<JobResult> => {
    if (job.kind === 'check') return { ok: true, kind: 'text', text: raw.checkPayload(job.table, job.json) };
    if (job.kind === 'probe') return probe(job, onStep);
    const result = await prepare(job, onStep);
    const { data } = job.source;
    return !result.ok && result.fatal && job.returnSource ? { ...result, source: data as Uint8Array<ArrayBuffer> } : result;
  };

  return {
    heapBytes: () => raw.heapBytes(),
    run: (job, onStep) =>
      work(job, onStep).catch((error: unknown) =>
        error instanceof Unreadable
          ? refused({ code: 'corrupt_image', detail: `The file cannot be read: ${error.message}` })
          : refused({ code: 'internal', detail: String(error) }, true),
      ),
  };
}
