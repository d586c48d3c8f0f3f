/** Chance that can be played again: mulberry32. @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** A whole number from `low` to `high`, both included. */
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    fork: (number) => chance((seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0),
  };
}

/** Time that does not wait: sleeping adds to it and takes at most a few real milliseconds. */
export function virtualClock(random = Math.random) {
  let passed = 0;
  return {
    now: () => Date.now() + passed,
    random,
    /** Milliseconds that were slept through. */
    get slept() {
      return passed;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      passed += ms;
      await new Promise((resolve) => setTimeout(resolve, Math.min(ms / 500, 5)));
      signal?.throwIfAborted();
    },
  };
}
