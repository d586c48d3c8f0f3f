/**
 * Pixels of a ThumbHash, for a canvas: a placeholder of a few bytes that needs neither a request nor a `data:` URL.
 * After the public-domain description at evanw.github.io/thumbhash.
 */

import type { Placeholder } from './types.js';

/** Longest edge of the placeholder. */
const edge_px = 32;

/** No bytes where it is no base64. */
function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Decodes `PreparedPhoto.thumbhash` (base64, or its bytes). @throws RangeError when it is no ThumbHash */
export function thumbHashToPixels(thumbhash: string | Uint8Array): Placeholder {
  const hash = typeof thumbhash === 'string' ? bytesOf(thumbhash) : thumbhash;
  if (!(hash?.length >= 5)) throw new RangeError('a ThumbHash has at least 5 bytes');
  const header = hash[0]! | (hash[1]! << 8) | (hash[2]! << 16);
  const header2 = hash[3]! | (hash[4]! << 8);
  const hasAlpha = header >> 23 !== 0;
  const landscape = header2 >> 15 !== 0;
  const long = hasAlpha ? 5 : 7;
  const lx = Math.max(3, landscape ? long : header2 & 7);
  const ly = Math.max(3, landscape ? header2 & 7 : long);

  let nibble = (hasAlpha ? 6 : 5) * 2;
  const channel = (nx: number, ny: number, scale: number): number[] => {
    const ac: number[] = [];
    for (let cy = 0; cy < ny; cy++) {
      for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++) {
        const byte = hash[nibble >> 1] ?? 0;
        ac.push((((byte >> ((nibble++ & 1) << 2)) & 15) / 7.5 - 1) * scale);
      }
    }
    return ac;
  };
  const dc = {
    l: (header & 63) / 63,
    p: ((header >> 6) & 63) / 31.5 - 1,
    q: ((header >> 12) & 63) / 31.5 - 1,
    a: hasAlpha ? (hash[5]! & 15) / 15 : 1,
  };
  // Chroma is stored flatter than it was.
  const l = channel(lx, ly, ((header >> 18) & 31) / 31);
  const p = channel(3, 3, (((header2 >> 3) & 63) / 63) * 1.25);
  const q = channel(3, 3, (((header2 >> 9) & 63) / 63) * 1.25);
  const a = hasAlpha ? channel(5, 5, (hash[5]! >> 4) / 15) : [];

  const stored = hasAlpha ? 5 : 7;
  const ratio = landscape ? stored / (header2 & 7) : (header2 & 7) / stored;
  const width = Math.max(1, Math.round(ratio > 1 ? edge_px : edge_px * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? edge_px / ratio : edge_px));
  const pixels = new Uint8ClampedArray(width * height * 4);
  const cosines = (at: number, size: number, count: number): number[] =>
    Array.from({ length: count }, (_, k) => Math.cos((Math.PI / size) * (at + 0.5) * k));
  for (let y = 0, at = 0; y < height; y++) {
    const fy = cosines(y, height, Math.max(ly, 5));
    for (let x = 0; x < width; x++, at += 4) {
      const fx = cosines(x, width, Math.max(lx, 5));
      const sum = (start: number, ac: number[], nx: number, ny: number): number => {
        let total = start;
        for (let cy = 0, j = 0; cy < ny; cy++) {
          for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++, j++) total += ac[j]! * fx[cx]! * fy[cy]! * 2;
        }
        return total;
      };
      const lum = sum(dc.l, l, lx, ly);
      const yellow = sum(dc.p, p, 3, 3);
      const red = sum(dc.q, q, 3, 3);
      const blue = lum - (2 / 3) * yellow;
      const warm = (3 * lum - blue + red) / 2;
      pixels.set([warm * 255, (warm - red) * 255, blue * 255, (hasAlpha ? sum(dc.a, a, 5, 5) : 1) * 255], at);
    }
  }
  return { width, height, pixels };
}
