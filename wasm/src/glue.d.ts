/** The Emscripten glue, `build/wasm/photo-core.mjs`; the build script bundles it into the worker. */
declare module '#glue' {
  const createRawModule: import('./raw.js').CreateRawModule;
  export default createRawModule;
}
