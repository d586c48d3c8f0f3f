/**
 * Formats that the core does not decode but the browser may: HEIC in Safari, AVIF nearly everywhere, JPEG XL in some.
 * Their pixels join the core's own way from "upright" on.
 */
import type { ErrorData, OnStep, SourceData } from './protocol.js';
import type { RawError, RawOptions } from './raw.js';

/** Longest time for a browser's decoder; it has no other brake. */
const decode_limit_ms = 15_000;

/** More pixels than this are scaled by the browser first: their RGBA would not fit the core's memory beside the rest. */
const direct_pixels = 24_000_000;

/** Upright sRGB pixels, four bytes each, not premultiplied. */
export interface BrowserPicture {
  rgba: ImageData['data'];
  pixelWidth: number;
  pixelHeight: number;
  /** Of the source. */
  width: number;
  height: number;
}

/** The format's name when it is one to ask the browser for, else the empty string. */
export const foreignFormat = ({ detail }: RawError): string =>
  /\b(heic|heif|avif|jxl|jpeg.?xl)\b/i.exec(detail)?.[1]?.toLowerCase().replace(/^j.*/, 'jxl') ?? '';

/** Null where the browser cannot decode it either; an error where it must not or took too long. */
export async function decodeInBrowser(
  source: SourceData,
  options: RawOptions,
  onStep: OnStep,
): Promise<BrowserPicture | ErrorData | null> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') return null;
  const blob = source.data instanceof Blob ? source.data : new Blob([source.data]);
  onStep('decode', 0, 1);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), decode_limit_ms);
  });
  const bitmap = await Promise.race([createImageBitmap(blob).catch(() => null), late]);
  clearTimeout(timer);
  if (bitmap === 'late') {
    return { code: 'unsupported_type', detail: `the browser's decoder took more than ${decode_limit_ms / 1000} s` };
  }
  if (!bitmap) return null;
  try {
    const { width, height } = bitmap;
    const pixels = width * height;
    if (pixels > options.maxPixels) {
      return { code: 'too_many_pixels', detail: `${width} x ${height}`, limit: options.maxPixels, actual: pixels };
    }
    const scale = Math.min(1, Math.sqrt(direct_pixels / pixels));
    const pixelWidth = Math.max(1, Math.round(width * scale));
    const pixelHeight = Math.max(1, Math.round(height * scale));
    const canvas = new OffscreenCanvas(pixelWidth, pixelHeight);
    const context = canvas.getContext('2d', { colorSpace: 'srgb', willReadFrequently: true });
    if (!context) return null;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, pixelWidth, pixelHeight);
    onStep('decode', 1, 1);
    return { rgba: context.getImageData(0, 0, pixelWidth, pixelHeight).data, pixelWidth, pixelHeight, width, height };
  } finally {
    bitmap.close();
  }
}
