/** The calling thread in place of a pool; loaded with `workers: 0`. */
import { failed, type RunOptions, type Runner } from './pool.js';
import type { Job, JobResult } from './protocol.js';

/** `workers: 0`: jobs one after the other on the calling thread; a signal is heard between them. */
export function inlineRunner(module: WebAssembly.Module, highWaterBytes = 128 << 20): Runner {
  const fresh = () => import('./worker.js').then(({ createEngine }) => createEngine(module));
  let engine: ReturnType<typeof fresh> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const one = async (job: Job, { signal, onStep }: RunOptions, retry: boolean): Promise<JobResult> => {
    if (closed || signal?.aborted) return failed('cancelled', '');
    let result: JobResult;
    try {
      const current = await (engine ??= fresh());
      result = await current.run(job, onStep);
      if ((!result.ok && result.fatal) || current.heapBytes() > highWaterBytes) engine = null;
    } catch (error) {
      engine = null;
      return failed('asset_unavailable', `worker.js: ${String(error)}`);
    }
    return retry && !result.ok && result.error.code === 'out_of_memory' ? one(job, { signal, onStep }, false) : result;
  };
  return {
    size: 1,
    run(job, options = {}) {
      const result = last.then(() => one(job, options, true));
      last = result;
      return result;
    },
    close() {
      closed = true;
      engine = null;
    },
  };
}
