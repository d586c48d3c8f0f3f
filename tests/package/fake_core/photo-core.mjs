// A stand-in for the compiled core, scripted by its source: the bytes are JSON text that say what happens.
//   { "ms": 20, "error": "corrupt_image", "trap": true, "heap": 1000, "width": 40 }
// It lets the pool, the batch and the package be tested for what the real core does only rarely.
const spin = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

class Source {
  constructor(module, size) {
    this.module = module;
    this.bytes = new Uint8Array(size);
  }
  view() {
    return this.bytes;
  }
  script() {
    try {
      return JSON.parse(new TextDecoder().decode(this.bytes));
    } catch {
      return { error: 'unsupported_type', detail: 'text' };
    }
  }
  facts(script) {
    const { width = 40, height = 30 } = script;
    return {
      format: 'jpeg', mimeType: 'image/jpeg', width, height, orientation: 1, bits: 8, hasAlpha: false, frames: 1,
      progressive: false, profile: '', gainMap: false, capture: { model: script.model ?? 'fake', focalLength35Mm: 28 },
      warnings: [], heapBytes: 1000,
    };
  }
  refused({ error, detail = '', limit, actual }) {
    return { ok: false, code: error, detail, ...(limit === undefined ? {} : { limit, actual }) };
  }
  probe() {
    const script = this.script();
    return script.error ? this.refused(script) : { ok: true, ...this.facts(script) };
  }
  prepare(options, onProgress) {
    const script = this.script();
    this.module.heap = script.heap ?? this.module.heap;
    for (let step = 0; step < 10; step++) {
      onProgress?.('decode', step, 10);
      spin((script.ms ?? 0) / 10);
    }
    if (script.trap) throw new WebAssembly.RuntimeError('unreachable');
    if (script.error) return this.refused(script);
    onProgress?.('encode', 0, 1);
    const image = (width) => ({
      bytes: new TextEncoder().encode(JSON.stringify({ ...script, options })),
      mimeType: options.format === 'webp' ? 'image/webp' : 'image/jpeg', width, height: width,
    });
    const source = this.facts(script);
    return {
      ok: true, photo: image(options.maxEdge), thumbnails: options.thumbnails.map(({ maxEdge }) => image(maxEdge)),
      dhash: '0123456789abcdef', thumbhash: new Uint8Array([1, 2, 3, 4, 5, 6]), passedThrough: false, source,
      capture: source.capture, warnings: [], timings: { decode: script.ms ?? 0 },
    };
  }
  sha256() {
    return 'f'.repeat(64);
  }
  delete() {}
}

export default async function createModule({ instantiateWasm }) {
  await new Promise((resolve) => instantiateWasm({}, resolve));
  const module = {
    heap: 1000,
    createSource: (size) => new Source(module, size),
    checkPayload(table, json) {
      const issue = (path, code) => JSON.stringify({ ok: false, issues: [{ path, code, message: code }] });
      let draft;
      try {
        draft = JSON.parse(json);
      } catch {
        return issue('', 'invalid_json');
      }
      if (typeof draft.title_i18n === 'number') return issue('/title_i18n', 'wrong_type');
      return JSON.stringify({ ok: true, payload: draft });
    },
    heapBytes: () => module.heap,
    versions: () => JSON.stringify({ zlib: '1.2.13' }),
  };
  return module;
}
