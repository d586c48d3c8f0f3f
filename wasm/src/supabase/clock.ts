/** Time, chance and the state of the network, injected so that tests wait for nothing. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 inclusive to 1 exclusive. */
  random(): number;
}

/** A signal that any of these aborts. Safari has `AbortSignal.any` since 17.4, Firefox since 124, Chrome since 116. */
export function anyOf(...signals: AbortSignal[]): AbortSignal {
  if (AbortSignal.any as unknown) return AbortSignal.any(signals);
  const controller = new AbortController();
  for (const signal of signals) {
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { signal: controller.signal });
  }
  return controller.signal;
}

/** Longest time that a timer can be set to; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Calls back once when the signal is aborted. Each listens at a signal of its own: many at one are a leak in Node's eyes, and
 * it says so. @returns what ends it
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const own = (AbortSignal.any as unknown) ? AbortSignal.any([signal]) : signal;
  own.addEventListener('abort', act, { once: true });
  return () => own.removeEventListener('abort', act);
}

/** What the promise settles with; rejects with the signal's reason when that is aborted first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const deaf = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(deaf);
    if (signal.aborted) reject(signal.reason);
  });
}

/** The system's own time and chance. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        end?.();
        resolve();
      }, Math.min(ms, longestTimerMs));
      const end = signal && onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

/** Whether there is a network at all. */
export interface Connectivity {
  online(): boolean;
  /** Resolves when the network is back; rejects with the signal's reason when that is aborted first. */
  whenOnline(signal: AbortSignal): Promise<void>;
}

/** The browser's own word; always online where it says nothing (Node). */
export const systemConnectivity: Connectivity = {
  online: () => globalThis.navigator?.onLine !== false,
  whenOnline: (signal) =>
    new Promise((resolve, reject) => {
      const target = globalThis as unknown as EventTarget;
      if (systemConnectivity.online() || typeof target.addEventListener !== 'function') return resolve();
      const end = (settle: () => void) => () => {
        target.removeEventListener('online', back);
        deaf();
        settle();
      };
      const back = end(resolve);
      const deaf = onAbort(signal, end(() => reject(signal.reason)));
      target.addEventListener('online', back);
    }),
};

const always: Connectivity = { online: () => true, whenOnline: () => Promise.resolve() };

/** The way to `url`: the machine itself is reached without a network too, of which alone the browser speaks. */
export const connectivityTo = (url: string): Connectivity =>
  /^(([^.]+\.)*localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname) ? always : systemConnectivity;
