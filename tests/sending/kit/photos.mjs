/** Prepared photos without preparing: a small valid JPEG, told apart by a comment segment of any size. */
import { createHash } from 'node:crypto';

// A JPEG of one gray pixel (SOI, DQT, SOF0, DHT, SOS, EOI).
const pixel = Buffer.from(
  'ffd8ffdb004300' + '10'.repeat(64) + 'ffc0000b080001000101011100' + 'ffc400140001' + '00'.repeat(15) + '03' +
    'ffc40014100100' + '00'.repeat(14) + '00' + 'ffda0008010100003f0037ffd9',
  'hex',
);

/** @param {string} mark @param {number} bytes size of the file; at least that of the picture */
export function jpegOf(mark, bytes = 600) {
  const parts = [pixel.subarray(0, 2)];
  let left = bytes - pixel.length;
  const text = Buffer.from(mark);
  for (let first = true; first || left > 4; first = false) {
    const size = Math.max(first ? text.length : 1, Math.min(65_000, left - 4));
    const comment = Buffer.alloc(size, 32);
    if (first) text.copy(comment);
    parts.push(Buffer.from([0xff, 0xfe, (size + 2) >> 8, (size + 2) & 255]), comment);
    left -= size + 4;
  }
  return Buffer.concat([...parts, pixel.subarray(2)]);
}

/** @param {string} mark told apart by it @param {{ bytes?: number, thumbnail?: boolean, name?: string }} [options] */
export function preparedPhoto(mark, { bytes = 600, thumbnail = true, name = `${mark}.jpg` } = {}) {
  const photo = jpegOf(mark, bytes);
  const small = jpegOf(`${mark} small`, 300);
  const sha256 = createHash('sha256').update(photo).digest('hex');
  return {
    photo: new Blob([photo], { type: 'image/jpeg' }),
    thumbnail: thumbnail ? new Blob([small], { type: 'image/jpeg' }) : null,
    thumbnails: [],
    mimeType: 'image/jpeg',
    width: 1,
    height: 1,
    bytes: photo.length,
    sha256,
    photoSha256: sha256,
    dhash: '0'.repeat(16),
    thumbhash: 'AAAA',
    capture: {},
    source: { name, format: 'jpeg', mimeType: 'image/jpeg', width: 1, height: 1, orientation: 1, bytes: photo.length, profile: '' },
    passedThrough: true,
    decodedBy: 'core',
    warnings: [],
    timings: {},
  };
}

export const photosOf = (mark, count, options) => Array.from({ length: count }, (_, index) => preparedPhoto(`${mark}-${index}`, options));
