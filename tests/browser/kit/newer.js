// Takes away what the oldest browsers named in wasm/README.md (Chrome 100, Firefox 114, Safari 16.4) do not all have, as far
// as a script can: the script runs in the page, and again at the head of a worker.
{
  const newer = {
    'AbortSignal': ['any'],
    'Array': ['fromAsync'],
    'Array.prototype': ['toReversed', 'toSorted', 'toSpliced', 'with'],
    'ArrayBuffer.prototype': ['transfer', 'transferToFixedLength'],
    'Blob.prototype': ['bytes'],
    'Math': ['sumPrecise', 'f16round'],
    'Map': ['groupBy'],
    'Object': ['groupBy'],
    'Promise': ['try', 'withResolvers'],
    'ReadableStream': ['from'],
    'ReadableStream.prototype': ['values', Symbol.asyncIterator],
    'Response.prototype': ['bytes'],
    'Set.prototype': ['difference', 'intersection', 'isDisjointFrom', 'isSubsetOf', 'isSupersetOf', 'symmetricDifference', 'union'],
    'String.prototype': ['isWellFormed', 'toWellFormed'],
    'Uint8Array': ['fromBase64', 'fromHex'],
    'Uint8Array.prototype': ['setFromBase64', 'toBase64', 'toHex', 'toReversed', 'toSorted', 'with'],
    'URL': ['canParse', 'parse'],
    'WebAssembly': ['Suspending', 'promising'],
    'globalThis': ['Iterator', 'requestIdleCallback', 'scheduler'],
  };
  for (const [path, names] of Object.entries(newer)) {
    const owner = path.split('.').reduce((object, name) => object?.[name], globalThis);
    if (owner) for (const name of names) delete owner[name];
  }
}
