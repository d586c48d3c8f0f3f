// What is read of the capture in files whose pixels only a browser decodes: HEIC and AVIF, JPEG XL, TIFF.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { dist, load, needBuilt } from './kit.mjs';

let core;
let captureOf;
before(async () => {
  needBuilt();
  ({ captureOf } = await load('foreign_capture.ts'));
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  core = await createPhotoCore({ workers: 0 });
});
after(() => core?.close());

const look = (bytes, gps = false) => captureOf(new Blob([bytes]), core, gps);

const number = (size, value) => {
  const bytes = Buffer.alloc(size);
  if (size) bytes.writeUIntBE(value, Math.max(0, size - 6), Math.min(size, 6));
  return bytes;
};
const box = (name, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([number(4, body.length + 8), Buffer.from(name, 'latin1'), body]);
};

/** TIFF, most significant byte first: the camera's make and the time of capture, both behind the directories. */
function tiff(make, time) {
  const entry = (tag, type, count, value) => Buffer.concat([number(2, tag), number(2, type), number(4, count), number(4, value)]);
  const text = (value) => Buffer.from(`${value}\0`, 'latin1');
  const [ifd, exif] = [8, 8 + 2 + 2 * 12 + 4];
  const texts = exif + 2 + 12 + 4;
  return Buffer.concat([
    Buffer.from('MM\0*'), number(4, ifd),
    number(2, 2), entry(0x010f, 2, make.length + 1, texts), entry(0x8769, 4, 1, exif), number(4, 0),
    number(2, 1), entry(0x9003, 2, 20, texts + make.length + 1), number(4, 0),
    text(make), text(time),
  ]);
}
const block = tiff('Maker', '2024:05:01 12:34:56');
const wanted = { make: 'Maker', time: '2024-05-01T12:34:56' };
const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:DateTimeOriginal="2023-01-02T03:04:05"/></rdf:RDF></x:xmpmeta>';
/** An Exif item: four bytes say how far behind them TIFF begins. */
const item = (skip = 0) => Buffer.concat([number(4, skip), Buffer.alloc(skip, 'x'), block]);

/** A picture of items, by the versions and field sizes that ISO/IEC 14496-12 allows. */
function heif({ infe = 2, iloc = 1, method = 0, offsetSize = 4, lengthSize = 4, baseSize = 0, parts = 1, payload = item(), type = 'Exif', contentType = '' } = {}) {
  const wide = infe > 2 ? 4 : 2;
  const info = (id, kind, more = '') => box('infe', [infe, 0, 0, 0], number(wide, id), number(2, 0), kind, '\0', more);
  const make = (at) => {
    const id = iloc < 2 ? 2 : 4;
    const step = Math.ceil(payload.length / parts);
    const extents = Array.from({ length: parts }, (_, n) => [n * step, Math.min(step, payload.length - n * step)]);
    const place = [
      number(id, 7), ...(iloc ? [number(2, method)] : []), number(2, 0), number(baseSize, baseSize ? at : 0), number(2, parts),
      ...extents.flatMap(([from, size]) => [number(offsetSize, (baseSize ? 0 : at) + from), number(lengthSize, size)]),
    ];
    const picture = [number(id, 1), ...(iloc ? [number(2, 0)] : []), number(2, 0), number(baseSize, 0), number(2, 1), number(offsetSize, 0), number(lengthSize, 9)];
    const meta = box('meta', number(4, 0),
      box('hdlr', Buffer.alloc(25)),
      box('iinf', number(4, 0), number(2, 2), info(1, 'hvc1'), info(7, type, contentType && `${contentType}\0`)),
      box('iloc', [iloc, 0, 0, 0], [(offsetSize << 4) | lengthSize, baseSize << 4], number(id, 2), ...picture, ...place),
      ...(method ? [box('idat', payload)] : []));
    return Buffer.concat([box('ftyp', 'heic', number(4, 0), 'mif1'), meta, ...(method ? [] : [box('mdat', payload)])]);
  };
  return make(method ? 0 : make(0).length - payload.length);
}

for (const [name, bytes] of [
  ['HEIC', heif()],
  ['an Exif item with its own mark', heif({ payload: item(6) })],
  ['wide item numbers', heif({ infe: 3, iloc: 2 })],
  ['the first version of places', heif({ iloc: 0 })],
  ['a base and places of eight bytes', heif({ offsetSize: 8, lengthSize: 8, baseSize: 4 })],
  ['an item in pieces', heif({ parts: 3 })],
  ['an item in the box of items', heif({ method: 1 })],
  ['JPEG XL', Buffer.concat([box('JXL ', '\r\n\x87\n'), box('ftyp', 'jxl ', number(4, 0)), box('Exif', item()), box('jxlc', 'picture')])],
  ['JPEG XL whose last box has no size', Buffer.concat([box('JXL ', '\r\n\x87\n'), number(4, 0), 'Exif', item()].map((part) => Buffer.from(part)))],
  ['TIFF', block],
]) {
  test(name, async () => assert.deepEqual(await look(bytes), wanted));
}

