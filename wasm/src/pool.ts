/** The pool: a few workers, one job each, first come first served; small questions go before photos. */
import type { StartWorker, WorkerPort } from './host.js';
import type { FromWorker, Job, JobResult, OnStep } from './protocol.js';

export interface PoolOptions {
  readonly size: number;
  readonly start: StartWorker;
  readonly module: WebAssembly.Module;
  /** A worker whose memory grew past this is replaced after its job; WebAssembly memory never shrinks. */
  readonly highWaterBytes?: number;
  /** Milliseconds after which an idle worker is closed. */
  readonly idleMs?: number;
  /** Milliseconds without a word after which a working worker counts as dead. */
  readonly stallMs?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: OnStep | undefined;
  readonly transfer?: Transferable[] | undefined;
}

interface Task {
  readonly id: number;
  job: Job;
  readonly onStep: OnStep | undefined;
  transfer: Transferable[];
  /** The second try, after a trap or when memory ran out, with no other photo at work. */
  alone: boolean;
  settle(result: JobResult): void;
}

interface Slot {
  port: WorkerPort;
  task: Task | null;
  ready: boolean;
  /** Watch intervals since the last word. */
  silent: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

export const failed = (code: string, detail: string): JobResult => ({ ok: false, error: { code, detail }, fatal: false });

/**
 * Whether the same job may go through in a new instance: memory ran out, or the instance broke, which may be the engine's own
 * fault (seen in WebKit, rarely). A decoder of the browser that hung is not asked again.
 */
export const hasSecondTry = (result: JobResult): result is JobResult & { ok: false } =>
  !result.ok && result.fatal && /^(out_of_memory|internal)$/.test(result.error.code);

/** Intervals in which a worker may say nothing: counted, not timed, so that a page put to sleep does not accuse it. */
const watch_intervals = 30;

/** A timer that does not keep a Node process alive. */
const unheld = <T>(timer: T): T => {
  (timer as { unref?: () => void }).unref?.();
  return timer;
};

export class Pool {
  readonly #size: number;
  readonly #start: StartWorker;
  readonly #module: WebAssembly.Module;
  readonly #highWaterBytes: number;
  readonly #idleMs: number;
  readonly #watchMs: number;
  readonly #slots = new Set<Slot>();
  readonly #urgent: Task[] = [];
  readonly #waiting: Task[] = [];
  readonly #alone: Task[] = [];
  #watch: ReturnType<typeof setInterval> | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#size = options.size;
    this.#start = options.start;
    this.#module = options.module;
    this.#highWaterBytes = options.highWaterBytes ?? 128 << 20;
    this.#idleMs = options.idleMs ?? 30_000;
    this.#watchMs = (options.stallMs ?? 30_000) / watch_intervals;
  }

  get size(): number {
    return this.#size;
  }

