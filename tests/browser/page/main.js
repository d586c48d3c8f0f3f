// The page of the browser tests. Each test is a function that answers plain data; a driver calls it by name.
import { createPhotoCore, isPhotoError, thumbHashToPixels } from '/photo-core/index.js';

const violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(`${event.effectiveDirective} ${event.blockedURI}`));

/** Every worker that the package starts, with the heap that it last told. */
const workers = [];
let heard = () => {};
const PlainWorker = globalThis.Worker;
if (PlainWorker) globalThis.Worker = class extends PlainWorker {
  constructor(...args) {
    super(...args);
    this.heaps = [];
    this.addEventListener('message', ({ data }) => {
      if (data.heapBytes) this.heaps.push(data.heapBytes);
      // Before the package hears it: what a test does here, it does in the middle of that step.
      heard(data);
    });
    workers.push(this);
  }
  terminate() {
    this.ended = true;
    super.terminate();
  }
};

const photo = async (number, name = `photo-${number}.jpg`) =>
  new File([await (await fetch(`/photo-${number}.jpg`)).blob()], name, { type: 'image/jpeg' });
/** A picture of 12 megapixels with much in it. */
function crowded(type) {
  const canvas = new OffscreenCanvas(4000, 3000);
  const context = canvas.getContext('2d');
  for (let n = 0; n < 40_000; n++) {
    context.fillStyle = `rgb(${(n * 37) % 256} ${(n * 91) % 256} ${(n * 53) % 256})`;
    context.fillRect((n * 997) % 4000, (n * 1409) % 3000, 23, 17);
  }
  return canvas.convertToBlob({ type });
}
const sha256 = async (blob) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())), (byte) => byte.toString(16).padStart(2, '0')).join('');
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
    const photos = [];
    for await (const result of core.prepareAll(files, { onProgress })) {
      if (result.ok) photos.push(result.photo);
      seen.push(result.ok ? `${result.index} ${result.photo.width}x${result.photo.height} ${result.photo.photo.type}` : `${result.index} ${result.error.code} ${result.error.detail}`);
    }
    const ms = Math.round(performance.now() - start);
    core.close();
    // The bytes outlive the workers that made them.
    const lost = (await Promise.all(photos.map(async ({ photo, photoSha256 }) => (await sha256(photo)) !== photoSha256))).filter(Boolean).length;
    const heap = Math.max(...workers.flatMap((one) => one.heaps));
    return { seen, lost, ms, backwards, fraction: last, workers: workers.length, heap, violations };
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
    // Two at once need the one in the dead one's place.
    const after = await Promise.all([core.prepare(files[0]), core.prepare(files[1])]);
    const alive = workers.map((one) => !one.ended);
    core.close();
    return { codes, after: after.map(({ width }) => width), first: alive[0], alive: alive.filter(Boolean).length };
  },

  /** An abort in the middle of each step, as the worker tells it: how long the call took to end, and who works on. */
  async abort(steps) {
    const file = await photo(1);
    const core = await createPhotoCore({ workers: 1 });
    const tries = [];
    for (const step of steps) {
      const stop = new AbortController();
      let aborted = 0;
      const started = workers.length;
      heard = ({ photoCore, step: told }) => {
        if (aborted || (step === 'start' ? photoCore !== 'ready' : told !== step)) return;
        aborted = performance.now();
        stop.abort();
      };
      // Under a narrow limit the photo is encoded after its decode, not with it: then both are steps of their own.
      const call = core.prepare(file, { maxBytes: 400_000, keepOriginal: 'never', signal: stop.signal, onProgress() {} });
      if (step === 'at once') {
        aborted = performance.now();
        stop.abort();
      }
      const code = await call.then(() => 'ok', (error) => error.code);
      const ms = performance.now() - aborted;
      heard = () => {};
      tries.push({ step, code, ms, alive: workers.filter((one) => !one.ended).length, started: workers.length - started });
    }
    const after = await core.prepare(file);
    // One that waits behind another ends without disturbing it.
    const stop = new AbortController();
    heard = ({ step }) => step === 'decode' && stop.abort();
    const [first, waiting] = await Promise.all([
      core.prepare(file, { keepOriginal: 'never', onProgress() {} }).then(() => 'ok', (error) => error.code),
      core.prepare(file, { signal: stop.signal }).then(() => 'ok', (error) => error.code),
    ]);
    heard = () => {};
    const alive = workers.filter((one) => !one.ended).length;
    core.close();
    return { tries, after: after.width, first, waiting, alive };
  },

  /** Starts on a picture that takes long, and aborts it at the first word of `step`. */
  async abortLong(step, options) {
    const file = await crowded('image/png');
    const core = await createPhotoCore({ workers: 1 });
    const stop = new AbortController();
    heard = (told) => told.step === step && stop.abort();
    const code = await core.prepare(file, { maxEdge: 4000, ...options, signal: stop.signal, onProgress() {} }).then(() => 'ok', (error) => error.code);
    heard = () => {};
    return { code };
  },

  /** How often this thread looks up while it encodes a photo in one piece itself, for each of `list`. */
  async turns(list) {
    const core = await createPhotoCore({ workers: 0 });
    const file = await crowded('image/jpeg');
    const counted = [];
    for (const options of list) {
      let turns = 0;
      let encoding = false;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        turns += Number(encoding);
        port2.postMessage(null);
      };
      port2.postMessage(null);
      const onProgress = ({ step }) => (encoding = step === 'encode');
      const { mimeType } = await core.prepare(file, { maxEdge: 4000, keepOriginal: 'never', thumbnail: false, onProgress, ...options });
      port1.close();
      counted.push({ mimeType, turns });
    }
    core.close();
    return { counted, suspends: 'Suspending' in WebAssembly };
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

  /** A batch, a row and a placeholder, and an abort: what a browser must be able to do. */
  async whole(options) {
    const core = await createPhotoCore(options);
    const seen = [];
    let last;
    for await (const result of core.prepareAll([await photo(5), await photo(6)])) {
      last = result.photo;
      seen.push(result.ok ? `${last.width} ${last.mimeType}` : result.error.code);
    }
    const row = await core.photoPayload(last, {
      projectId: '6f1f3c2e-7a40-4f0e-9d5b-0c2f6b1c8a11',
      fileUrl: '6f1f3c2e-7a40-4f0e-9d5b-0c2f6b1c8a12/6f1f3c2e-7a40-4f0e-9d5b-0c2f6b1c8a11/a.jpg',
      sortOrder: 0,
    });
    const stop = new AbortController();
    const stopped = core.prepare(await photo(5), { signal: stop.signal }).catch(({ code }) => code);
    stop.abort();
    seen.push(await stopped);
    const { width } = await thumbHashToPixels(last.thumbhash);
    core.close();
    return { seen, row: row.metadata.sha256 === last.sha256, placeholder: width };
  },

  /** Pictures that only the browser can decode, in a worker and on this thread: their sizes and corners. */
  async foreign(list) {
    const seen = [];
    for (const count of [1, 0]) {
      const core = await createPhotoCore({ workers: count });
      for (const base64 of list) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        seen.push(await core.prepare(bytes, { format: 'png', keepOriginal: 'never' }).then(look, failed));
      }
      core.close();
    }
    return seen;
  },

  /** The same with other options, and with a scripted decoder in the worker's place or on this thread. */
  async foreignOptions(base64, options, coreOptions, script = '', name = '') {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    if (script) await import(script);
    const core = await createPhotoCore({ workers: 1, ...coreOptions });
    const made = await core.prepare(name ? new File([bytes], name, { type: 'image/jpeg' }) : bytes, options).then(
      ({ width, height, mimeType, decodedBy, source, warnings, capture }) => ({ width, height, mimeType, decodedBy, source, warnings, capture }),
      failed,
    );
    const after = await core.prepare(await photo(5), { maxEdge: 100 }).then(({ width }) => width, ({ code }) => code);
    core.close();
    return { made, after, started: workers.length };
  },

  /** Twenty photos, while the browser notes every time that the page could not answer for more than 50 ms. */
  async longTasks() {
    const files = await Promise.all(Array.from({ length: 20 }, (_, n) => photo(1 + (n % 4), `${n}.jpg`)));
    const core = await createPhotoCore({ workers: 2 });
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))));
    observer.observe({ type: 'longtask' });
    let told = 0;
    let frames = 0;
    const count = () => (frames++, requestAnimationFrame(count));
    requestAnimationFrame(count);
    let accepted = 0;
    for await (const result of core.prepareAll(files, { onProgress: () => told++ })) accepted += Number(result.ok);
    await sleep(100);
    observer.disconnect();
    core.close();
    return { accepted, tasks, told, frames };
  },
};

/** Size and corners of a prepared picture: R, G, B, W. */
async function look({ photo: blob, decodedBy, source }) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const corner = (x, y) => {
    const [red, green, blue] = context.getImageData(x, y, 1, 1).data;
    return red > 128 ? (green > 128 ? 'W' : 'R') : green > 128 ? 'G' : blue > 128 ? 'B' : '?';
  };
  const [right, low] = [width - 3, height - 3];
  const corners = `${corner(2, 2)}${corner(right, 2)} ${corner(2, low)}${corner(right, low)}`;
  return { seen: `${width}x${height} ${corners}`, decodedBy, source: `${source.format} ${source.width}x${source.height}` };
}

/** Runs a test and keeps its answer where a driver without promises can look for it. */
globalThis.runTest = (name, ...args) => {
  document.documentElement.dataset.done = '';
  return tests[name](...args).then(
    (value) => JSON.stringify(value),
    (error) => JSON.stringify({ crashed: String(error), stack: error.stack }),
  ).then((text) => (document.documentElement.dataset.done = text));
};
document.documentElement.dataset.ready = 'yes';
