/**
 * Formats that the core does not decode but the browser may: HEIC in Safari, AVIF, GIF and BMP nearly everywhere, JPEG XL
 * and TIFF in some. Their pixels join the core's own way from "upright" on: browsers turn what they decode by the file's
 * own `irot`, `imir` or Exif orientation, once, and the core does not turn it again.
 */
import type { ErrorData, OnStep, SourceData } from './protocol.js';
import type { RawError, RawOptions } from './raw.js';

/** Longest time for a browser's decoder; it has no other brake. */
const decode_limit_ms = 10_000;

/** More pixels than this are scaled by the browser first: their RGBA would not fit the core's memory beside the rest. */
const direct_pixels = 24_000_000;

/** Where a header says how large the picture is, and whether it moves. */
const header_bytes = 1 << 16;

/** Upright sRGB pixels, four bytes each, not premultiplied. */
export interface BrowserPicture {
  rgba: ImageData['data'];
  pixelWidth: number;
  pixelHeight: number;
  /** Of the source. */
  width: number;
  height: number;
  /** More frames than the one that was decoded. */
  moves: boolean;
}

/** Kinds to ask the browser for, as the core names them, with their MIME subtype. */
const kinds: Readonly<Record<string, string>> = { HEIC: 'heic', AVIF: 'avif', 'JPEG XL': 'jxl', GIF: 'gif', BMP: 'bmp', TIFF: 'tiff' };

/**
 * The MIME subtype when it is a format to ask the browser for, else undefined. A GIF that claims to be something else is
 * no photo that somebody took, and stays refused by its name; HEIC is often renamed on its way.
 */
export const foreignFormat = ({ detail }: RawError, { claimedType, fileName }: RawOptions): string | undefined =>
  Object.hasOwn(kinds, detail) && (detail !== 'GIF' || /gif$/i.test(claimedType || fileName || detail)) ? kinds[detail] : undefined;

/** Width and height by the header, 0 where it does not say. */
function announcedSize(head: DataView, format: string): [number, number] {
  if (format === 'gif') return [head.getUint16(6, true), head.getUint16(8, true)];
  // OS/2's header of 12 bytes has sizes of 16 bits.
  if (format === 'bmp' && head.getUint32(14, true) === 12) return [head.getUint16(18, true), head.getUint16(20, true)];
  if (format === 'bmp') return [Math.abs(head.getInt32(18, true)), Math.abs(head.getInt32(22, true))];
  let size: [number, number] = [0, 0];
  // HEIC and AVIF: the largest `ispe` (ISO/IEC 23008-12, 6.5.3); those of tiles are smaller.
  for (let at = 0; at + 16 <= head.byteLength; at++) {
    if (head.getUint32(at) !== 0x69737065) continue;
    const [width, height] = [head.getUint32(at + 8), head.getUint32(at + 12)];
    if (width * height > size[0] * size[1]) size = [width, height];
  }
  return size;
}

/** Null where the browser cannot decode it either; an error where it must not or took too long. */
export async function decodeInBrowser(
  source: SourceData,
  name: string,
  options: RawOptions,
  onStep: OnStep | undefined,
): Promise<BrowserPicture | ErrorData | null> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') return null;
  const format = kinds[name]!;
  const blob = new Blob([source.data], { type: `image/${format}` });
  const head = await blob.slice(0, header_bytes).arrayBuffer();
  if (head.byteLength < 26) return null;
  const tooMany = (width: number, height: number): ErrorData | false =>
    width * height > options.maxPixels && {
      code: 'too_many_pixels',
      detail: `${width} x ${height}`,
      limit: options.maxPixels,
      actual: width * height,
    };
  const announced = tooMany(...announcedSize(new DataView(head), format));
  if (announced) return announced;

  onStep?.('decode', 0, 1);
  let late = false;
  const bitmap = await new Promise<ImageBitmap | null>((resolve) => {
    const timer = setTimeout(() => {
      late = true;
      resolve(null);
    }, decode_limit_ms);
    const answer = (decoded: ImageBitmap | null): void => {
      clearTimeout(timer);
      if (late) decoded?.close();
      resolve(decoded);
    };
    Promise.resolve(blob).then(createImageBitmap).then(answer, () => answer(null));
  });
  if (late) {
    return { code: 'unsupported_type', detail: `${name}, which this browser did not decode within ${decode_limit_ms / 1000} s` };
  }
  if (!bitmap) return null;
  try {
    const { width, height } = bitmap;
    const decoded = tooMany(width, height);
    if (decoded) return decoded;
    const scale = Math.min(1, Math.sqrt(direct_pixels / (width * height)));
    const pixelWidth = Math.max(1, Math.round(width * scale));
    const pixelHeight = Math.max(1, Math.round(height * scale));
    const context = new OffscreenCanvas(pixelWidth, pixelHeight).getContext('2d', { colorSpace: 'srgb', willReadFrequently: true });
    if (!context || !width) return null;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, pixelWidth, pixelHeight);
    const { data: rgba } = context.getImageData(0, 0, pixelWidth, pixelHeight);
    onStep?.('decode', 1, 1);
    // An animated GIF says so in its application extension, an image sequence in its brands.
    const moves = /NETSCAPE2\.0|^.{4}ftyp.{0,40}(avis|hevc|msf1)/s.test(new TextDecoder('latin1').decode(head));
    return { rgba, pixelWidth, pixelHeight, width, height, moves };
  } catch (error) {
    // The canvas alone can fail here, for want of memory.
    return { code: 'out_of_memory', detail: `the browser's canvas: ${error}` };
  } finally {
    bitmap.close();
  }
}
