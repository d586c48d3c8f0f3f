/** The calling thread in place of a pool; loaded with `workers: 0`. */
import { failed, hasSecondTry, type RunOptions, type Runner } from './pool.js';
import type { Job, JobResult, OnStep } from './protocol.js';

/** `workers: 0`: jobs one after the other on the calling thread; whoever stops one is answered at its next turn. */
export function inlineRunner(module: WebAssembly.Module, highWaterBytes = 128 << 20): Runner {
  const fresh = () => import('./worker.js').then(({ createEngine }) => createEngine(module));
  let engine: ReturnType<typeof fresh> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  /** What ends those that wait for their result. */
  const stops = new Set<() => void>();
  const cancelled = (): JobResult => failed('cancelled', closed ? 'the core is closed' : '');

  const one = async (job: Job, say: OnStep, stopped: () => boolean, retry: boolean): Promise<JobResult> => {
    if (stopped()) return cancelled();
    let result: JobResult;
    try {
      const current = await (engine ??= fresh());
      result = await current.run(job, say);
      if ((!result.ok && result.fatal) || current.heapBytes() > highWaterBytes) engine = null;
    } catch (error) {
      engine = null;
      return failed('asset_unavailable', `worker.js: ${String(error)}`);
    }
    return retry && hasSecondTry(result) ? one(job, say, stopped, false) : result;
  };

  return {
    size: 1,
    run(job, { signal, onStep }: RunOptions = {}) {
      const stopped = (): boolean => closed || !!signal?.aborted;
      let abort!: () => void;
      const stop = new Promise<JobResult>((resolve) => (abort = () => resolve(cancelled())));
      stops.add(abort);
      // Removed by name: through a signal of its own Node forgets to, for all but one of those that wait at the same time.
      signal?.addEventListener('abort', abort);
      const say: OnStep = (...step) => {
        // There is no thread to end: a core that is interrupted in a word of its own ends there, and is not used again.
        if (stopped()) throw new Error('stopped');
        onStep?.(...step);
      };
      const work = last.then(() => one(job, say, stopped, true));
      last = work;
      return Promise.race([work, stop]).finally(() => {
        stops.delete(abort);
        signal?.removeEventListener('abort', abort);
      });
    },
    close() {
      closed = true;
      for (const stop of stops) stop();
      engine = null;
    },
  };
}
