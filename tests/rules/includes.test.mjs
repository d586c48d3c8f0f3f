// The include table: who may include whom. Any other #include fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { files, read } from './repository.mjs';

// From the ground up. `rooms`: the core's own folders that a room may include, besides itself.
// `outside`: libraries, each with the files that may name it (one place per library, where it can be).
const table = {
  public: { path: 'core/include/photo_core/', rooms: ['public'], outside: {} },
  base: { path: 'core/src/base/', rooms: ['public'], outside: { intrinsics: /\/simd\w*\.hpp$/ } },
  image: { path: 'core/src/image/', rooms: ['public', 'base'], outside: {} },
  metadata: { path: 'core/src/metadata/', rooms: ['public', 'base', 'image'], outside: { zlib: /\/zlib_stream\.cpp$/ } },
  codec: {
    path: 'core/src/codec/',
    rooms: ['public', 'base', 'image', 'metadata'],
    outside: {
      'libjpeg-turbo': /\/jpeg_(library|inverse|scans?|tokens)\.(h|c)pp$/,
      libwebp: /\/webp_\w+\.cpp$/,
      zlib: /\/png_\w+\.cpp$|\/png_(image_data|deflater)\.hpp$/,
      intrinsics: /\/(png|webp)_\w+\.cpp$|\/jpeg_vectors\.hpp$/,
    },
  },
  photo: { path: 'core/src/photo/', rooms: ['public', 'base', 'image', 'metadata', 'codec'], outside: {} },
  payload: { path: 'core/src/payload/', rooms: ['public', 'base'], outside: { simdjson: /\.(c|h)pp$/ } },
  bindings: { path: 'bindings/', rooms: ['public'], outside: { emscripten: /\.(c|h)pp$/ } },
};

// How a library's headers are told from the standard's.
const libraries = [
  ['libjpeg-turbo', /^(jpeglib|jerror|jmorecfg|jinclude|jdct|jsimd|jsimddct|jpegint|jpegcomp|jdmaster|jconfig\w*)\.h$/],
  ['libwebp', /^(webp\/|src\/(webp|dec|enc|dsp|utils|demux)\/|sharpyuv\/)/],
  ['zlib', /^zlib\.h$/],
  ['lcms2', /^lcms2\w*\.h$/],
  ['simdjson', /^simdjson(\.h|\/)/],
  ['emscripten', /^emscripten(\.h|\/)/],
  ['intrinsics', /^(wasm_simd128|[a-z]mmintrin|immintrin|arm_neon)\.h$/],
];

// The standard library without streams, files, clocks, threads and globals: the core has none of them.
const refused = new Set(['iostream', 'fstream', 'cstdio', 'stdio.h', 'filesystem', 'thread', 'mutex', 'chrono', 'ctime',
  'time.h', 'random', 'locale', 'regex', 'future', 'stdexcept', 'exception', 'sstream', 'print']);
const refusedExceptions = [
  // jpeglib.h needs FILE declared before it.
  ['core/src/codec/jpeg_library.hpp', 'cstdio'],
  ['core/src/codec/jpeg_library.hpp', 'stdio.h'],
];

const ownFiles = files('core/include', 'core/src', 'bindings').filter((path) => /\.(c|h|cpp|hpp)$/.test(path));

function roomOf(path) {
  return Object.entries(table).find(([, room]) => path.startsWith(room.path))?.[0];
}

/** codec/png_decoder.cpp and codec/png_rows.hpp are one family, "png". */
function family(path) {
  return path.split('/').at(-1).replace(/\.\w+$/, '').split('_')[0];
}

function problem(path, line) {
  const match = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line);
  if (match === null) return null;
  const [, bracket, header] = match;
  const room = roomOf(path);
  if (room === undefined) return `is in no room of the table`;
  const { rooms, outside } = table[room];

  const library = libraries.find(([, pattern]) => pattern.test(header))?.[0];
  if (library !== undefined) {
    const allowed = outside[library];
    if (allowed === undefined) return `${room} may not include ${library} (${header})`;
    return allowed.test(path) ? null : `${header}: ${library} is for other files of ${room}`;
  }
  if (header.startsWith('photo_core/')) {
    return rooms.includes('public') ? null : `${room} may not include the public headers`;
  }
  if (bracket === '<') {
    if (refused.has(header) && !refusedExceptions.some(([file, name]) => file === path && name === header)) {
      return `<${header}>: the core has no streams, files, clocks, threads or exceptions`;
    }
    return /^[a-z_0-9]+(\.h)?$/.test(header) ? null : `unknown header <${header}>`;
  }
  const other = roomOf(`core/src/${header}`);
  if (other === undefined) return `"${header}" must be written from core/src`;
  if (other !== room && !rooms.includes(other)) return `${room} may not include ${other} ("${header}")`;
  if (room === 'codec' && other === 'codec') {
    const shapes = ['decoder', 'encoder'];
    if (family(header) !== family(path) && !shapes.includes(family(header))) {
      return `codec files are leaves: "${header}" is another one's`;
    }
  }
  return null;
}

test('every #include of the core and the bindings is in the table', () => {
  assert.ok(ownFiles.length > 10, 'the core has files');
  const problems = [];
  for (const path of ownFiles) {
    for (const [index, line] of read(path).split('\n').entries()) {
      const found = problem(path, line);
      if (found !== null) problems.push(`${path}:${index + 1}: ${found}`);
    }
  }
  assert.deepEqual(problems, []);
});

test('the table refuses what it should', () => {
  assert.match(problem('core/src/base/bytes.hpp', '#include "image/planes.hpp"'), /base may not include image/);
  assert.match(problem('core/src/codec/png_decoder.cpp', '#include "codec/webp_container.hpp"'), /leaves/);
  assert.match(problem('core/src/codec/png_decoder.cpp', '#include <iostream>'), /no streams/);
  assert.match(problem('core/src/photo/prepare.cpp', '#include <jpeglib.h>'), /may not include libjpeg/);
  assert.match(problem('bindings/bindings.cpp', '#include "photo/plan.hpp"'), /bindings may not include photo/);
  assert.equal(problem('core/src/codec/png_decoder.cpp', '#include "codec/decoder.hpp"'), null);
  assert.equal(problem('core/src/photo/prepare.cpp', '#include <vector>'), null);
});
