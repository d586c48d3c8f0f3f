/**
 * Many photos: worked on out of order, answered in input order, with the rules that concern them together. Loaded with
 * the first batch.
 */
import type { invalidOption } from './caller_error.js';
import { DuplicateFinder } from './duplicates.js';
import { isPhotoError, type PhotoError } from './error.js';
import type { ErrorData } from './protocol.js';
import { PhotoMeter, throttled } from './progress.js';
import type { BatchOptions, BatchProgress, BatchResult, PhotoProgress, PhotoSource, PreparedPhoto } from './types.js';

/** What a batch needs of the core. */
export interface BatchWork {
  /** Photos at work at the same time. */
  readonly workers: number;
  readonly maxPhotos: number;
  readonly existingCount: number;
  /** Bytes that a source announces; 0 when unknown or no source at all. */
  size(file: PhotoSource): number;
  prepare(file: PhotoSource, option: string, signal: AbortSignal, meter: PhotoMeter, touch: (() => void) | undefined): Promise<PreparedPhoto>;
  fail(data: ErrorData): Promise<PhotoError>;
  readonly invalid: typeof invalidOption;
}

type Files<F> = Iterable<F> | AsyncIterable<F>;

interface Entry<F> {
  readonly file: F;
  result?: BatchResult<F>;
}

/** Aborts with any of the signals; `unlink` forgets them. */
export function linked(...signals: (AbortSignal | undefined)[]): { signal: AbortSignal; abort(): void; unlink(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const signal of signals) {
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  }
  return {
    signal: controller.signal,
    abort,
    unlink: () => signals.forEach((signal) => signal?.removeEventListener('abort', abort)),
  };
}

/**
 * In which order known files are started: as they come, but of the last `tail` the largest first. A large photo that
 * starts last would have one worker at work while the others have nothing left to do. The first two of each worker keep
 * their turn: somebody waits for them.
 */
export function startOrder(sizes: readonly number[], workers: number, tail: number): number[] {
  const order = [...sizes.keys()];
  const last = order.splice(Math.max(2 * workers, order.length - tail)).sort((a, b) => sizes[b]! - sizes[a]!);
  return [...order, ...last];
}

