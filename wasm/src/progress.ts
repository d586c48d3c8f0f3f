/** Progress of one photo: monotone, and told at most once an animation frame. */
import type { PhotoProgress, PhotoStep } from './types.js';

/** Where each step stands between 0 and 1: from, and up to. Decode, resize and encode run as one stream. */
const spans: Record<PhotoStep, readonly [number, number]> = {
  read: [0, 0.1],
  probe: [0.1, 0.12],
  decode: [0.12, 0.8],
  encode: [0.8, 0.95],
  thumbnail: [0.95, 0.98],
  hash: [0.98, 1],
};

/** What the core calls its steps, told to callers in the six of `PhotoStep`. */
const stepOf = (step: string): PhotoStep => (Object.hasOwn(spans, step) ? (step as PhotoStep) : 'decode');

/** The longest time between a change and its telling; a hidden page has no animation frames. */
const frame_limit_ms = 100;

/**
 * Calls `tell` at most once a frame; `flush` tells what is left, now. What a caller's function throws is reported as any
 * listener's error is, and ends no photo.
 */
export function throttled(tell: () => void): { touch(): void; flush(): void } {
  let pending = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;
  const flush = (): void => {
    if (!pending) return;
    pending = false;
    clearTimeout(timer);
    if (frame) cancelAnimationFrame(frame);
    frame = 0;
    try {
      tell();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  };
  return {
    flush,
    touch() {
      if (pending) return;
      pending = true;
      const framed = typeof requestAnimationFrame === 'function';
      timer = setTimeout(flush, framed ? frame_limit_ms : 16);
      if (framed) frame = requestAnimationFrame(flush);
    },
  };
}

/** The changing progress of one photo. */
export class PhotoMeter {
  #state: PhotoProgress['state'] = 'waiting';
  #step: PhotoStep | null = null;
  #fraction = 0;
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get view(): PhotoProgress {
    return {
      state: this.#state,
      step: this.#step,
      fraction: this.#fraction,
      bytesDone: Math.round(this.#fraction * this.#bytes),
      bytesTotal: this.#bytes,
    };
  }

  step(name: string, done: number, total: number): void {
    if (this.#state !== 'waiting' && this.#state !== 'working') return;
    const step = stepOf(name);
    const [from, to] = spans[step];
    const fraction = from + (to - from) * (total > 0 ? Math.min(1, done / total) : 0);
    this.#state = 'working';
    if (fraction >= this.#fraction) {
      this.#fraction = fraction;
      this.#step = step;
    }
  }

  end(state: 'accepted' | 'rejected' | 'cancelled'): void {
    this.#state = state;
    this.#step = null;
    this.#fraction = 1;
  }
}