test('what the browser decoded has its capture data written into it, whatever it becomes', async () => {
  const bitmap = { width: 4, height: 3, close() {} };
  globalThis.createImageBitmap = async () => bitmap;
  globalThis.OffscreenCanvas = class {
    getContext = () => ({ drawImage() {}, getImageData: (x, y, width, height) => ({ data: new Uint8ClampedArray(width * height * 4).fill(255) }) });
  };
  try {
    for (const format of ['jpeg', 'webp', 'png']) {
      const { photo, capture, photoSha256, decodedBy } = await core.prepare(new File([heif()], 'a.heic'), { format, keepMetadata: 'capture' });
      assert.deepEqual([decodedBy, capture, (await core.probe(photo)).capture], ['browser', wanted, wanted], format);
      assert.equal(photoSha256, createHash('sha256').update(Buffer.from(await photo.arrayBuffer())).digest('hex'));
      const plain = await core.prepare(new File([heif()], 'a.heic'), { format });
      assert.deepEqual([plain.capture, (await core.probe(plain.photo)).capture], [wanted, {}], format);
    }
    // Bytes that are given away are read before they go.
    const given = await core.prepare(new Uint8Array(heif()), { keepMetadata: 'capture', transfer: true });
    assert.deepEqual([given.capture, (await core.probe(given.photo)).capture], [wanted, wanted]);
  } finally {
    delete globalThis.createImageBitmap;
    delete globalThis.OffscreenCanvas;
  }
});

test('XMP where there is no Exif', async () => {
  const xml = Buffer.from(xmp);
  assert.deepEqual(await look(heif({ payload: xml, type: 'mime', contentType: 'application/rdf+xml' })), { time: '2023-01-02T03:04:05' });
  assert.deepEqual(await look(Buffer.concat([box('JXL ', '\r\n\x87\n'), box('xml ', xml)])), { time: '2023-01-02T03:04:05' });
});

/** TIFF as most writers lay it out: the picture first, the directories behind it. `exif` is where Exif's is said to lie. */
function tiffBehind(little, { exif, more = [] } = {}) {
  const numbers = (size, value) => (little ? number(size, value).reverse() : number(size, value));
  const entry = (tag, type, count, value) => Buffer.concat([numbers(2, tag), numbers(2, type), numbers(4, count), numbers(4, value)]);
  const picture = Buffer.alloc(100_000, 'x');
  const texts = 8 + picture.length;
  const values = [Buffer.from('Maker\0', 'latin1'), Buffer.from('2024:05:01 12:34:56\0', 'latin1'), Buffer.from(xmp)];
  const [make, time, packet] = values.map((_, n) => texts + values.slice(0, n).reduce((sum, one) => sum + one.length, 0));
  const exifAt = packet + values[2].length;
  const first = [
    [0x010f, 2, 6, make], [0x0111, 4, 50_000, 8], ...more.map((tag) => [tag, 1, values[2].length, packet]),
    [0x8769, 4, 1, exif ?? exifAt],
  ];
  return Buffer.concat([
    Buffer.from(little ? 'II*\0' : 'MM\0*', 'latin1'), numbers(4, exifAt + 18), picture, ...values,
    numbers(2, 1), entry(0x9003, 2, 20, time), numbers(4, 0),
    numbers(2, first.length), ...first.map((one) => entry(...one)), numbers(4, 0),
  ]);
}

test('TIFF whose directories lie behind the picture', async () => {
  for (const little of [true, false]) {
    assert.deepEqual(await look(tiffBehind(little)), wanted);
    assert.deepEqual(await look(tiffBehind(little, { exif: 0x7fffffff })), { make: 'Maker' }, 'a directory that lies nowhere');
    assert.deepEqual(await look(tiffBehind(little, { exif: 0x7fffffff, more: [700] })), { make: 'Maker', time: '2023-01-02T03:04:05' });
    const whole = tiffBehind(little, { more: [700] });
    for (let at = 100_000; at <= whole.length; at++) {
      const cut = await look(whole.subarray(0, at));
      assert.ok(Object.entries(cut).every(([name, value]) => at < whole.length || value === wanted[name]), `cut at ${at}`);
    }
  }
});

test('nothing to read is nothing, without a look at the core', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('GIF89a'), Buffer.alloc(5_000), heif({ type: 'mime', contentType: 'text/plain' }), heif({ method: 2 })]) {
    assert.deepEqual(await captureOf(new Blob([bytes]), { probe: () => assert.fail('asked') }), {});
  }
  assert.deepEqual(await captureOf(new Blob([heif()]), { probe: () => Promise.reject(new Error('closed')) }), {});
});

test('cut or damaged anywhere it ends, with what was there or with nothing', async () => {
  const whole = heif({ parts: 2, baseSize: 4 });
  for (let at = 0; at < whole.length; at++) {
    const cut = await look(whole.subarray(0, at));
    assert.ok(Object.keys(cut).length <= 2);
    for (const value of [0, 0x7f, 0xff]) {
      const damaged = Buffer.from(whole);
      damaged[at] = value;
      await look(damaged);
    }
  }
});
