/**
 * What a picture that the browser decoded says of its capture. HEIC and AVIF keep Exif and XMP as items of their `meta` box
 * (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, annex A), JPEG XL as boxes (ISO/IEC 18181-2), TIFF is what Exif is made of, its
 * directories anywhere in the file. The blocks are found here; the core reads them, in a JPEG that holds nothing else. Loaded
 * with the first such picture, or with the first photo into which capture data is written.
 */
import type { CaptureData } from './types.js';

/** A segment's payload at most. */
const segment_bytes = 65_533;
/** Far above any camera's, which count their tiles in it. */
const meta_bytes = 1 << 20;
const most_boxes = 1_000;

/** One black pixel: what makes the blocks a JPEG. */
const pixel = [
  0xff, 0xdb, 0, 67, 0, ...Array<number>(64).fill(1),
  0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0,
  0xff, 0xc4, 0, 20, 0, 1, ...Array<number>(16).fill(0),
  0xff, 0xc4, 0, 20, 0x10, 1, ...Array<number>(16).fill(0),
  0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f,
  0xff, 0xd9,
];

/** Bytes read from their beginning on. Reading past their end is a `RangeError`, which ends the search. */
class Reader {
  readonly #view: DataView;
  at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** An unsigned number of 0 to 8 bytes, the most significant first. */
  number(size: number): number {
    let value = 0;
    for (let n = 0; n < size; n++) value = value * 256 + this.#view.getUint8(this.at++);
    return value;
  }

  name(): string {
    return String.fromCharCode(this.number(1), this.number(1), this.number(1), this.number(1));
  }

  take(size: number): Uint8Array {
    if (size > this.left) throw new RangeError('the box ends early');
    return this.bytes.subarray(this.at, (this.at += size));
  }
}

/** The payload of a box, for boxes that lie in `bytes` one after the other. */
function* boxes(bytes: Uint8Array): Generator<[name: string, payload: Uint8Array]> {
  const reader = new Reader(bytes);
  for (let count = 0; count < most_boxes && reader.left >= 8; count++) {
    let size = reader.number(4) - 8;
    const name = reader.name();
    if (size === 1 - 8) size = reader.number(8) - 16;
    if (size === 0 - 8) size = reader.left;
    if (size < 0) return;
    yield [name, reader.take(size)];
  }
}

/** Items by their type: `Exif`, or the content type of a `mime` item. */
function itemsOf(iinf: Uint8Array): Map<string, number> {
  const found = new Map<string, number>();
  const reader = new Reader(iinf);
  const wide = reader.number(4) >>> 24 > 0;
  reader.number(wide ? 4 : 2);
  for (const [name, payload] of boxes(iinf.subarray(reader.at))) {
    if (name !== 'infe') continue;
    const entry = new Reader(payload);
    const version = entry.number(1);
    entry.number(3);
    if (version < 2) continue;
    const id = entry.number(version > 2 ? 4 : 2);
    entry.number(2);
    const type = entry.name();
    if (type === 'Exif' && !found.has(type)) found.set(type, id);
    if (type !== 'mime') continue;
    const [, contentType] = new TextDecoder('latin1').decode(payload.subarray(entry.at)).split('\0');
    if (contentType) found.set(contentType, id);
  }
  return found;
}

interface Place {
  /** 0: in the file; 1: in the `idat` box. */
  readonly method: number;
  readonly extents: readonly (readonly [at: number, size: number])[];
}

/** Where an item's bytes lie. */
function placeOf(iloc: Uint8Array, wanted: number): Place | undefined {
  const reader = new Reader(iloc);
  const version = reader.number(1);
  reader.number(3);
  const sizes = reader.number(2);
  const [offsetSize, lengthSize, baseSize, indexSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, version > 0 ? sizes & 15 : 0];
  const idSize = version < 2 ? 2 : 4;
  for (let count = reader.number(idSize); count > 0; count--) {
    const id = reader.number(idSize);
    const method = version > 0 ? reader.number(2) & 15 : 0;
    reader.number(2);
    const base = reader.number(baseSize);
    const extents = Array.from({ length: reader.number(2) }, () => {
      reader.number(indexSize);
      return [base + reader.number(offsetSize), reader.number(lengthSize)] as const;
    });
    if (id === wanted) return { method, extents };
  }
  return undefined;
}

interface Blocks {
  exif?: Uint8Array;
  xmp?: Uint8Array;
}

/** TIFF behind the four bytes that say how far behind them it begins. */
function tiffOf(exif: Uint8Array): Uint8Array {
  const reader = new Reader(exif);
  reader.take(reader.number(4));
  return reader.take(reader.left);
}

type Read = (at: number, size: number) => Promise<Uint8Array>;

/** Bytes of one value by its type (TIFF 6.0, page 15; Exif 3.0 has the last), 0 for what is none. */
const tiff_type_bytes = Object.assign([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4], { 129: 1 });
/** Of a value that tells something of a capture. */
const tiff_value_bytes = 1024;
const most_entries = 256;
const [tag_xmp, tag_exif, tag_gps] = [700, 0x8769, 0x8825];

/**
 * What a TIFF file says of its capture. Most writers put the directory behind the picture, farther than a segment reaches, so
 * the directories are written anew, one behind the other, with their short values.
 */
