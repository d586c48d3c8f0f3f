// A stand-in for the compiled core, scripted by its source: the bytes are JSON text that say what happens.
//   { "ms": 20, "error": "corrupt_image", "trap": true | "once", "heap": 1000, "width": 40 }
// It lets the pool, the batch and the package be tested for what the real core does only rarely.
const spin = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

const scriptOf = (bytes) => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return { error: 'unsupported_type', detail: 'text' };
  }
};

/** 16 digits that differ widely for different scripts. */
const dhashOf = (bytes) => {
  let state = 1n;
  for (const byte of bytes) state = ((state ^ BigInt(byte)) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  return ((state ^ (state >> 31n)) & 0xffffffffffffffffn).toString(16).padStart(16, '0');
};

const facts = ({ width = 40, height = 30, model = 'fake' }) => ({
  format: 'jpeg', mimeType: 'image/jpeg', width, height, orientation: 1, bits: 8, hasAlpha: false, frames: 1,
  progressive: false, profile: '', gainMap: false, capture: { model, focalLength35Mm: 28 }, warnings: [],
  heapBytes: 1000,
});

const refused = ({ error, detail = '', limit, actual }) => ({
  ok: false, code: error, detail, ...(limit === undefined ? {} : { limit, actual }),
});

const issue = (path, code, more = {}) => JSON.stringify({ ok: false, issues: [{ path, code, message: code, ...more }] });

export default async function createModule({ instantiateWasm }) {
  await new Promise((resolve) => instantiateWasm({}, resolve));
  const sources = new Map();
  let heap = 1000;
  let next = 1;
  let begun;
  return {
    createSource(size) {
      sources.set(next, new Uint8Array(size));
      return next++;
    },
    sourceView: (address) => sources.get(address),
    freeSource: (address) => sources.delete(address),
    probe(address) {
      const script = scriptOf(sources.get(address));
      return script.error ? refused(script) : { ok: true, ...facts(script) };
    },
    begin(address, size, options, onProgress) {
      begun = { address, options, onProgress, looks: 2 };
      return 1;
    },
    // As the core does when its time is up; one that is to be stopped would go on for long.
    advance() {
      if (scriptOf(sources.get(begun.address)).abort && begun.looks > -500) {
        globalThis.photoCoreAtWork?.();
        begun.onProgress?.('decode', 0, 1);
        return Number(begun.looks-- < 3);
      }
      return Number(begun.looks-- > 0);
    },
    take(preparation, keep) {
      const { address, options, onProgress } = begun;
      const script = scriptOf(sources.get(address));
      heap = script.heap ?? heap;
      for (let step = 0; step < 10; step++) {
        onProgress?.('decode', step, 10);
        spin((script.ms ?? 0) / 10);
      }
      if (script.trap === 'once' ? !globalThis.photoCoreTrapped : script.trap) {
        globalThis.photoCoreTrapped = true; // of this thread
        throw new WebAssembly.RuntimeError('unreachable');
      }
      if (script.exit) process.exit(3);
      if (script.hang) for (;;);
      if (script.error) return refused(script);
      onProgress?.('encode', 0, 1);
      const mimeType = options.format === 'webp' ? 'image/webp' : 'image/jpeg';
      const bytes = new TextEncoder().encode(JSON.stringify({ ...script, options }));
      const image = (width) => ({ blob: keep(bytes, mimeType), mimeType, width, height: width });
      const source = facts(script);
      return {
        ok: true, photo: image(options.maxEdge), thumbnails: options.thumbnails.map(({ maxEdge }) => image(maxEdge)),
        dhash: script.dhash ?? dhashOf(sources.get(address)), thumbhash: new Uint8Array([1, 2, 3, 4, 5, 6]), passedThrough: false, source,
        capture: source.capture, warnings: [], timings: { decode: script.ms ?? 0 },
      };
    },
    sha256: () => 'f'.repeat(64),
    checkPayload(table, json) {
      let draft;
      try {
        draft = JSON.parse(json);
      } catch {
        return issue('', 'invalid_json');
      }
      if (typeof draft.title_i18n === 'number') return issue('/title_i18n', 'wrong_type', { found: 'object' });
      return JSON.stringify({ ok: true, payload: draft, issues: [] });
    },
    heapBytes: () => heap,
  };
}
