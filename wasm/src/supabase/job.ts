import type { PhotoError } from '../error.js';
import { errorOf, remoteError } from './fault.js';
import type { Pause } from './retry.js';

/**
 * Where one photo is: `waiting` → `sending` (bytes are on their way) → `stored` (its objects are there) → `confirmed` (its
 * row is there too), or `failed` for good with its error.
 */
export type ItemState = 'waiting' | 'sending' | 'stored' | 'confirmed' | 'failed';

/** Progress of one photo, in bytes. */
export interface ItemProgress {
  /** Position among the photos of the call. */
  readonly index: number;
  /** Id of its row. */
  readonly id: string;
  readonly state: ItemState;
  /** Of photo and thumbnail together. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Progress of a job. No number in it ever runs backwards. */
export interface SendProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** 0 to 1, by bytes; 1 only when nothing is left to do. */
  readonly fraction: number;
  /** Photos with a final outcome. */
  readonly photosDone: number;
  readonly photosTotal: number;
  readonly photos: readonly ItemProgress[];
}

/** The outcome of one photo: the paths of its objects in their bucket, or why it failed. */
export type SendOutcome =
  | { readonly index: number; readonly id: string; readonly ok: true; readonly fileUrl: string; readonly thumbnailUrl: string | null }
  | { readonly index: number; readonly id: string; readonly ok: false; readonly error: PhotoError };

/** The outcome of a job, photos in the order in which they were given. `P` is a string where the job is about a project that its call names. */
export interface SendResult<P extends string | null = string | null> {
  /** Of the outbox, as `pending` names it. */
  readonly entryId: string;
  /** Null where the call named none: `replace`, the media library, the avatar. */
  readonly projectId: P;
  readonly photos: readonly SendOutcome[];
  /** Whether every photo arrived. */
  readonly ok: boolean;
}

/** What happens to a job, in order. */
export type SendEvent =
  | { readonly type: 'kept'; readonly entryId: string }
  | { readonly type: 'project'; readonly projectId: string }
  | { readonly type: 'photo'; readonly index: number; readonly id: string; readonly state: Exclude<ItemState, 'failed'> }
  | { readonly type: 'photo'; readonly index: number; readonly id: string; readonly state: 'failed'; readonly error: PhotoError }
  | { readonly type: 'progress'; readonly progress: SendProgress }
  | ({ readonly type: 'pause' } & Pause)
  | { readonly type: 'done'; readonly result: SendResult }
  | { readonly type: 'stopped'; readonly error: PhotoError; readonly kept: boolean };

/**
 * One call of the sender, at work. `done` settles once: with the result when every photo has its outcome, or with the error
 * that stopped the job as a whole. After such an error `kept` tells whether the outbox still has what is missing, to be
 * finished by `resume()` (no connection, no session, cancelled) or not (the project was refused).
 *
 * As an async iterable it gives its events from the first one on, whenever it is asked; of several waiting `progress` events
 * only the newest is kept.
 */
export class SendJob<P extends string | null = string | null> implements AsyncIterable<SendEvent> {
  /** Settles once, see above. @throws PhotoError */
  readonly done: Promise<SendResult<P>>;
  /** Whether what is missing is in the outbox. */
  kept = false;
  #progress: SendProgress;
  #log: SendEvent[] = [];
  /** Events that some iterator has taken. */
  #taken = 0;
  #wakes = new Set<() => void>();
  #listeners = new Set<(event: SendEvent) => void>();
  #ended = false;
  #controller = new AbortController();

  /** @internal */
  constructor(
    readonly id: string,
    readonly projectId: P,
    readonly photoIds: readonly string[],
    start: SendProgress,
    work: (job: SendJob, signal: AbortSignal) => Promise<SendResult<P>>,
    signal?: AbortSignal,
  ) {
    this.#progress = start;
    const stop = () => this.cancel();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    // A turn later, so that whoever made the job can listen first.
    this.done = Promise.resolve()
      .then(() => work(this, this.#controller.signal))
      .then(
        (result) => {
          this.emit({ type: 'done', result });
          return result;
        },
        (thrown: unknown) => {
          const error = this.#controller.signal.aborted ? remoteError('cancelled', { cause: thrown }) : errorOf(thrown);
          this.emit({ type: 'stopped', error, kept: this.kept });
          throw error;
        },
      )
      .finally(() => {
        this.#ended = true;
        signal?.removeEventListener('abort', stop);
        for (const wake of this.#wakes) wake();
      });
    this.done.catch(() => {}); // whoever only listens to events has no unhandled rejection
  }

  /** Where it is now. */
  get progress(): SendProgress {
    return this.#progress;
  }

  /** Stops at once. What is not confirmed stays in the outbox. */
  cancel(): void {
    this.#controller.abort(remoteError('cancelled'));
  }

  /** Calls back on each event from now on. @returns what ends it */
  on(listener: (event: SendEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Its events, from the first one on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SendEvent, void, undefined> {
    for (let at = 0; ; ) {
      while (at < this.#log.length) {
        const event = this.#log[at++] as SendEvent;
        this.#taken = Math.max(this.#taken, at);
        const next = this.#log[at];
        if (event.type === 'progress' && next?.type === 'progress') continue;
        yield event;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wakes.delete(wake);
          resolve();
        };
        this.#wakes.add(wake);
      });
    }
  }

  /** @internal */
  emit(event: SendEvent): void {
    if (event.type === 'progress') {
      this.#progress = event.progress;
      // A run of progress that nobody has taken is one entry of the log.
      if (this.#log.at(-1)?.type === 'progress' && this.#taken < this.#log.length) this.#log.pop();
    }
    this.#log.push(event);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    for (const wake of this.#wakes) wake();
  }
}
