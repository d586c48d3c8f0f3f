// Our package as its users have it, on the calling thread.
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dist } from '../kit/paths.mjs';
import { our_options, photo_edge } from '../kit/task.mjs';

// The package does not show its memory: the instance is caught as it is made.
let memory;
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...args) => {
  const made = await instantiate(...args);
  const { exports } = made.instance ?? made;
  memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory) ?? memory;
  return made;
};

export async function open() {
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  const core = await createPhotoCore({ workers: 0 });
  const { version } = JSON.parse(readFileSync(path.join(dist, '../package.json'), 'utf8'));
  return {
    version,
    run: (bytes, options = {}) => core.prepare(bytes, { ...our_options, ...options }),
    /** The resized pixels, without loss, in the colours that they had. */
    async resized(bytes) {
      const { photo } = await core.prepare(bytes, { maxEdge: photo_edge, format: 'png', thumbnail: false, keepOriginal: 'never', color: 'keep' });
      return new Uint8Array(await photo.arrayBuffer());
    },
    /** WebAssembly memory after one photo in a new instance. */
    async heapBytes(bytes, options = {}) {
      const fresh = await createPhotoCore({ workers: 0 });
      await fresh.prepare(bytes, { ...our_options, ...options });
      fresh.close();
      return memory.buffer.byteLength;
    },
  };
}