async function tiffBlocksOf(read: Read): Promise<Blocks> {
  const found: Blocks = {};
  const out = new Uint8Array(segment_bytes);
  const view = new DataView(out.buffer);
  let end = 8;
  const place = (size: number): number => {
    const at = end;
    if ((end += size + (size & 1)) > out.length) throw new RangeError('more than a segment holds');
    return at;
  };
  const viewOf = async (at: number, size: number): Promise<DataView> => {
    const bytes = await read(at, size);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const head = await viewOf(0, 8);
  const little = head.getUint8(0) === 0x49;
  const copy = async (from: number, links: readonly number[]): Promise<number> => {
    const count = Math.min((await viewOf(from, 2)).getUint16(0, little), most_entries);
    const entries = await viewOf(from + 2, count * 12);
    const to = place(2 + count * 12 + 4);
    let kept = 0;
    for (let at = 0; at + 12 <= entries.byteLength; at += 12) {
      const tag = entries.getUint16(at, little);
      const size = entries.getUint32(at + 4, little) * (tiff_type_bytes[entries.getUint16(at + 2, little)] ?? 0);
      const offset = entries.getUint32(at + 8, little);
      if (tag === tag_xmp) found.xmp = await read(offset, Math.min(size, segment_bytes));
      if (!size || size > tiff_value_bytes) continue;
      const value = size > 4 ? await read(offset, size) : undefined;
      if (value && value.length < size) continue;
      const entry = to + 2 + kept++ * 12;
      out.set(new Uint8Array(entries.buffer, entries.byteOffset + at, 12), entry);
      if (value) {
        const where = place(size);
        out.set(value, where);
        view.setUint32(entry + 8, where, little);
      }
      // One that lies nowhere leads nowhere: what there is besides counts all the same.
      if (links.includes(tag)) view.setUint32(entry + 8, await copy(offset, []).catch(() => 0), little);
    }
    view.setUint16(to, kept, little);
    return to;
  };
  out.set(await read(0, 4));
  view.setUint32(4, await copy(head.getUint32(4, little), [tag_exif, tag_gps]), little);
  found.exif = out.subarray(0, end);
  return found;
}

async function blocksOf(read: Read): Promise<Blocks> {
  const found: Blocks = {};
  let at = 0;
  for (let count = 0; count < most_boxes; count++) {
    const head = new Reader(await read(at, 16));
    if (!count && /^(II\*\0|MM\0\*)/.test(String.fromCharCode(...head.bytes.subarray(0, 4)))) return tiffBlocksOf(read);
    if (head.left < 8) break;
    let size = head.number(4);
    const name = head.name();
    if (size === 1) size = head.number(8);
    if (size && size < head.at) break;
    const payload = (most: number): Promise<Uint8Array> => read(at + head.at, Math.min(most, size ? size - head.at : most));
    if (name === 'Exif') found.exif = tiffOf(await payload(segment_bytes));
    if (name === 'xml ') found.xmp = await payload(segment_bytes);
    if (name === 'meta') {
      const inside = new Map(boxes((await payload(meta_bytes)).subarray(4)));
      const [iinf, iloc] = [inside.get('iinf'), inside.get('iloc')];
      const items = iinf ? itemsOf(iinf) : new Map<string, number>();
      const bytesOf = async (type: string): Promise<Uint8Array | undefined> => {
        const id = items.get(type);
        const place = iloc && id !== undefined ? placeOf(iloc, id) : undefined;
        if (!place || place.method > 1) return undefined;
        const parts = place.extents.slice(0, 16).map(([from, length]) => {
          const most = Math.min(length || segment_bytes, segment_bytes);
          return place.method ? inside.get('idat')?.subarray(from, from + most) : read(from, most);
        });
        return new Uint8Array(await new Blob((await Promise.all(parts)) as BlobPart[]).arrayBuffer());
      };
      const exif = await bytesOf('Exif');
      if (exif) found.exif = tiffOf(exif);
      const xmp = await bytesOf('application/rdf+xml');
      if (xmp) found.xmp = xmp;
      break;
    }
    if (!size) break;
    at += size;
  }
  return found;
}

/** An APP1 segment (Exif 2.32, 4.7.2; XMP part 3, 1.1.3). */
function segment(mark: string, block: Uint8Array): BlobPart[] {
  const payload = block.subarray(0, segment_bytes - mark.length);
  const size = payload.length + mark.length + 2;
  return [new Uint8Array([0xff, 0xe1, size >> 8, size & 255]), mark, payload as Uint8Array<ArrayBuffer>];
}

/**
 * @param source where bytes were given away, nothing is left to look at
 * @param core reads what is in a JPEG
 * @returns what is known, maybe nothing; damage is no error
 */
export async function captureOf(
  source: Blob | Uint8Array<ArrayBuffer>,
  core: { probe(jpeg: Blob, options: { readonly gps: boolean }): Promise<{ readonly capture: CaptureData }> },
  gps: boolean,
): Promise<CaptureData> {
  try {
    const { exif, xmp } = await blocksOf(async (at, size) =>
      source instanceof Blob ? new Uint8Array(await source.slice(at, at + size).arrayBuffer()) : source.subarray(at, at + size),
    );
    if (!exif && !xmp) return {};
    const jpeg = new Blob([
      new Uint8Array([0xff, 0xd8]),
      ...(exif ? segment('Exif\0\0', exif) : []),
      ...(xmp ? segment('http://ns.adobe.com/xap/1.0/\0', xmp) : []),
      new Uint8Array(pixel),
    ]);
    return (await core.probe(jpeg, { gps })).capture;
  } catch {
    return {};
  }
}
