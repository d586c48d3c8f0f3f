// Given to the linker with --js-library: how the core's work is suspended, and smaller versions of Embind's glue
// functions, a tenth of the shim's size.
// The surface has no overloads, no wide strings, and no types that could be unbound; text is UTF-8.
addToLibrary({
  // `advance`, and the turn of the event loop in the middle of it. Where WebAssembly can be suspended both are of that
  // kind and `advance` gives a promise; elsewhere a call of the core is never interrupted.
  photo_core_expose: (advance) => {
    const call = wasmTable.get(advance);
    Module['advance'] = WebAssembly.Suspending ? WebAssembly.promising(call) : call;
  },
  photo_core_expose__deps: ['$wasmTable'],
  photo_core_turn: "=WebAssembly.Suspending ? new WebAssembly.Suspending(() => Module['turn']()) : () => {}",

  _embind_register_std_wstring: () => {},
  _embind_register_std_wstring__deps: [],

  $throwBindingError: (message) => {
    throw new Error(message);
  },
  $throwBindingError__deps: [],
  $throwInternalError: (message) => {
    throw new Error(message);
  },
  $throwInternalError__deps: [],
  $throwUnboundTypeError: (message) => {
    throw new Error(message);
  },
  $throwUnboundTypeError__deps: [],

  $exposePublicSymbol: (name, value) => {
    Module[name] = value;
  },
  $exposePublicSymbol__deps: [],
  $replacePublicSymbol: (name, value) => {
    Module[name] = value;
  },
  $replacePublicSymbol__deps: [],

  $readLatin1String: (pointer) => {
    let text = '';
    while (HEAPU8[pointer]) text += String.fromCharCode(HEAPU8[pointer++]);
    return text;
  },
  $readLatin1String__deps: [],

  _embind_register_std_string: (rawType, name) => {
    registerType(rawType, {
      name: readLatin1String(name),
      fromWireType(value) {
        const text = new TextDecoder().decode(HEAPU8.subarray(value + 4, value + 4 + HEAPU32[value >> 2]));
        _free(value);
        return text;
      },
      toWireType(destructors, value) {
        const bytes = new TextEncoder().encode(value);
        const base = _malloc(4 + bytes.length + 1);
        HEAPU32[base >> 2] = bytes.length;
        HEAPU8.set(bytes, base + 4);
        HEAPU8[base + 4 + bytes.length] = 0;
        destructors?.push(_free, base);
        return base;
      },
      argPackAdvance: 8,
      readValueFromPointer: readPointer,
      destructorFunction: (pointer) => _free(pointer),
    });
  },
  _embind_register_std_string__deps: ['$readLatin1String', '$registerType', '$readPointer', 'malloc', 'free'],
});
