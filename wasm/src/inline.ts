/** The calling thread in place of a pool; loaded with `workers: 0`. */
import { failed, hasSecondTry, type RunOptions, type Runner } from './pool.js';
import type { Job, JobResult, OnStep } from './protocol.js';

/** `workers: 0`: jobs one after the other on the calling thread; whoever stops one is answered at its next turn. */
export function inlineRunner(module: WebAssembly.Module, highWaterBytes = 128 << 20): Runner {
  const fresh = () => import('./worker.js').then(({ createEngine }) => createEngine(module));
  let engine: ReturnType<typeof fresh> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();
  const cancelled = (): JobResult => failed('cancelled', closing.signal.aborted ? 'the core is closed' : '');

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
      const signals = signal ? [closing.signal, signal] : [closing.signal];
      const stopped = (): boolean => signals.some((one) => one.aborted);
      const heard = new AbortController();
      const stop = new Promise<JobResult>((resolve) => {
        for (const one of signals) one.addEventListener('abort', () => resolve(cancelled()), { signal: heard.signal });
      });
      const say: OnStep = (...step) => {
        // There is no thread to end: a core that is interrupted in a word of its own ends there, and is not used again.
        if (stopped()) throw new Error('stopped');
        onStep?.(...step);
      };
      const work = last.then(() => one(job, say, stopped, true));
      last = work;
      return Promise.race([work, stop]).finally(() => heard.abort());
    },
    close() {
      closing.abort();
      engine = null;
    },
  };
}
