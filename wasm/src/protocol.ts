/**
 * What the page and its workers say to each other: plain data, structured-cloned. Errors cross as values, never as
 * `Error` objects.
 */
import type { PayloadTable, RawOptions, RawPrepared, RawProbe } from './raw.js';

/** The bytes of a source on their way to a worker. A Blob is read there; bytes arrive copied or transferred. */
export interface SourceData {
  readonly data: Blob | Uint8Array<ArrayBuffer>;
  readonly size: number;
  readonly name: string;
  readonly type: string;
}

export type Job =
  | { readonly kind: 'probe'; readonly source: SourceData; readonly options: RawOptions }
  | {
      readonly kind: 'prepare';
      readonly source: SourceData;
      readonly options: RawOptions;
      readonly browserDecode: boolean;
      /** The caller gave its bytes away: they come back when memory ran out, for the second try. */
      readonly returnSource: boolean;
    }
  | { readonly kind: 'check'; readonly table: PayloadTable; readonly json: string };

/** A prepared photo as it leaves a worker. */
export interface Prepared extends Omit<RawPrepared, 'ok'> {
  readonly sha256: string;
  readonly photoSha256: string;
  readonly decodedBy: 'core' | 'browser';
}

export type Probed = Omit<RawProbe, 'ok'>;

/** An error on its way; `PhotoError` is built from it on the other side. */
export interface ErrorData {
  readonly code: string;
  readonly detail: string;
  readonly limit?: number;
  readonly actual?: number;
}

export type JobResult =
  | { readonly ok: true; readonly kind: 'probe'; readonly probe: Probed }
  | { readonly ok: true; readonly kind: 'prepare'; readonly prepared: Prepared }
  | { readonly ok: true; readonly kind: 'text'; readonly text: string }
  | {
      readonly ok: false;
      readonly error: ErrorData;
      /** The instance can no longer be trusted (a trap, no memory): the worker is replaced. */
      readonly fatal: boolean;
      readonly source?: Uint8Array<ArrayBuffer>;
    };

/** To a worker. The mark keeps other messages of a shared worker scope apart; `tell`: somebody listens for the steps. */
export type ToWorker =
  | { readonly photoCore: 'start'; readonly module: WebAssembly.Module }
  | { readonly photoCore: 'job'; readonly id: number; readonly job: Job; readonly tell: boolean };

/** From a worker. */
export type FromWorker =
  | { readonly photoCore: 'ready' }
  | { readonly photoCore: 'failed'; readonly detail: string }
  | { readonly photoCore: 'progress'; readonly id: number; readonly step: string; readonly done: number; readonly total: number }
  | { readonly photoCore: 'result'; readonly id: number; readonly result: JobResult; readonly heapBytes: number };

export type OnStep = (step: string, done: number, total: number) => void;

/** Runs jobs one after the other: in a worker, or on the calling thread. */
export interface Engine {
  run(job: Job, onStep: OnStep | undefined): Promise<JobResult>;
  heapBytes(): number;
}
