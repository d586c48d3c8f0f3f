// A decoder that never settles, and a clock that does not make the test wait for it. Loaded before the worker's own script,
// or by the page.
globalThis.createImageBitmap = () => new Promise(() => {});
const { setTimeout: plain } = globalThis;
globalThis.setTimeout = (call, ms, ...rest) => plain(call, ms === 10_000 ? 0 : ms, ...rest);
