/** Checks what a caller passes, before any work, and fills the defaults. */
import { invalidOption } from './error.js';
import type { Limits } from './limits.js';
import { limits as contract } from './limits.gen.js';
import type { RawOptions, RawThumbnail } from './raw.js';
import type { NamedSource, PhotoBytes, PhotoSource } from './types.js';
import type { SourceData } from './protocol.js';

type Check = (name: string, value: unknown) => unknown;

const integer =
  (least: number, most: number): Check =>
  (name, value) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw invalidOption(name, `an integer from ${least} to ${most}`, value);
    }
    return value;
  };

const oneOf =
  (...choices: string[]): Check =>
  (name, value) => {
    if (!choices.includes(value as string)) throw invalidOption(name, choices.map((c) => `'${c}'`).join(' or '), value);
    return value;
  };

const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw invalidOption(name, 'true or false', value);
  return value;
};

const func: Check = (name, value) => {
  if (typeof value !== 'function') throw invalidOption(name, 'a function', value);
  return value;
};

const signal: Check = (name, value) => {
  if (typeof (value as AbortSignal | null)?.aborted !== 'boolean') throw invalidOption(name, 'an AbortSignal', value);
  return value;
};

const color: Check = (name, value) => {
  const number = typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? parseInt(value.slice(1), 16) : value;
  if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > 0xffffff) {
    throw invalidOption(name, `'#rrggbb' or a number from 0 to 0xffffff`, value);
  }
  return number;
};

const quality = integer(contract.min_quality, contract.max_quality);
const edge = integer(contract.min_edge_px, contract.max_edge_px);

/** Checks every member of an options object; an unknown name is most likely a misspelt one, and refused. */
export function checkMembers(prefix: string, value: unknown, checks: Record<string, Check>): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw invalidOption(prefix || 'options', 'an object', value);
  const checked: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const path = prefix ? `${prefix}.${name}` : name;
    if (!Object.hasOwn(checks, name)) throw invalidOption(path, `one of ${Object.keys(checks).join(', ')}`, member);
    checked[name] = checks[name]!(path, member);
  }
  return checked;
}

const thumbnailOf = (name: string, value: unknown): RawThumbnail => ({
  maxEdge: contract.default_thumbnail_edge_px,
  format: 'webp',
  quality: contract.default_thumbnail_quality,
  ...checkMembers(name, value, { maxEdge: edge, format: oneOf('webp', 'jpeg', 'png'), quality }),
});

const thumbnails: Check = (name, value) => {
  if (value === false) return [];
  if (!Array.isArray(value)) return [thumbnailOf(name, value)];
  if (!value.length || value.length > contract.max_thumbnails) throw invalidOption(name, `1 to ${contract.max_thumbnails} thumbnails, or false`, value);
  return value.map((one, index) => thumbnailOf(`${name}[${index}]`, one));
};

const formats = ['jpeg', 'webp', 'png'];

const prepareChecks = (limits: Limits): Record<string, Check> => ({
  maxEdge: edge,
  format: oneOf('auto', ...formats),
  quality,
  maxBytes: integer(1, limits.max_photo_bytes),
  color: oneOf('srgb', 'keep'),
  light: oneOf('encoded', 'linear'),
  fit: oneOf('inside', 'cover'),
  coverWidth: edge,
  coverHeight: edge,
  progressive: flag,
  gps: flag,
  browserDecode: oneOf('auto', 'never'),
  thumbnail: thumbnails,
  background: color,
  keepMetadata: oneOf('none', 'capture'),
  keepOriginal: oneOf('auto', 'never', 'always'),
  strictType: flag,
  allowTruncated: flag,
  transfer: flag,
  signal,
  onProgress: func,
});

/** The checked options of one photo or of a batch. */
export interface Checked {
  readonly raw: RawOptions;
  readonly browserDecode: boolean;
  readonly transfer: boolean;
  readonly existingCount: number;
}

/** @throws PhotoError `invalid_option` */
export function checkOptions(options: unknown, limits: Limits, batch: boolean): Checked {
  const { thumbnail, browserDecode, transfer, existingCount, signal: _, onProgress: __, photoSignal: ___, ...rest } =
    checkMembers('', options, {
      ...prepareChecks(limits),
      ...(batch ? { existingCount: integer(0, Number.MAX_SAFE_INTEGER), photoSignal: func } : {}),
    });
  const raw = {
    maxEdge: contract.default_edge_px,
    format: 'auto',
    quality: contract.default_quality,
    maxBytes: limits.max_photo_bytes,
    color: 'srgb',
    light: 'encoded',
    fit: 'inside',
    coverWidth: 0,
    coverHeight: 0,
    progressive: false,
    gps: false,
    background: 0xffffff,
    keepMetadata: 'none',
    keepOriginal: 'auto',
    allowTruncated: false,
    strictType: false,
    ...rest,
    thumbnails: (thumbnail as RawThumbnail[] | undefined) ?? [thumbnailOf('thumbnail', {})],
    maxPixels: limits.max_source_pixels,
    maxHeapBytes: limits.max_heap_bytes,
    claimedType: '',
    fileName: '',
  } as RawOptions;
  return {
    raw,
    browserDecode: browserDecode !== 'never',
    transfer: transfer === true,
    existingCount: (existingCount as number | undefined) ?? 0,
  };
}

const isBytes = (value: unknown): value is PhotoBytes => value instanceof ArrayBuffer || ArrayBuffer.isView(value);

const bytesOf = (value: PhotoBytes): Uint8Array<ArrayBuffer> =>
  value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);

/** What a source announces before its bytes are asked for. */
export interface Announced {
  readonly name: string;
  readonly type: string;
  /** Undefined: unknown until asked. */
  readonly size: number | undefined;
  /** @throws PhotoError `invalid_option`, and whatever the caller's own function throws */
  open(): Promise<SourceData>;
}

/** @throws PhotoError `invalid_option` */
export function announced(source: PhotoSource, option: string): Announced {
  const named = !isBytes(source) && !(source instanceof Blob) ? (source as NamedSource | null) : null;
  const given = named ? named.data : (source as Blob | PhotoBytes);
  const data = (bytes: unknown): SourceData => {
    if (bytes instanceof Blob) {
      // A File crosses to a Node worker only as a Blob.
      return { data: bytes.slice(0, bytes.size), size: bytes.size, name, type: named?.type ?? bytes.type };
    }
    if (!isBytes(bytes)) throw invalidOption(option, 'a File, a Blob or bytes', bytes ?? source);
    const view = bytesOf(bytes);
    return { data: view, size: view.length, name, type };
  };
  const name = named?.name ?? (given as File | undefined)?.name ?? '';
  const type = named?.type ?? '';
  if (typeof given === 'function') {
    return { name, type, size: named?.size, open: async () => data(await given()) };
  }
  const ready = data(given);
  return { name, type: ready.type, size: ready.size, open: async () => ready };
}
