// The contenders in a page. Node calls `bench.run(name, photo)` and `bench.batch(name, workers, photos)`.
import { createPhotoCore } from './photo-core/index.js';
import Pica from './pica/pica.mjs';
import imageCompression from './browser-image-compression/browser-image-compression.mjs';
import { inside, photoEdge, photoQuality, thumbnailEdge, thumbnailQuality } from './task.js';

const ourOptions = {
  maxEdge: photoEdge,
  quality: photoQuality * 100,
  format: 'jpeg',
  thumbnail: { maxEdge: thumbnailEdge, format: 'jpeg', quality: thumbnailQuality * 100 },
  keepOriginal: 'never',
};

const files = new Map();
async function fileOf(name) {
  if (!files.has(name)) {
    const bytes = await (await fetch(`./photos/${name}`)).arrayBuffer();
    files.set(name, new File([bytes], name, { type: 'image/jpeg' }));
  }
  return files.get(name);
}

class CanvasWorker {
  #worker = new Worker('./canvas_worker.js', { type: 'module' });
  make(file) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = reject;
      this.#worker.postMessage(file);
    });
  }
  close() {
    this.#worker.terminate();
  }
}

const core = await createPhotoCore({ workers: 1 });
const canvasWorker = new CanvasWorker();
const pica = new Pica({ concurrency: 1 });

/** pica scales between canvases: photo, then thumbnail from the photo. */
async function scaledByPica(from, edge) {
  const to = document.createElement('canvas');
  [to.width, to.height] = inside(from, edge);
  return pica.resize(from, to);
}

const contenders = {
  ours: (file) => core.prepare(file, ourOptions),
  canvas: (file) => canvasWorker.make(file),
  async pica(file) {
    const picture = await createImageBitmap(file);
    const canvas = await scaledByPica(picture, photoEdge);
    picture.close();
    const photo = await pica.toBlob(canvas, 'image/jpeg', photoQuality);
    const thumbnail = await pica.toBlob(await scaledByPica(canvas, thumbnailEdge), 'image/jpeg', thumbnailQuality);
    return { photo, thumbnail };
  },
  // On the page's thread: its worker would start anew for every photo.
  async 'browser-image-compression'(file) {
    const settings = { useWebWorker: false, fileType: 'image/jpeg', maxIteration: 1 };
    const photo = await imageCompression(file, { ...settings, maxWidthOrHeight: photoEdge, initialQuality: photoQuality });
    const thumbnail = await imageCompression(photo, { ...settings, maxWidthOrHeight: thumbnailEdge, initialQuality: thumbnailQuality });
    return { photo, thumbnail };
  },
};

const base64 = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

const pools = {};
const poolOf = (workers) => (pools[workers] ??= createPhotoCore({ workers }));
const canvasPools = {};

globalThis.bench = {
  async run(name, photo, keep) {
    const file = await fileOf(photo);
    const started = performance.now();
    const made = await contenders[name](file);
    const elapsed = performance.now() - started;
    return {
      ms: elapsed,
      timings: made.timings,
      photoBytes: made.photo.size,
      thumbnailBytes: made.thumbnail.size,
      image: keep ? await base64(made.photo) : undefined,
    };
  },

  /** All of `photos` in `workers` workers that are started and warm: milliseconds, and each photo's own. */
  async batch(name, workers, photos) {
    const batch = await Promise.all(photos.map(fileOf));
    const photoMs = [];
    if (name === 'ours') {
      const own = await poolOf(workers);
      await Promise.all(Array.from({ length: workers }, () => own.prepare(batch[0], ourOptions)));
      const started = performance.now();
      for await (const result of own.prepareAll(batch, ourOptions)) {
        if (!result.ok) throw result.error;
        photoMs.push(result.photo.timings.total);
      }
      return { ms: performance.now() - started, photoMs };
    }
    const pool = (canvasPools[workers] ??= Array.from({ length: workers }, () => new CanvasWorker()));
    await Promise.all(pool.map((worker) => worker.make(batch[0])));
    const started = performance.now();
    let next = 0;
    await Promise.all(
      pool.map(async (worker) => {
        while (next < batch.length) {
          const index = next++;
          const before = performance.now();
          await worker.make(batch[index]);
          photoMs[index] = performance.now() - before;
        }
      }),
    );
    return { ms: performance.now() - started, photoMs };
  },
};
globalThis.benchReady = true;
