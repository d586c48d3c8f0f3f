// Our ThumbHash against its author's package: the hash of every kind of picture, and the pixels that a hash stands for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPhotoCore, thumbHashToPixels } from '@photomemory/photo-core';
import { rgbaToThumbHash, thumbHashToRGBA } from 'thumbhash';
import { pngOf } from '../browser/kit/photo.mjs';

let core;
before(async () => (core = await createPhotoCore({ workers: 0 })));
after(() => core.close());

/** Numbers from 0 to 1 that are the same in every run. */
function numbers(seed) {
  let state = seed >>> 0 || 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const sizes = [[1, 1], [1, 100], [100, 1], [2, 3], [7, 7], [100, 100], [100, 99], [99, 100], [100, 75], [56, 100], [100, 43], [14, 100], [100, 15], [33, 32]];

/** How the picture looks at (x, y) in 0…1: red, green, blue, alpha of 0…255. */
const looks = {
  gray: () => [128, 128, 128, 255],
  black: () => [0, 0, 0, 255],
  white: () => [255, 255, 255, 255],
  red: () => [255, 0, 0, 255],
  gradient: (x, y) => [255 * x, 255 * y, 255 * (1 - x), 255],
  landscape: (x, y) => (y < 0.4 + 0.1 * Math.sin(9 * x) ? [120 + 60 * y, 170, 230, 255] : [70, 110 + 60 * x, 40, 255]),
  noise: (x, y, random) => [255 * random(), 255 * random(), 255 * random(), 255],
  blocks: (x, y) => [255 * (Math.floor(5 * x) % 2), 255 * (Math.floor(3 * y) % 2), 200 * x * y, 255],
  fading: (x, y) => [200, 120 * y, 90, 255 * x],
  hole: (x, y) => [30, 160, 220 * y, Math.hypot(x - 0.5, y - 0.5) < 0.3 ? 0 : 255],
  pale: (x, y, random) => [255 * random(), 40, 255 * x, 60 + 60 * y],
  nearlyOpaque: (x, y) => [255 * x, 90, 255 * y, x < 0.1 && y < 0.1 ? 254 : 255],
  empty: () => [50, 100, 150, 0],
};

const symmetric = ['gray', 'black', 'white', 'red', 'gradient', 'fading', 'hole', 'empty'];

function picture(look, width, height, seed) {
  const random = numbers(seed);
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgba.set(look((x + 0.5) / width, (y + 0.5) / height, random).map(Math.round), (y * width + x) * 4);
  }
  return rgba;
}

const largestDifference = (a, b) => a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0);

/** The constants of a hash, and the frequencies of each channel that has any: 4 bits each. */
function fields(hash) {
  const header = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const second = hash[3] | (hash[4] << 8);
  const hasAlpha = header >> 23;
  const [long, short] = [hasAlpha ? 5 : 7, second & 7];
  const landscape = second >> 15;
  const start = hasAlpha ? 6 : 5;
  let at = start * 2;
  const channel = (nx, ny, scale) => {
    const found = [];
    for (let cy = 0; cy < ny; cy++) for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++, at++) found.push((hash[at >> 1] >> ((at & 1) * 4)) & 15);
    return scale ? found : [];
  };
  return {
    constants: [...hash.subarray(0, start)],
    frequencies: [
      ...channel(Math.max(3, landscape ? long : short), Math.max(3, landscape ? short : long), (header >> 18) & 31),
      ...channel(3, 3, (second >> 3) & 63),
      ...channel(3, 3, (second >> 9) & 63),
      ...(hasAlpha ? channel(5, 5, hash[5] >> 4) : []),
    ],
  };
}

test('hashes are the reference\'s, whatever the shape, with alpha and without', async () => {
  let count = 0;
  for (const [name, look] of Object.entries(looks)) {
    for (const [width, height] of sizes) {
      const rgba = picture(look, width, height, ++count);
      const { thumbhash } = await core.prepare(pngOf(width, height, rgba), { thumbnail: false });
      const ours = new Uint8Array(Buffer.from(thumbhash, 'base64'));
      const theirs = rgbaToThumbHash(width, height, rgba);
      const place = `${name} ${width} x ${height}: ${Buffer.from(ours).toString('hex')}, not ${Buffer.from(theirs).toString('hex')}`;
      // Symmetric pictures have frequencies of exactly nothing, which lie between two steps: the last bit of a cosine,
      // which is every platform's own, decides between them.
      if (!symmetric.includes(name) && height > 1 && width > 1) assert.deepEqual(ours, theirs, place);
      const [a, b] = [fields(ours), fields(theirs)];
      assert.equal(ours.length, theirs.length, place);
      assert.deepEqual(a.constants, b.constants, place);
      assert.ok(largestDifference(a.frequencies, b.frequencies) <= 1, place);
    }
  }
});

test('placeholders are the reference\'s pixels, within a level', async () => {
  const random = numbers(7);
  const hashes = [];
  for (const [name, look] of Object.entries(looks)) hashes.push(...sizes.map(([w, h]) => [name, rgbaToThumbHash(w, h, picture(look, w, h, 3))]));
  // And hashes of nothing that exists: every bit may be set.
  for (let n = 0; n < 500; n++) hashes.push(['random', Uint8Array.from({ length: 25 }, () => 256 * random())]);
  for (const [name, hash] of hashes) {
    const { w, h, rgba } = thumbHashToRGBA(hash);
    // A side of no pixels is no picture; ours has one at least.
    if (w === 0 || h === 0) continue;
    for (const given of [hash, Buffer.from(hash).toString('base64')]) {
      const { width, height, pixels } = await thumbHashToPixels(given);
      assert.deepEqual([width, height], [w, h], name);
      assert.ok(largestDifference(pixels, rgba) <= 1, `${name} ${Buffer.from(hash).toString('hex')}`);
    }
  }
});

test('what is no ThumbHash is a RangeError', async () => {
  for (const hash of ['', 'AAAA', '!!!!', '\u1234', null, undefined, 7, new Uint8Array(4)]) {
    await assert.rejects(() => thumbHashToPixels(hash), RangeError, String(hash));
  }
});
