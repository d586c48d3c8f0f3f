/** Photos that repeat others: the same bytes by SHA-256, the same picture by difference hash. Part of the batch. */
import type { invalidOption } from './caller_error.js';
import { limits } from './limits.gen.js';
import type { DuplicateOf, KnownPhoto, PreparedPhoto } from './types.js';

/** A photo that later ones are compared with. */
interface Earlier {
  readonly of: DuplicateOf['of'];
  readonly index: number;
  readonly sha256: string;
  /** Null where there is none, or none that tells pictures apart. */
  readonly dhash: bigint | null;
}

/** Bits of the rarer kind that a hash must have: with fewer, pictures that have nothing in common are a few bits apart. */
const least_contrast = 8;

function bitCount(bits: bigint): number {
  let count = 0;
  for (let rest = bits; rest; rest &= rest - 1n) count++;
  return count;
}

/**
 * The hash as bits, unless nearly all of them are alike: flat pictures, gradients and single things on an empty ground
 * have such hashes, whatever they show.
 */
function telling(dhash: string): bigint | null {
  if (!dhash) return null;
  const bits = BigInt(`0x${dhash}`);
  const ones = bitCount(bits);
  return Math.min(ones, 64 - ones) < least_contrast ? null : bits;
}

/** From who has the class of the errors: a second one would be another to `instanceof`. */
type Invalid = typeof invalidOption;

function hexadecimal(option: string, value: unknown, digits: number, invalid: Invalid): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string' || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) {
    throw invalid(option, `${digits} hexadecimal digits`, value);
  }
  return value.toLowerCase();
}

/** @throws PhotoError `invalid_option` */
function checkKnown(photos: unknown, invalid: Invalid): Earlier[] {
  if (photos === undefined) return [];
  if (!Array.isArray(photos)) throw invalid('knownPhotos', 'an array', photos);
  return photos.map((photo: KnownPhoto | null | undefined, index) => {
    const option = `knownPhotos[${index}]`;
    if (typeof photo !== 'object' || photo === null) throw invalid(option, 'an object with sha256 or dhash', photo);
    return {
      of: 'known',
      index,
      sha256: hexadecimal(`${option}.sha256`, photo.sha256, 64, invalid),
      dhash: telling(hexadecimal(`${option}.dhash`, photo.dhash, 16, invalid)),
    };
  });
}

/** Compares each photo with the known ones and with those before it. */
export class DuplicateFinder {
  readonly #earlier: Earlier[];

  /** @throws PhotoError `invalid_option` */
  constructor(known: readonly KnownPhoto[] | undefined, invalid: Invalid) {
    this.#earlier = checkKnown(known, invalid);
  }

  /** The photo with what it repeats: the same bytes first, else the nearest picture, else the earliest. */
  take(photo: PreparedPhoto, index: number): PreparedPhoto {
    const own: Earlier = { of: 'batch', index, sha256: photo.sha256, dhash: telling(photo.dhash) };
    let found: DuplicateOf | undefined;
    for (const other of this.#earlier) {
      const sameBytes = own.sha256 !== '' && own.sha256 === other.sha256;
      const distance = sameBytes ? 0 : own.dhash !== null && other.dhash !== null ? bitCount(own.dhash ^ other.dhash) : 64;
      if (!sameBytes && distance > limits.max_duplicate_distance) continue;
      if (found && (found.sameBytes || (!sameBytes && found.distance <= distance))) continue;
      found = { of: other.of, index: other.index, sameBytes, distance };
    }
    this.#earlier.push(own);
    return found ? { ...photo, duplicateOf: found, warnings: [...photo.warnings, 'duplicate_photo'] } : photo;
  }
}