  /** Never rejects: what went wrong is in the result. */
  run(job: Job, { signal, onStep, transfer = [] }: RunOptions = {}): Promise<JobResult> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(failed('cancelled', 'the core is closed'));
      if (signal?.aborted) return resolve(failed('cancelled', ''));
      const abort = (): void => this.#cancel(task);
      const task: Task = {
        id: this.#nextId++,
        job,
        onStep,
        transfer,
        alone: false,
        settle(result) {
          signal?.removeEventListener('abort', abort);
          resolve(result);
        },
      };
      signal?.addEventListener('abort', abort);
      (job.kind === 'prepare' ? this.#waiting : this.#urgent).push(task);
      this.#pump();
    });
  }

  /** Ends every worker and everything that waits. */
  close(): void {
    this.#closed = true;
    const tasks = [...this.#urgent.splice(0), ...this.#waiting.splice(0), ...this.#alone.splice(0)];
    for (const slot of this.#slots) {
      if (slot.task) tasks.push(slot.task);
      this.#drop(slot);
    }
    for (const task of tasks) task.settle(failed('cancelled', 'the core is closed'));
    this.#pump();
  }

  /** Gives waiting tasks to idle workers, starting workers as needed, and watches those at work. */
  #pump(): void {
    for (;;) {
      const busy = [...this.#slots].filter((slot) => slot.task);
      if (busy.some((slot) => slot.task?.alone)) break;
      let task: Task | undefined;
      if (this.#alone.length && !this.#urgent.length) {
        // Memory ran out: everybody else finishes first, and idle workers give theirs back.
        if (busy.length) break;
        for (const slot of this.#slots) this.#drop(slot);
        task = this.#alone.shift();
      } else if (busy.length < this.#size) {
        task = this.#urgent.shift() ?? this.#waiting.shift();
      }
      if (!task) break;
      const slot = [...this.#slots].find((one) => !one.task) ?? this.#open(task);
      if (slot) this.#give(slot, task);
    }
    const working = [...this.#slots].some((slot) => slot.task);
    if (working && !this.#watch) {
      this.#watch = unheld(setInterval(() => this.#look(), this.#watchMs));
    } else if (!working && this.#watch) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
  }

  #give(slot: Slot, task: Task): void {
    clearTimeout(slot.idle);
    slot.task = task;
    slot.port.hold(true);
    try {
      // Node does not refuse these: it ends the worker that they were for.
      if (task.transfer.some((bytes) => !(bytes as ArrayBuffer).byteLength)) throw 'bytes that were given away';
      slot.port.post({ photoCore: 'job', id: task.id, job: task.job, tell: !!task.onStep }, task.transfer);
    } catch (error) {
      // Bytes that were given away before, or anything else that cannot cross.
      this.#finish(slot, failed('invalid_option', `file: expected readable bytes, received ${String(error)}`));
    }
  }

  /** Starts a worker; on failure the task that asked for it ends, so that nothing waits for ever. */
  #open(task: Task): Slot | null {
    const slot: Slot = { port: null as never, task: null, ready: false, silent: 0, idle: undefined };
    try {
      slot.port = this.#start({
        message: (message) => this.#slots.has(slot) && this.#hear(slot, message),
        died: (detail) => this.#slots.has(slot) && this.#bury(slot, detail),
      });
      slot.port.post({ photoCore: 'start', module: this.#module });
    } catch (error) {
      task.settle(failed('asset_unavailable', String(error)));
      return null;
    }
    this.#slots.add(slot);
    return slot;
  }

  #hear(slot: Slot, message: FromWorker): void {
    slot.silent = 0;
    if (message.photoCore === 'ready') {
      slot.ready = true;
    } else if (message.photoCore === 'failed') {
      // It runs, but its instance was not made: most likely there is no memory for one more.
      this.#drop(slot);
      const code = /memory/i.test(message.detail) ? 'out_of_memory' : 'internal';
      if (code === 'internal' || !this.#again(slot, undefined)) this.#finish(slot, failed(code, message.detail));
    } else if (message.id !== slot.task?.id) {
      return;
    } else if (message.photoCore === 'progress') {
      if (message.step) slot.task.onStep?.(message.step, message.done, message.total);
    } else {
      const { result } = message;
      const fatal = !result.ok && result.fatal;
      if (fatal || message.heapBytes > this.#highWaterBytes) this.#drop(slot);
      if (hasSecondTry(result) && this.#again(slot, result.source)) return;
      this.#finish(slot, result);
    }
  }

  /** Puts a photo that ran out of memory, or whose instance broke, back for its second try, alone. */
  #again(slot: Slot, source: Uint8Array<ArrayBuffer> | undefined): boolean {
    const { task } = slot;
    if (!task || task.alone || task.job.kind !== 'prepare') return false;
    if (task.transfer.length) {
      if (!source) return false;
      task.job = { ...task.job, source: { ...task.job.source, data: source } };
      task.transfer = [source.buffer];
    }
    task.alone = true;
    slot.task = null;
    this.#alone.push(task);
    this.#pump();
    return true;
  }

  #finish(slot: Slot, result: JobResult): void {
    const { task } = slot;
    slot.task = null;
    if (this.#slots.has(slot)) {
      slot.port.hold(false);
      slot.idle = unheld(setTimeout(() => this.#drop(slot), this.#idleMs));
    }
    task?.settle(result);
    this.#pump();
  }

  /** A worker that died takes only its own job with it. */
  #bury(slot: Slot, detail: string): void {
    this.#drop(slot);
    this.#finish(slot, slot.ready ? failed('internal', `the worker died: ${detail}`) : failed('asset_unavailable', detail));
  }

  #cancel(task: Task): void {
    for (const queue of [this.#urgent, this.#waiting, this.#alone]) {
      const at = queue.indexOf(task);
      if (at >= 0) queue.splice(at, 1);
    }
    const slot = [...this.#slots].find((one) => one.task === task);
    if (slot) {
      this.#drop(slot);
      this.#finish(slot, failed('cancelled', ''));
    } else {
      task.settle(failed('cancelled', ''));
      this.#pump();
    }
  }

  #drop(slot: Slot): void {
    clearTimeout(slot.idle);
    if (this.#slots.delete(slot)) slot.port.stop();
  }

  #look(): void {
    for (const slot of this.#slots) {
      if (slot.task && ++slot.silent > watch_intervals) this.#bury(slot, 'it said nothing for too long');
    }
  }
}

/** What the core needs of a pool; the calling thread is one too (`inline.ts`). */
export type Runner = Pick<Pool, 'size' | 'run' | 'close'>;
