/** One instance of the core and the work done with it. The only file that touches the raw surface. */
import createRawModule from '#glue';
import { decodeInBrowser, foreignFormat } from './browser_decode.js';
import type { Engine, ErrorData, Job, JobResult, OnStep, Prepared, SourceData } from './protocol.js';
import type { RawError, RawModule, RawPrepared } from './raw.js';

const onNode = typeof setImmediate === 'function';

/**
 * Bytes read from a Blob at a time. In browsers hardly a photo is larger: two readings of 4.75 MB take Chromium twice as
 * long as one of 9.5. Node copies, and copies into memory that was used before cost a tenth of those into fresh memory.
 * A file of the largest size is still never in memory twice.
 */
const slice_bytes = onNode ? 1 << 20 : 16 << 20;

const refused = (error: ErrorData, fatal = false): JobResult => ({ ok: false, error, fatal });

/** A refusal by the core. Out of memory, an instance has grown as far as it can and is not used again. */
const refusal = ({ ok: _, ...error }: RawError): JobResult => refused(error, error.code === 'out_of_memory');

/** Unreadable bytes: the file was removed, changed, or may not be read any more. */
class Unreadable extends Error {
  readonly code: string = 'corrupt_image';
}

/** The caller's bytes were given away or resized since; what else is in memory must not stand in for them. */
class Resized extends Unreadable {
  override readonly code = 'invalid_option';
}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A photo before the source's hash is known. */
type Made = RawPrepared & Pick<Prepared, 'photoSha256' | 'decodedBy'>;

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
    if (onNode) return void setImmediate(resolve);
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
  const withSource = async <T>(size: number, use: (address: number) => Promise<T>): Promise<T | JobResult> => {
    const address = raw.createSource(size);
    if (!address) return refused({ code: 'out_of_memory', detail: `no room for ${size} bytes` }, true);
    try {
      return await use(address);
    } finally {
      raw.freeSource(address);
    }
  };

  const load = async ({ data, size }: SourceData, address: number, onStep: OnStep | undefined): Promise<void> => {
    if (data instanceof Uint8Array) {
      if (data.length !== size) throw new Resized(`${data.length} bytes in place of ${size}`);
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
      onStep?.('read', at + part.byteLength, size);
    }
  };

  /** SHA-256 of bytes in the core's memory: outside the thread where there is a secure context; they are copied at once. */
  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
    globalThis.crypto?.subtle ? hex(await crypto.subtle.digest('SHA-256', bytes)) : raw.sha256(bytes.byteOffset, bytes.length);

  /** Takes a preparation to its end, and its pictures out of the core's memory. */
  const finish = async (preparation: number, onStep: OnStep | undefined): Promise<Made | RawError> => {
    while (await raw.advance(preparation, turn_ms)) await turn();
    let photoSha256: Promise<string> | undefined;
    const made = raw.take(preparation, (bytes, type) => {
      onStep?.('hash', 0, 1);
      photoSha256 ??= hashOf(bytes);
      return new Blob([bytes], { type });
    });
    return made.ok ? { ...made, photoSha256: await photoSha256!, decodedBy: 'core' } : made;
  };

  /** The browser decodes what the core cannot, and the picture joins at "upright". */
  const prepareForeign = async (job: PrepareJob, error: RawError, onStep: OnStep | undefined): Promise<Made | JobResult> => {
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
      const made = await finish(raw.beginPixels(pixelWidth, pixelHeight, address, job.options), onStep);
      if (!made.ok) return refusal(made);
      Object.assign(made.source, { format, mimeType: `image/${format}`, width, height });
      if (moves) made.warnings.push('animation_dropped');
      made.timings['decode'] = decoded - started;
      return { ...made, decodedBy: 'browser' };
    });
  };

  const prepare = async (job: PrepareJob, onStep: OnStep | undefined): Promise<JobResult> => {
    const { size } = job.source;
    const started = performance.now();
    let read = 0;
    let sha256: Promise<string> | undefined;
    let made = await withSource<Made | RawError | JobResult>(size, async (address) => {
      await load(job.source, address, onStep);
      read = performance.now() - started;
      onStep?.('probe', 0, 1);
      sha256 = hashOf(raw.sourceView(address, size));
      return finish(raw.begin(address, size, job.options, onStep), onStep);
    });
    // From here the source's place is free again.
    if ('code' in made) made = made.code === 'unsupported_type' ? await prepareForeign(job, made, onStep) : refusal(made);
    if (!('photo' in made)) return made;
    const { ok: _, ...rest } = made;
    const prepared = { ...rest, sha256: await sha256! };
    Object.assign(prepared.timings, { read, total: performance.now() - started });
    return { ok: true, kind: 'prepare', prepared };
  };

  const probe = (job: Job & { kind: 'probe' }, onStep: OnStep | undefined): Promise<JobResult> =>
    withSource(job.source.size, async (address) => {
      await load(job.source, address, onStep);
      const answer = raw.probe(address, job.source.size, job.options);
      if (!answer.ok) return refusal(answer);
      const { ok: _, ...probed } = answer;
      return { ok: true, kind: 'probe', probe: probed };
    });

  const work = async (job: Job, onStep: OnStep | undefined): Promise<JobResult> => {
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
          ? refused({ code: error.code, detail: `The file cannot be read: ${error.message}` })
          : refused({ code: 'internal', detail: String(error) }, true),
      ),
  };
}
