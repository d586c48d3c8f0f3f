/** Checks what a caller passes, before any work, and fills the defaults. */
import { invalidOption } from './caller_error.js';
import { limits as contract } from './limits.gen.js';
import type { Limits } from './limits.js';
import type { SourceData } from './protocol.js';
import type { RawOptions, RawThumbnail } from './raw.js';
import type { NamedSource, PhotoBytes, PhotoSource } from './types.js';

/**
 * What one option may be, with its default: a choice of words (the first is the default), true or false (the default),
 * a number (least, most, default), or a function that checks.
 */
type Rule = readonly string[] | boolean | readonly [number, number, number] | ((name: string, value: unknown) => unknown);

function checked(name: string, value: unknown, rule: Rule): unknown {
  let expected: string;
  if (typeof rule === 'function') return rule(name, value);
  if (typeof rule === 'boolean') {
    if (typeof value === 'boolean') return value;
    expected = 'true or false';
  } else if (typeof rule[0] === 'string') {
    if ((rule as unknown[]).includes(value)) return value;
    expected = rule.join(' or ');
  } else {
    const [least, most] = rule as readonly [number, number, number];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value;
    expected = `an integer from ${least} to ${most}`;
  }
  throw invalidOption(name, expected, value);
}

const defaultOf = (rule: Rule): unknown =>
  typeof rule === 'boolean' ? rule : typeof rule === 'function' ? undefined : rule[typeof rule[0] === 'string' ? 0 : 2];

/**
 * Fills the defaults. As in the platform's own dictionaries, members may be inherited or have getters; what a getter throws is
 * its caller's. An unknown name is most likely a misspelt one, or a signal or a file in the wrong place, and refused.
 */
export function checkMembers(prefix: string, value: unknown, rules: Record<string, Rule>): Record<string, unknown> {
  if (typeof value !== 'object' || !value || Symbol.iterator in value) throw invalidOption(prefix || 'options', 'an object', value);
  const given = value as Record<string, unknown>;
  const path = (name: string): string => (prefix ? `${prefix}.${name}` : name);
  for (const name in given) {
    // What a page gave to every object is nobody's option.
    if (!Object.hasOwn(rules, name) && !(name in {})) throw invalidOption(path(name), `one of ${Object.keys(rules).join(', ')}`, given[name]);
  }
  const filled: Record<string, unknown> = {};
  for (const name in rules) {
    const member = given[name];
    filled[name] = member === undefined ? defaultOf(rules[name]!) : checked(path(name), member, rules[name]!);
  }
  return filled;
}

const like =
  (expected: string, is: (value: unknown) => boolean): Rule =>
  (name, value) => {
    if (!is(value)) throw invalidOption(name, expected, value);
    return value;
  };

const callback = like('a function', (value) => typeof value === 'function');
const text = like('a string', (value) => typeof value === 'string');
/** Known by its members: one of another frame, or of another maker, is one too. */
const signal = like('an AbortSignal', (value) => {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
});
/** Its check is loaded with the batch, and the workers need not know. */
const checkedByTheBatch = (): void => {};

const color: Rule = (name, value) => {
  const number = typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? parseInt(value.slice(1), 16) : value;
  if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > 0xffffff) {
    throw invalidOption(name, `'#rrggbb' or a number from 0 to 0xffffff`, value);
  }
  return number;
};

const { min_edge_px, max_edge_px, min_quality, max_quality, max_thumbnails } = contract;

const thumbnail = (name: string, value: unknown): unknown =>
  checkMembers(name, value, {
    maxEdge: [min_edge_px, max_edge_px, contract.default_thumbnail_edge_px],
    format: ['webp', 'jpeg', 'png'],
    quality: [min_quality, max_quality, contract.default_thumbnail_quality],
  });

const thumbnails: Rule = (name, value) => {
  if (value === false) return [];
  if (!Array.isArray(value)) return [thumbnail(name, value)];
  if (!value.length || value.length > max_thumbnails) {
    throw invalidOption(name, `1 to ${max_thumbnails} thumbnails, or false`, value);
  }
  return Array.from(value, (one, index) => thumbnail(`${name}[${index}]`, one));
};

/** The checked options of one photo or of a batch. */
export interface Checked {
  readonly raw: RawOptions;
  readonly browserDecode: boolean;
  readonly transfer: boolean;
  readonly existingCount: number;
}

