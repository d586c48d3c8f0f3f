/** Progress of one photo and of a batch: monotone, and told at most once an animation frame. */
import type { BatchProgress, PhotoProgress, PhotoStep } from './types.js';

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

/** Calls `tell` at most once a frame; `flush` tells what is left, now. */
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
    tell();
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

/** The batch's progress from its photos'. `known` is the sum of bytes when the whole input is known, else 0. */
export class BatchMeter {
  readonly #meters: PhotoMeter[] = [];
  readonly #known: number;
  readonly #count: number;
  #fraction = 0;
  #bytes = 0;

  constructor(known: number, count: number) {
    this.#known = known;
    this.#count = count;
  }

  add(bytes: number): PhotoMeter {
    const meter = new PhotoMeter(bytes);
    this.#meters.push(meter);
    return meter;
  }

  get view(): BatchProgress {
    const photos = this.#meters.map((meter) => meter.view);
    const sum = (of: (photo: PhotoProgress) => number): number => photos.reduce((all, photo) => all + of(photo), 0);
    const ended = (state: PhotoProgress['state']): number => sum((photo) => Number(photo.state === state));
    const accepted = ended('accepted');
    const rejected = ended('rejected') + ended('cancelled');
    const total = Math.max(this.#count, photos.length);
    const bytesTotal = Math.max(this.#known, sum((photo) => photo.bytesTotal));
    this.#bytes = Math.max(this.#bytes, sum((photo) => photo.bytesDone));
    const exact = accepted + rejected === total ? 1 : bytesTotal ? this.#bytes / bytesTotal : 0;
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