export async function* runBatch<F extends PhotoSource>(
  files: Files<F>,
  options: BatchOptions,
  work: BatchWork,
): AsyncGenerator<BatchResult<F>, void, undefined> {
  // The photos' rows will be wanted next, maybe without network by then; where this fails, the next one says so.
  import('./rows.js').catch(() => {});
  // An array or a FileList: then the whole input is known.
  const known: readonly F[] | null = typeof (files as F[]).length === 'number' ? Array.from(files as F[]) : null;
  const meters = new BatchMeter();
  known?.forEach((file, index) => meters.of(index, work.size(file)));
  /** Results that may wait for an earlier one, and how far a file may be started before its turn. */
  const ahead = 4 * work.workers + 2;
  // Past the limit of a project the first in input order get its places: then files are started in that order.
  const allFit = known && known.length + work.existingCount <= work.maxPhotos;
  const order = known && (allFit ? startOrder(known.map(work.size), work.workers, ahead) : [...known.keys()]);
  const telling = throttled(() => options.onProgress?.(meters.view));
  const duplicates = new DuplicateFinder(options.knownPhotos, work.invalid);
  const batch = linked(options.signal);
  const entries: Entry<F>[] = [];
  let pulled = 0;
  let answered = 0;
  let pending = 0;
  let accepted = work.existingCount;
  let ended = false;
  let left = false;
  let broken: { error: unknown } | undefined;

  let wake = (): void => {};
  let change = Promise.resolve();
  const renew = (): void => {
    change = new Promise((resolve) => (wake = resolve));
  };
  const changed = (): void => {
    wake();
    renew();
  };
  renew();
  batch.signal.addEventListener('abort', changed);

  const settle = (index: number, meter: PhotoMeter, outcome: PreparedPhoto | PhotoError): void => {
    const { file } = entries[index]!;
    if (isPhotoError(outcome)) {
      meter.end(outcome.code === 'cancelled' ? 'cancelled' : 'rejected');
      entries[index]!.result = { index, file, ok: false, error: outcome };
    } else {
      meter.end('accepted');
      entries[index]!.result = { index, file, ok: true, photo: outcome };
    }
    telling.touch();
    changed();
  };

  const start = async (index: number, file: F, meter: PhotoMeter): Promise<void> => {
    pending++;
    let own: ReturnType<typeof linked> | undefined;
    let outcome: PreparedPhoto | PhotoError;
    try {
      own = linked(batch.signal, options.photoSignal?.(index, file));
      outcome = await work.prepare(file, `files[${index}]`, own.signal, meter, options.onProgress && telling.touch);
      accepted++;
    } catch (error) {
      const [code, detail] = own ? ['internal', String(error)] : ['invalid_option', `photoSignal: ${String(error)}`];
      outcome = isPhotoError(error) ? error : await work.fail({ code, detail });
    }
    own?.unlink();
    pending--;
    settle(index, meter, outcome);
  };

  /** Takes files as there is room: for their bytes, for their results, and in the project. */
  const feed = async (): Promise<void> => {
    const aborted = new Promise<null>((resolve) => batch.signal.addEventListener('abort', () => resolve(null)));
    try {
      const input = (
        order ? order.values() : Symbol.asyncIterator in files ? files[Symbol.asyncIterator]() : files[Symbol.iterator]()
      ) as AsyncIterator<F | number> | Iterator<F | number>;
      for (;;) {
        const crowded = pending > work.workers || pulled - answered > ahead;
        const undecided = pending > 0 && accepted < work.maxPhotos && accepted + pending >= work.maxPhotos;
        if ((crowded || undecided) && !batch.signal.aborted) {
          await change;
          continue;
        }
        if (left || (batch.signal.aborted && !known)) {
          await input.return?.();
          break;
        }
        const next = await Promise.race([input.next(), aborted]);
        if (next === null && batch.signal.aborted) {
          // An input that has not answered yet may not answer this either.
          Promise.resolve(input.return?.()).catch(() => {});
          break;
        }
        // As `for await` does it; an answer that is no object would be taken for files without end.
        if (typeof next !== 'object' || !next) throw new TypeError(`Iterator result ${String(next)} is not an object`);
        if (next.done) break;
        // Known files come by their place, others as themselves, in the order of the input.
        const index = order ? (next.value as number) : pulled;
        const file = order ? known![index]! : (next.value as F);
        pulled++;
        entries[index] = { file };
        const meter = meters.of(index, work.size(file));
        if (batch.signal.aborted) {
          settle(index, meter, await work.fail({ code: 'cancelled', detail: '' }));
        } else if (accepted >= work.maxPhotos) {
          const limit = work.maxPhotos;
          settle(index, meter, await work.fail({ code: 'too_many_photos', detail: '', limit, actual: accepted + 1 }));
        } else {
          void start(index, file, meter);
        }
      }
    } catch (error) {
      broken = { error };
    }
    ended = true;
    changed();
  };

  void feed();
  try {
    for (;;) {
      const result = entries[answered]?.result;
      if (result) {
        delete entries[answered++];
        changed();
        if (answered === pulled && ended) telling.flush();
        yield result.ok ? { ...result, photo: duplicates.take(result.photo, result.index) } : result;
      } else if (ended && answered === pulled) {
        break;
      } else {
        await change;
      }
    }
    telling.flush();
    if (broken) throw broken.error;
  } finally {
    // Also when the caller leaves its loop early: what is still at work ends now.
    left = true;
    batch.abort();
    batch.unlink();
    changed();
  }
}

/** The batch's progress from its photos': of all of them from the start when the whole input is known. */
class BatchMeter {
  readonly #meters: PhotoMeter[] = [];
  #fraction = 0;
  #bytes = 0;

  /** The meter of one photo, made when it is first asked for. */
  of(index: number, bytes: number): PhotoMeter {
    return (this.#meters[index] ??= new PhotoMeter(bytes));
  }

  get view(): BatchProgress {
    const photos = this.#meters.map((meter) => meter.view);
    const sum = (of: (photo: PhotoProgress) => number): number => photos.reduce((all, photo) => all + of(photo), 0);
    const ended = (state: PhotoProgress['state']): number => sum((photo) => Number(photo.state === state));
    const accepted = ended('accepted');
    const rejected = ended('rejected') + ended('cancelled');
    const total = photos.length;
    const bytesTotal = sum((photo) => photo.bytesTotal);
    this.#bytes = Math.max(this.#bytes, sum((photo) => photo.bytesDone));
    const exact = accepted + rejected === total ? 1 : bytesTotal ? this.#bytes / bytesTotal : sum((photo) => photo.fraction) / total;
    this.#fraction = Math.max(this.#fraction, exact);
    return {
      done: accepted + rejected,
      total,
      accepted,
      rejected,
      fraction: this.#fraction,
      bytesDone: this.#bytes,
      bytesTotal,
      photos,
    };
  }
}
