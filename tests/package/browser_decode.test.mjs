// The browser's decoder as the core meets it: one that hangs, fails, answers late, gives nothing or too much. With
// scripted decoders and a clock that the test turns.
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, mock, test } from 'node:test';
import { load } from './kit.mjs';

let decodeInBrowser;
let foreignFormat;
before(async () => ({ decodeInBrowser, foreignFormat } = await load('browser_decode.ts')));

/** Bitmaps given and not yet closed, and how large the canvas was made. */
let open;
let canvas;
const bitmap = (width, height) => {
  open++;
  return { width, height, close: () => open-- };
};

beforeEach(() => {
  open = 0;
  canvas = undefined;
  mock.timers.enable({ apis: ['setTimeout'] });
  globalThis.OffscreenCanvas = class {
    constructor(width, height) {
      canvas = [width, height];
    }
    getContext = () => ({
      drawImage() {},
      getImageData: (x, y, width, height) => ({ data: new Uint8ClampedArray(Math.min(64, width * height * 4)) }),
    });
  };
});
afterEach(() => {
  mock.timers.reset();
  delete globalThis.OffscreenCanvas;
  delete globalThis.createImageBitmap;
});

const box = (type, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
const u32 = (...values) => Buffer.concat(values.map((value) => (([b]) => b.writeUInt32BE(value) && b)([Buffer.alloc(4)])));
const avif = (width, height, brand = 'avif') =>
  Buffer.concat([box('ftyp', brand, u32(0), brand, 'mif1'), box('ispe', u32(0, 512, 512)), box('ispe', u32(0, width, height))]);
const gif = (width, height, more = '') => {
  const bytes = Buffer.from(`GIF89a....\x00\x00\x00${more}`.padEnd(40), 'latin1');
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  return bytes;
};
const bmp = (width, height) => {
  const bytes = Buffer.alloc(54);
  bytes.write('BM');
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  return bytes;
};
const os2Bmp = (width, height) => {
  const bytes = Buffer.alloc(26);
  bytes.write('BM');
  bytes.writeUInt32LE(12, 14);
  bytes.writeUInt16LE(width, 18);
  bytes.writeUInt16LE(height, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt16LE(24, 24);
  return bytes;
};

const decode = (bytes, name = 'AVIF', steps = []) =>
  decodeInBrowser({ data: new Uint8Array(bytes), size: bytes.length }, name, { maxPixels: 120e6 }, (...step) => steps.push(step));

/** Lets everything go on that waits for no timer. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the formats to ask the browser for, and no other', () => {
  const asked = ['HEIC', 'AVIF', 'JPEG XL', 'GIF', 'BMP', 'TIFF', 'SVG', 'PDF', '12-bit JPEG', 'TXT', 'toString'];
  assert.deepEqual(
    asked.map((detail) => foreignFormat({ detail }, { claimedType: '', fileName: '' })),
    ['heic', 'avif', 'jxl', 'gif', 'bmp', 'tiff', undefined, undefined, undefined, undefined, undefined],
  );
  const claims = [['image/gif', 'a.gif'], ['', 'a.GIF'], ['image/jpeg', 'a.gif'], ['', 'a.jpg']];
  assert.deepEqual(
    claims.map(([claimedType, fileName]) => foreignFormat({ detail: 'GIF' }, { claimedType, fileName })),
    ['gif', 'gif', undefined, undefined],
  );
  assert.equal(foreignFormat({ detail: 'HEIC' }, { claimedType: 'image/jpeg', fileName: 'a.jpg' }), 'heic');
});

test('a picture: its pixels, its size, its steps; the bitmap is closed', async () => {
  const types = [];
  globalThis.createImageBitmap = async (blob) => (types.push(blob.type), bitmap(4, 3));
  const steps = [];
  const { width, height, pixelWidth, pixelHeight, moves } = await decode(avif(4, 3), 'AVIF', steps);
  assert.deepEqual({ width, height, pixelWidth, pixelHeight, moves }, { width: 4, height: 3, pixelWidth: 4, pixelHeight: 3, moves: false });
  assert.deepEqual([types, open, steps], [['image/avif'], 0, [['decode', 0, 1], ['decode', 1, 1]]]);
});

test('a decoder that never settles is left after ten seconds, not before', async () => {
  globalThis.createImageBitmap = () => new Promise(() => {});
  let answer;
  void decode(avif(4, 3)).then((value) => (answer = value));
  await settle();
  mock.timers.tick(9_999);
  await settle();
  assert.equal(answer, undefined);
  mock.timers.tick(1);
  await settle();
  assert.deepEqual(answer, { code: 'unsupported_type', detail: 'AVIF, which this browser did not decode within 10 s' });
});

test('a bitmap that comes too late is closed all the same', async () => {
  let give;
  globalThis.createImageBitmap = () => new Promise((resolve) => (give = resolve));
  const answer = decode(avif(4, 3));
  await settle();
  mock.timers.tick(10_000);
  assert.equal((await answer).code, 'unsupported_type');
  give(bitmap(4, 3));
  await settle();
  assert.equal(open, 0);
});

for (const [name, decoder] of [
  ['refuses', async () => Promise.reject(new Error('The source image could not be decoded.'))],
  ['throws', () => { throw new TypeError('no'); }],
  ['gives an empty bitmap', async () => bitmap(0, 0)],
]) {
  test(`a decoder that ${name} decodes nothing`, async () => {
    globalThis.createImageBitmap = decoder;
    assert.equal(await decode(avif(4, 3)), null);
    assert.equal(open, 0);
  });
}

test('what the header announces as too large is refused before the decoder is asked', async () => {
  let asked = 0;
  globalThis.createImageBitmap = async () => (asked++, bitmap(4, 3));
  for (const [bytes, name, actual] of [
    [avif(20_000, 6_001), 'AVIF', 120_020_000],
    [avif(0xffffffff, 0xffffffff), 'HEIC', 0xffffffff ** 2],
    [gif(65_535, 65_535), 'GIF', 65_535 ** 2],
    [bmp(20_000, -6_001), 'BMP', 120_020_000],
    [os2Bmp(20_000, 6_001), 'BMP', 120_020_000],
  ]) {
    const { code, limit, actual: found } = await decode(bytes, name);
    assert.deepEqual([code, limit, found], ['too_many_pixels', 120e6, actual], name);
  }
  assert.equal(asked, 0);
  assert.equal((await decode(avif(20_000, 6_000))).width, 4, 'at the limit it is asked');
  assert.equal((await decode(os2Bmp(20_000, 6_000), 'BMP')).width, 4);
});

test('a bitmap larger than the header said is refused and closed', async () => {
  globalThis.createImageBitmap = async () => bitmap(20_000, 6_001);
  assert.deepEqual((await decode(avif(4, 3))).code, 'too_many_pixels');
  assert.deepEqual([open, canvas], [0, undefined]);
});

test('a large picture is scaled by the browser to what the core can hold', async () => {
  globalThis.createImageBitmap = async () => bitmap(12_000, 8_000);
  const { width, height, pixelWidth, pixelHeight } = await decode(avif(12_000, 8_000));
  assert.deepEqual([width, height, pixelWidth, pixelHeight], [12_000, 8_000, 6_000, 4_000]);
  assert.equal(open, 0);
});

test('a canvas without memory is out of memory; without a context, nothing', async () => {
  globalThis.createImageBitmap = async () => bitmap(4, 3);
  globalThis.OffscreenCanvas = class {
    getContext = () => ({ drawImage() {}, getImageData() { throw new RangeError('Out of memory'); } });
  };
  assert.equal((await decode(avif(4, 3))).code, 'out_of_memory');
  globalThis.OffscreenCanvas = class {
    getContext = () => null;
  };
  assert.equal(await decode(avif(4, 3)), null);
  assert.equal(open, 0);
});

test('what moves is known by its header', async () => {
  globalThis.createImageBitmap = async () => bitmap(4, 3);
  const moves = async (...args) => (await decode(...args)).moves;
  assert.deepEqual(
    [await moves(gif(4, 3), 'GIF'), await moves(gif(4, 3, '!\xff\x0bNETSCAPE2.0'), 'GIF'), await moves(avif(4, 3)), await moves(avif(4, 3, 'avis'))],
    [false, true, false, true],
  );
});

test('a header that is cut off, and an environment without canvas', async () => {
  globalThis.createImageBitmap = async () => bitmap(4, 3);
  assert.equal(await decode(Buffer.from('GIF89a\x01'), 'GIF'), null);
  delete globalThis.OffscreenCanvas;
  assert.equal(await decode(avif(4, 3)), null);
});
