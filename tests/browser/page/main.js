// The page of the browser tests. Each test is a function that answers plain data; a driver calls it by name.
import { createPhotoCore, isPhotoError } from '/photo-core/index.js';

const violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(`${event.effectiveDirective} ${event.blockedURI}`));

/** Every worker that the package starts, with the heap that it last told. */
const workers = [];
const PlainWorker = Worker;
globalThis.Worker = class extends PlainWorker {
  constructor(...args) {
    super(...args);
    this.heaps = [];
    this.addEventListener('message', ({ data }) => data.heapBytes && this.heaps.push(data.heapBytes));
    workers.push(this);
  }
  terminate() {
    this.ended = true;
    super.terminate();
  }
};

const photo = async (number, name = `photo-${number}.jpg`) =>
  new File([await (await fetch(`/photo-${number}.jpg`)).blob()], name, { type: 'image/jpeg' });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const failed = (error) => (isPhotoError(error) ? { ...error.toJSON(), kind: error.kind } : { message: String(error) });

const tests = {
  /** Twenty photos of 12 megapixels, as a person picks them. */
  async twenty() {
    const files = await Promise.all(Array.from({ length: 20 }, (_, n) => photo(1 + (n % 4), `${n}.jpg`)));
    const core = await createPhotoCore();
    const start = performance.now();
    const seen = [];
    let backwards = 0;
    let last = 0;
    const onProgress = ({ fraction }) => {
      if (fraction < last) backwards++;
      last = fraction;
    };
    for await (const result of core.prepareAll(files, { onProgress })) {
      seen.push(result.ok ? `${result.index} ${result.photo.width}x${result.photo.height} ${result.photo.photo.type}` : `${result.index} ${result.error.code} ${result.error.detail}`);
    }
    const ms = Math.round(performance.now() - start);
    core.close();
    const heap = Math.max(...workers.flatMap((one) => one.heaps));
    return { seen, ms, backwards, fraction: last, workers: workers.length, heap, violations };
  },

  /** One worker is ended behind the pool's back while twenty photos are at work. */
  async kill() {
    const files = await Promise.all(Array.from({ length: 20 }, (_, n) => photo(1 + (n % 4), `${n}.jpg`)));
    const core = await createPhotoCore({ workers: 2 });
    const codes = [];
    for await (const result of core.prepareAll(files)) {
      codes.push(result.ok ? 'ok' : result.error.code);
      if (codes.length === 6) PlainWorker.prototype.terminate.call(workers[0]);
    }
    const after = await core.prepare(files[0]);
    core.close();
    return { codes, after: after.width, started: workers.length };
  },

  /** Aborts after each of many delays: how long the call took to end, and whether the pool works on. */
  async abort() {
    const file = await photo(1);
    const core = await createPhotoCore({ workers: 1 });
    await core.prepare(file, { signal: new AbortController().signal });
    const tries = [];
    for (const delay of [0, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200]) {
      const stop = new AbortController();
      let step = 'waiting';
      const run = core
        .prepare(file, { signal: stop.signal, keepOriginal: 'never', onProgress: (now) => (step = now.step ?? step) })
        .then(() => 'ok', (error) => error.code);
      await sleep(delay);
      const start = performance.now();
      stop.abort();
      const code = await run;
      tries.push({ delay, step, code, ms: performance.now() - start });
    }
    const after = await core.prepare(file);
    const alive = workers.filter((one) => !one.ended).length;
    core.close();
    return { tries, after: after.width, alive };
  },

  /** Two hundred photos in one worker: its heap after each. */
  async flat() {
    const files = await Promise.all([5, 6].map((n) => photo(n)));
    const core = await createPhotoCore({ workers: 1 });
    for (let n = 0; n < 200; n++) await core.prepare(files[n % 2], { keepOriginal: 'never' });
    core.close();
    return { heaps: workers[0].heaps, started: workers.length };
  },

  /** What a page sees when a file of the package is missing, blocked or elsewhere. */
  async missing(options) {
    try {
      const core = await createPhotoCore({ workers: 1, ...options });
      const made = await core.prepare(await photo(5));
      core.close();
      return { width: made.width };
    } catch (error) {
      return failed(error);
    }
  },

  /** A picture that only the browser can decode. */
  async foreign(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const core = await createPhotoCore({ workers: 1 });
    const answer = async (options) => {
      try {
        const { width, height, mimeType, decodedBy, source } = await core.prepare(bytes, options);
        return { width, height, mimeType, decodedBy, format: source.format, sourceWidth: source.width };
      } catch (error) {
        return failed(error);
      }
    };
    const answers = [await answer({}), await answer({ browserDecode: 'never' })];
    core.close();
    return answers;
  },
};

/** Runs a test and keeps its answer where a driver without promises can look for it. */
globalThis.runTest = (name, ...args) => {
  document.documentElement.dataset.done = '';
  return tests[name](...args).then(
    (value) => JSON.stringify(value),
    (error) => JSON.stringify({ crashed: String(error), stack: error.stack }),
  ).then((text) => (document.documentElement.dataset.done = text));
};
document.documentElement.dataset.ready = 'yes';
