/** `createPhotoCore` and the core's face to the page. */
import { asset, environment, invalidOption } from './caller_error.js';
import { isPhotoError, PhotoError, type PayloadIssue } from './error.js';
import type { ErrorCode } from './errors.gen.js';
import { address, compileCore, defaultWorkers, emulated, explained, workerStarter, type StartWorker } from './host.js';
import { highestLimits, limitsWith, type LimitOptions, type Limits } from './limits.js';
import { announced, checkMembers, checkOptions, type Checked } from './options.js';
import { Pool, type Runner } from './pool.js';
import { PhotoMeter, throttled } from './progress.js';
import { languages, messageFor } from './on_demand.js';
import type { MediaItemPayload, PhotoPayload, ProfilePayload, ProjectPayload } from './payload_types.gen.js';
import type { ErrorData, Job, JobResult, Prepared, SourceData } from './protocol.js';
import type { PayloadTable } from './raw.js';
import type {
  BatchOptions,
  BatchResult,
  Language,
  MediaRowFacts,
  PhotoProbe,
  PhotoRowFacts,
  PhotoSource,
  PreparedImage,
  PreparedPhoto,
  PrepareCall,
  ProbeCall,
} from './types.js';

/** Options of `createPhotoCore`. */
export interface CoreOptions {
  /** 0 runs on the calling thread. Default: `max(1, min(4, cores - 1))`, at most 2 on phones and small devices. */
  readonly workers?: number | undefined;
  /** Address of `photo-core.wasm`; default: beside this file. Another origin needs CORS. */
  readonly wasmUrl?: string | URL | undefined;
  /** Address of `worker.js`, of the page's own origin; default: beside this file. */
  readonly workerUrl?: string | URL | undefined;
  readonly limits?: LimitOptions | undefined;
  /** Language of the errors' sentences. Default `en`. */
  readonly language?: Language | undefined;
}

/** The core, ready for work. Made by `createPhotoCore`. */
export interface PhotoCore {
  /** Every limit in force, by its name in the contract. */
  readonly limits: Limits;
  /** What the header alone tells. @throws PhotoError */
  probe(file: PhotoSource, options?: ProbeCall): Promise<PhotoProbe>;
  /** One photo, made ready. @throws PhotoError */
  prepare(file: PhotoSource, options?: PrepareCall): Promise<PreparedPhoto>;
  /**
   * One result a file, in input order, accepted or rejected. A wrong option throws at the first step; a bad file never
   * does.
   */
  prepareAll<F extends PhotoSource>(
    files: Iterable<F> | AsyncIterable<F>,
    options?: BatchOptions,
  ): AsyncGenerator<BatchResult<F>, void, undefined>;
  /** Row for `video_projects`. @throws PhotoError `invalid_payload` with every issue */
  projectPayload(draft: unknown): Promise<ProjectPayload>;
  /** Row for `photos`. @throws PhotoError `invalid_payload` with every issue */
  photoPayload(photo: PreparedPhoto, facts: PhotoRowFacts): Promise<PhotoPayload>;
  /** Row for `media_items`. @throws PhotoError `invalid_payload` with every issue */
  mediaItemPayload(photo: PreparedPhoto, facts: MediaRowFacts): Promise<MediaItemPayload>;
  /** What a person may change of `users`. @throws PhotoError `invalid_payload` with every issue */
  profilePayload(draft: unknown): Promise<ProfilePayload>;
  /** The rules of one row, on JSON text: the row, or throws. @throws PhotoError `invalid_payload` with every issue */
  checkPayload(table: PayloadTable, json: string): Promise<Record<string, unknown>>;
  /** The same as the core's own line of JSON, `{"ok","payload"?,"issues"}` in English: numbers stay as they were written. */
  checkPayloadText(table: PayloadTable, json: string): Promise<string>;
  /** Ends the workers; what is still at work ends as `cancelled`. */
  close(): void;
}

const most_workers = 32;

declare const ServiceWorkerGlobalScope: unknown;

/** A part of the package that is loaded with its first use. @throws PhotoError `asset_unavailable` */
const chunk = <T>(loading: Promise<T>): Promise<T> =>
  loading.catch((error: unknown) => {
    // A bundle that has every part in one file runs there all the same.
    throw typeof ServiceWorkerGlobalScope === 'function' ? environment('import() in a service worker') : asset(`a part of its script: ${error}`);
  });

/** Base64 of a few bytes. */
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

function preparedPhoto(made: Prepared, source: SourceData): PreparedPhoto {
  const { blob, mimeType, width, height } = made.photo as PreparedImage;
  const thumbnails = made.thumbnails as PreparedImage[];
  return {
    photo: blob,
    thumbnail: thumbnails[0]?.blob ?? null,
    thumbnails,
    mimeType,
    width,
    height,
    bytes: blob.size,
    sha256: made.sha256,
    photoSha256: made.photoSha256,
    dhash: made.dhash,
    thumbhash: base64(made.thumbhash),
    capture: made.capture,
    source: {
      name: source.name,
      format: made.source.format,
      mimeType: made.source.mimeType,
      width: made.source.width,
      height: made.source.height,
      orientation: made.source.orientation,
      bytes: source.size,
      profile: made.source.profile,
    },
    passedThrough: made.passedThrough,
    decodedBy: made.decodedBy,
    warnings: made.warnings as PreparedPhoto['warnings'],
    timings: made.timings,
  };
}

