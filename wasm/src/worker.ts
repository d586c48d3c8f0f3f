/**
 * The worker: one file, with the Emscripten glue bundled in. It answers only messages that carry the mark `photoCore`,
 * so that the same file can be loaded on a calling thread (`workers: 0`) without an effect there.
 */
import { createEngine } from './engine.js';
import type { Engine, FromWorker, Job, ToWorker } from './protocol.js';

export { createEngine };

interface Port {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}

/** While an asynchronous step runs (a slow disk, a browser's decoder) the page hears that the worker lives. */
const alive_interval_ms = 5_000;

async function work(port: Port, engine: Engine, { id, job, tell }: ToWorker & { photoCore: 'job' }): Promise<void> {
  const say = (step: string, done: number, total: number): void =>
    port.postMessage({ photoCore: 'progress', id, step, done, total });
  const alive = setInterval(() => say('', 0, 0), alive_interval_ms);
  const result = await engine.run(job, tell ? say : undefined);
  clearInterval(alive);
  port.postMessage(
    { photoCore: 'result', id, result, heapBytes: engine.heapBytes() },
    !result.ok && result.source ? [result.source.buffer] : [],
  );
}

function listen(port: Port): (message: ToWorker | undefined) => void {
  let engine: Promise<Engine | null> | null = null;
  return (message) => {
    if (message?.photoCore === 'start') {
      engine = createEngine(message.module).then(
        (made) => {
          port.postMessage({ photoCore: 'ready' });
          return made;
        },
        (error: unknown) => {
          port.postMessage({ photoCore: 'failed', detail: String(error) });
          return null;
        },
      );
    } else if (message?.photoCore === 'job') {
      void engine?.then((made) => made && work(port, made, message));
    }
  };
}

declare const WorkerGlobalScope: (new () => object) | undefined;

if (typeof WorkerGlobalScope === 'function' && globalThis instanceof WorkerGlobalScope) {
  const port = globalThis as unknown as Port;
  const answer = listen(port);
  addEventListener('message', (event: MessageEvent<ToWorker>) => answer(event.data));
} else {
  // Only in threads that the pool started: in a caller's own, a listener would keep it from ending.
  const { parentPort, workerData } = globalThis.process?.getBuiltinModule?.('node:worker_threads') ?? {};
  if (workerData === 'photoCore') parentPort?.on('message', listen(parentPort as unknown as Port));
}
