// The same sharp on its WebAssembly library: the native ones are hidden from its loader.
import Module from 'node:module';
import { open as openSharp } from './sharp.mjs';

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...more) {
  if (/^@img\/sharp-(?!wasm32).*\/sharp\.node$/.test(request)) {
    throw Object.assign(new Error(`${request} is hidden`), { code: 'MODULE_NOT_FOUND' });
  }
  return resolve.call(this, request, ...more);
};

export const open = openSharp;