class Core implements PhotoCore {
  readonly limits: Limits;
  readonly #runner: Runner;
  readonly #language: Language;
  readonly #start: StartWorker | undefined;

  constructor(runner: Runner, limits: Limits, language: Language, start: StartWorker | undefined) {
    this.limits = limits;
    this.#runner = runner;
    this.#language = language;
    this.#start = start;
  }

  /** Who may cancel gets the sentence of it ready, so that the end does not wait for a file. */
  #expectCancel(signal: AbortSignal | undefined): void {
    if (signal) void messageFor('cancelled', this.#language);
  }

  async #fail(data: ErrorData, more: { issues?: PayloadIssue[] } = {}): Promise<PhotoError> {
    if (data.code === 'asset_unavailable') {
      return explained((why) => why.workerFailure(this.#start, data.detail), `the worker could not be started: ${data.detail}`);
    }
    const code = data.code as ErrorCode;
    return new PhotoError(code, await messageFor({ ...data, code }, this.#language), { ...data, ...more });
  }

  async #run<K extends (JobResult & { ok: true })['kind']>(
    job: Job,
    kind: K,
    options?: Parameters<Runner['run']>[1],
  ): Promise<JobResult & { ok: true; kind: K }> {
    const result = await this.#runner.run(job, options);
    if (!result.ok) throw await this.#fail(result.error);
    if (result.kind !== kind) throw await this.#fail({ code: 'internal', detail: `answered ${result.kind}` });
    return result as JobResult & { ok: true; kind: K };
  }

  /** The bytes, after the refusals that need none. */
  async #open(file: PhotoSource, option: string, signal: AbortSignal | undefined): Promise<SourceData> {
    const limit = this.limits.max_source_bytes;
    const check = async (size: number | undefined): Promise<void> => {
      if (size === 0) throw await this.#fail({ code: 'empty_file', detail: '' });
      if (size && size > limit) throw await this.#fail({ code: 'source_too_large', detail: '', limit, actual: size });
    };
    // A caller's own function may take its time, and may never answer.
    let abort!: () => void;
    const aborted = new Promise<never>((_, reject) => {
      abort = reject;
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort);
    });
    try {
      const source = announced(file, option);
      await Promise.race([aborted, check(source.size)]);
      const data = await Promise.race([aborted, source.open()]);
      await check(data.size);
      return data;
    } catch (error) {
      if (isPhotoError(error)) throw error;
      throw await this.#fail(signal?.aborted ? { code: 'cancelled', detail: '' } : { code: 'corrupt_image', detail: `cannot be read: ${String(error)}` });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #prepare(
    file: PhotoSource,
    option: string,
    { raw, browserDecode, transfer }: Checked,
    signal: AbortSignal | undefined,
    meter: PhotoMeter,
    touch: (() => void) | undefined,
  ): Promise<PreparedPhoto> {
    const source = await this.#open(file, option, signal);
    const transferable = transfer && source.data instanceof Uint8Array ? [source.data.buffer] : [];
    // The browser gives pixels alone. What the file says beside them is worth a look, and no reason to fail.
    const look = () =>
      import('./foreign_capture.js')
        .then(({ captureOf }) => captureOf(source.data, this, raw.gps))
        .catch(() => ({}));
    // What is to be written is known before.
    const capture = browserDecode && raw.keepMetadata === 'capture' ? await look() : undefined;
    const options = { ...raw, capture, claimedType: source.type, fileName: source.name };
    const { prepared } = await this.#run(
      { kind: 'prepare', source, options, browserDecode, returnSource: transferable.length > 0 },
      'prepare',
      {
        signal,
        transfer: transferable,
        // Words that nobody waits for are not sent.
        onStep:
          touch &&
          ((step, done, total) => {
            meter.step(step, done, total);
            touch();
          }),
      },
    );
    if (prepared.decodedBy === 'browser') prepared.capture = capture ?? (await look());
    return preparedPhoto(prepared, source);
  }

  async probe(file: PhotoSource, options: ProbeCall = {}): Promise<PhotoProbe> {
    const { raw } = checkOptions(options, this.limits, false);
    const { signal } = options;
    const source = await this.#open(file, 'file', signal);
    const job = { kind: 'probe', source, options: { ...raw, claimedType: source.type, fileName: source.name } } as const;
    const { probe } = await this.#run(job, 'probe', { signal });
    return { ...probe, bytes: source.size } as PhotoProbe;
  }

