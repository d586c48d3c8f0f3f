// Photos for the tests, made here: smooth areas, edges and sensor-like noise, so that they weigh what photos weigh.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { pathToFileURL } from 'node:url';
import { root, scratch } from './packed.mjs';

const crcTable = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
const checksum =
  crc32 ??
  ((bytes) => {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  });

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(checksum(body), body.length + 4);
  return out;
}

/** A PNG of these pixels, four bytes each, exactly. */
export function pngOf(width, height, rgba) {
  const rows = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y++) rows.set(rgba.subarray(y * width * 4, (y + 1) * width * 4), y * (1 + width * 4) + 1);
  return assemble(width, height, 6, rows, 9);
}

/** Rows with their filter bytes as a file of 8 bits a sample. */
function assemble(width, height, colourType, rows, level) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A PNG of the size; `seed` makes different ones. */
export function makePng(width, height, seed = 1) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  let state = seed >>> 0 || 1;
  let at = 0;
  for (let y = 0; y < height; y++) {
    rows[at++] = 0;
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const noise = (state >>> 28) - 8;
      const edge = ((x >> 6) ^ (y >> 6)) & 3 ? 0 : 40;
      rows[at++] = Math.min(255, Math.max(0, (x * 200) / width + 20 + edge + noise));
      rows[at++] = Math.min(255, Math.max(0, (y * 180) / height + 40 + edge + noise));
      rows[at++] = Math.min(255, Math.max(0, 120 + 60 * Math.sin((x + y + seed * 37) / 90) + noise));
    }
  }
  return assemble(width, height, 2, rows, 1);
}

/** A JPEG of the size, encoded by the package itself and kept in build/. */
export async function makeJpeg(width, height, seed = 1) {
  const file = scratch('photos', `${width}x${height}-${seed}.jpg`);
  if (!existsSync(file)) {
    const { createPhotoCore } = await import(pathToFileURL(path.join(root, 'wasm/dist/index.js')).href);
    const core = await createPhotoCore({ workers: 0 });
    const { photo } = await core.prepare(makePng(width, height, seed), {
      maxEdge: Math.max(width, height),
      format: 'jpeg',
      quality: 88,
      thumbnail: false,
      keepOriginal: 'never',
    });
    core.close();
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}`, Buffer.from(await photo.arrayBuffer()));
    await rename(`${file}.${process.pid}`, file);
  }
  return { file, bytes: await readFile(file) };
}