/** @throws PhotoError `invalid_option` */
export function checkOptions(options: unknown, limits: Limits, batch: boolean): Checked {
  const all = checkMembers('', options, {
    maxEdge: [min_edge_px, max_edge_px, contract.default_edge_px],
    format: ['auto', 'jpeg', 'webp', 'png'],
    quality: [min_quality, max_quality, contract.default_quality],
    maxBytes: [1, limits.max_photo_bytes, limits.max_photo_bytes],
    color: ['srgb', 'keep'],
    light: ['encoded', 'linear'],
    fit: ['inside', 'cover'],
    coverWidth: [0, max_edge_px, 0],
    coverHeight: [0, max_edge_px, 0],
    progressive: false,
    gps: false,
    browserDecode: ['auto', 'never'],
    thumbnail: thumbnails,
    background: color,
    keepMetadata: ['none', 'capture'],
    keepOriginal: ['auto', 'never', 'always'],
    strictType: false,
    allowTruncated: false,
    transfer: false,
    signal,
    onProgress: callback,
    ...(batch && { existingCount: [0, 1e9, 0], photoSignal: callback, knownPhotos: checkedByTheBatch }),
  });
  const { browserDecode, transfer, existingCount, signal: _, onProgress: __, photoSignal: ___, ...rest } = all;
  return {
    raw: {
      ...rest,
      background: all['background'] ?? 0xffffff,
      thumbnails: (all['thumbnail'] ?? [thumbnail('', {})]) as RawThumbnail[],
      maxSourceBytes: limits.max_source_bytes,
      maxPixels: limits.max_source_pixels,
      maxHeapBytes: limits.max_heap_bytes,
      claimedType: '',
      fileName: '',
    } as unknown as RawOptions,
    browserDecode: browserDecode === 'auto',
    transfer: transfer as boolean,
    existingCount: existingCount as number,
  };
}

const isBytes = (value: unknown): value is PhotoBytes => value instanceof ArrayBuffer || ArrayBuffer.isView(value);

/** Shared bytes are copied: no Blob takes them, and others may write them. So is a part of a buffer, all of which would cross. */
function bytesOf(value: PhotoBytes): Uint8Array<ArrayBuffer> {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  // Of a view whose buffer shrank below it, none of these asks; it would pass for an empty file.
  (value as Uint8Array).keys?.();
  const view = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value.buffer instanceof ArrayBuffer && view.length === value.buffer.byteLength ? (view as Uint8Array<ArrayBuffer>) : view.slice();
}

/** The type that a name claims, where nobody claims one. */
function typeByName(name: string): string {
  const ending = /\.(jpe?g|png|webp)$/i.exec(name)?.[1]?.toLowerCase();
  return ending ? `image/${ending[0] === 'j' ? 'jpeg' : ending}` : '';
}

/** What a source announces before its bytes are asked for. */
export interface Announced {
  /** Undefined: unknown until asked. */
  readonly size: number | undefined;
  /** @throws PhotoError `invalid_option`, and whatever the caller's own function throws */
  open(): Promise<SourceData>;
}

/** @throws PhotoError `invalid_option` */
export function announced(source: PhotoSource, option: string): Announced {
  const named = !isBytes(source) && !(source instanceof Blob) ? (source as NamedSource | null) : null;
  const given = named ? named.data : (source as Blob | PhotoBytes);
  const said = <K extends 'name' | 'type' | 'size'>(member: K, rule: Rule): NamedSource[K] => {
    const value = named?.[member] ?? undefined;
    return value === undefined ? value : (checked(`${option}.${member}`, value, rule) as NamedSource[K]);
  };
  const [ownName, ownType, ownSize] = [said('name', text), said('type', text), said('size', [0, Number.MAX_SAFE_INTEGER, 0])];
  const data = (bytes: unknown): SourceData => {
    const name = ownName ?? (bytes as File | null | undefined)?.name ?? '';
    const type = (ownType ?? (bytes as Blob | null | undefined)?.type) || typeByName(name);
    // A File crosses to a Node worker only as a Blob.
    if (bytes instanceof Blob) return { data: bytes.slice(0, bytes.size), size: bytes.size, name, type };
    if (!isBytes(bytes)) throw invalidOption(option, 'a File, a Blob or bytes', bytes ?? source);
    let view: Uint8Array<ArrayBuffer>;
    try {
      view = bytesOf(bytes);
    } catch {
      throw invalidOption(option, 'bytes that were not handed over or cut off before', bytes);
    }
    return { data: view, size: view.length, name, type };
  };
  if (typeof given === 'function') return { size: ownSize, open: async () => data(await given()) };
  const ready = data(given);
  return { size: ready.size, open: async () => ready };
}