  async prepare(file: PhotoSource, options: PrepareCall = {}): Promise<PreparedPhoto> {
    const checked = checkOptions(options, this.limits, false);
    const { signal, onProgress } = options;
    this.#expectCancel(signal);
    const meter = new PhotoMeter(announced(file, 'file').size ?? 0);
    const telling = throttled(() => onProgress?.(meter.view));
    try {
      const photo = await this.#prepare(file, 'file', checked, signal, meter, onProgress && telling.touch);
      meter.end('accepted');
      return photo;
    } catch (error) {
      meter.end(isPhotoError(error) && error.code === 'cancelled' ? 'cancelled' : 'rejected');
      throw error;
    } finally {
      telling.touch();
      telling.flush();
    }
  }

  async *prepareAll<F extends PhotoSource>(
    files: Iterable<F> | AsyncIterable<F>,
    options: BatchOptions = {},
  ): AsyncGenerator<BatchResult<F>, void, undefined> {
    const checked = checkOptions(options, this.limits, true);
    if (typeof files !== 'object' || !files || ArrayBuffer.isView(files) || !(Symbol.iterator in files || Symbol.asyncIterator in files)) {
      throw invalidOption('files', 'an array or another iterable of files', files);
    }
    this.#expectCancel(options.signal);
    const { runBatch } = await chunk(import('./batch.js'));
    yield* runBatch(files, options, {
      workers: this.#runner.size,
      maxPhotos: this.limits.max_photos_per_project,
      existingCount: checked.existingCount,
      size(file) {
        try {
          return announced(file, 'file').size ?? 0;
        } catch {
          return 0;
        }
      },
      prepare: (file, option, signal, meter, touch) => this.#prepare(file, option, checked, signal, meter, touch),
      fail: (data) => this.#fail(data),
      invalid: invalidOption,
    });
  }

  async checkPayloadText(table: PayloadTable, json: string): Promise<string> {
    const { text } = await this.#run({ kind: 'check', table: String(table) as PayloadTable, json: String(json) }, 'text');
    if (!text) throw invalidOption('table', 'project or photo or media-item or profile', table);
    return text;
  }

  async checkPayload(table: PayloadTable, json: string): Promise<Record<string, unknown>> {
    const verdict = JSON.parse(await this.checkPayloadText(table, json)) as
      | { ok: true; payload: Record<string, unknown> }
      | { ok: false; issues: (PayloadIssue & { found?: string })[] };
    if (verdict.ok) return verdict.payload;
    const issues = await Promise.all(
      verdict.issues.map(async ({ found, ...issue }) => ({
        ...issue,
        message: await messageFor({ ...issue, detail: found }, this.#language),
      })),
    );
    throw await this.#fail({ code: 'invalid_payload', detail: '' }, { issues });
  }

  async #payload<P>(table: PayloadTable, draft: unknown): Promise<P> {
    let json: string;
    try {
      json = JSON.stringify(draft) ?? 'null';
    } catch (error) {
      throw invalidOption('draft', 'what JSON can hold', error);
    }
    return (await this.checkPayload(table, json)) as P;
  }

  async #row(kind: 'photoRow' | 'mediaItemRow', photo: PreparedPhoto, facts: PhotoRowFacts | MediaRowFacts): Promise<unknown> {
    const rows = await chunk(import('./rows.js'));
    try {
      return rows[kind](photo, facts as PhotoRowFacts & MediaRowFacts);
    } catch {
      throw invalidOption('photo', 'a prepared photo, with the facts of its row', photo);
    }
  }

  projectPayload(draft: unknown): Promise<ProjectPayload> {
    return this.#payload('project', draft);
  }

  async photoPayload(photo: PreparedPhoto, facts: PhotoRowFacts): Promise<PhotoPayload> {
    return this.#payload('photo', await this.#row('photoRow', photo, facts));
  }

  async mediaItemPayload(photo: PreparedPhoto, facts: MediaRowFacts): Promise<MediaItemPayload> {
    return this.#payload('media-item', await this.#row('mediaItemRow', photo, facts));
  }

  profilePayload(draft: unknown): Promise<ProfilePayload> {
    return this.#payload('profile', draft);
  }

  close(): void {
    this.#runner.close();
  }
}

/**
 * Fetches and compiles the binary, and gives the core. Workers start with the first photo.
 *
 * @throws PhotoError `invalid_option`, `asset_unavailable`, `unsupported_environment`
 */
export function createPhotoCore(options: CoreOptions = {}): Promise<PhotoCore> {
  return openCore(options);
}

/** The same, where the caller may say how high limits may go (the command line). */
export async function openCore(options: CoreOptions, highest = highestLimits): Promise<PhotoCore> {
  const { workers, wasmUrl, workerUrl, limits, language } = checkMembers('', options, {
    workers: [0, most_workers, defaultWorkers()],
    wasmUrl: address,
    workerUrl: address,
    limits: (_, value) => limitsWith(value, highest),
    language: languages,
  }) as { workers: number; wasmUrl?: URL; workerUrl?: URL; limits?: Limits; language: Language };
  const start = workers && !emulated ? workerStarter(workerUrl) : undefined;
  const module = await compileCore(wasmUrl);
  const runner = start ? new Pool({ size: workers, start, module }) : (await chunk(import('./inline.js'))).inlineRunner(module);
  return new Core(runner, limits ?? limitsWith({}, highest), language, start);
}
