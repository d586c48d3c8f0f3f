/**
 * The raw surface of the compiled core, as `bindings/` exports it. Nothing outside `engine.ts` may call it.
 *
 * @internal
 */
export interface RawError {
  ok: false;
  /** One of the codes of `schema/contract/errors.json`. */
  code: string;
  /** What was found, in English, for logs. */
  detail: string;
  limit?: number;
  actual?: number;
  index?: number;
}

/** Facts of the moment of capture, as the camera recorded them. @internal */
export interface RawCapture {
  time?: string;
  make?: string;
  model?: string;
  lens?: string;
  exposureSeconds?: number;
  fNumber?: number;
  iso?: number;
  focalLengthMm?: number;
  focalLength35Mm?: number;
  latitude?: number;
  longitude?: number;
  altitudeM?: number;
}

/** @internal */
export interface RawProbe {
  ok: true;
  format: string;
  mimeType: string;
  /** Pixels, as displayed (upright). */
  width: number;
  height: number;
  orientation: number;
  bits: number;
  hasAlpha: boolean;
  frames: number;
  progressive: boolean;
  profile: string;
  gainMap: boolean;
  capture: RawCapture;
  warnings: string[];
  /** Bytes of wasm memory that preparing it needs at most. */
  heapBytes: number;
}

/** @internal */
export interface RawImage {
  blob: Blob;
  mimeType: string;
  width: number;
  height: number;
}

/** @internal */
export interface RawPrepared {
  ok: true;
  photo: RawImage;
  thumbnails: RawImage[];
  /** 16 hexadecimal digits. */
  dhash: string;
  thumbhash: Uint8Array<ArrayBuffer>;
  passedThrough: boolean;
  source: Omit<RawProbe, 'ok'>;
  capture: RawCapture;
  warnings: string[];
  /** Milliseconds by step. */
  timings: Record<string, number>;
}

/** @internal */
export interface RawThumbnail {
  maxEdge: number;
  format: 'jpeg' | 'webp' | 'png';
  quality: number;
}

/** Every member is present: the shim fills the defaults and checks them first. @internal */
export interface RawOptions {
  maxEdge: number;
  format: 'auto' | 'jpeg' | 'webp' | 'png';
  quality: number;
  maxBytes: number;
  color: 'srgb' | 'keep';
  light: 'encoded' | 'linear';
  fit: 'inside' | 'cover';
  coverWidth: number;
  coverHeight: number;
  progressive: boolean;
  gps: boolean;
  thumbnails: RawThumbnail[];
  /** 0xRRGGBB */
  background: number;
  keepMetadata: 'none' | 'capture';
  keepOriginal: 'auto' | 'never' | 'always';
  allowTruncated: boolean;
  maxSourceBytes: number;
  maxPixels: number;
  maxHeapBytes: number;
  claimedType: string;
  strictType: boolean;
  fileName: string;
  /** Of pixels that the browser decodes. The one member that may be absent. */
  capture?: RawCapture | undefined;
}

/** @internal */
export type RawProgress = (step: string, done: number, total: number) => void;

/** Makes a Blob of an encoded image, the photo first; its bytes are in the core's memory, valid during the call. @internal */
export type RawKeep = (bytes: Uint8Array<ArrayBuffer>, mimeType: string) => Blob;

/** The rows that the core checks. */
export type PayloadTable = 'project' | 'photo' | 'media-item' | 'profile';

/**
 * A source is a block of the core's memory, known by its address; whoever created it frees it. Memory may grow in any
 * call: take a new view after each.
 *
 * @internal
 */
export interface RawModule {
  /** 0: out of memory. */
  createSource(byteLength: number): number;
  sourceView(address: number, byteLength: number): Uint8Array<ArrayBuffer>;
  freeSource(address: number): void;
  /** Of the options only those that concern the source are read. */
  probe(address: number, byteLength: number, options: RawOptions): RawProbe | RawError;
  /** Begins a preparation, known by its address; `take` ends it. */
  begin(address: number, byteLength: number, options: RawOptions, onProgress: RawProgress | undefined): number;
  /** The source holds width * height * 4 bytes: upright sRGB, not premultiplied. */
  beginPixels(width: number, height: number, address: number, options: RawOptions): number;
  /**
   * Goes on for about so many milliseconds, longer only where something is encoded in one piece; 1 while there is more to
   * do. A promise where WebAssembly can be suspended: then `turn` is awaited within such a piece, and no other call may
   * be made meanwhile.
   */
  advance(preparation: number, milliseconds: number): number | Promise<number>;
  /** What came of it, once `advance` gave 0; the preparation is gone. */
  take(preparation: number, keep: RawKeep): RawPrepared | RawError;
  sha256(address: number, byteLength: number): string;
  /** JSON text in and out. */
  checkPayload(table: PayloadTable, json: string): string;
  heapBytes(): number;
}

/** The default export of the Emscripten glue. @internal */
export type CreateRawModule = (options: {
  /** One turn of the event loop. */
  turn(): Promise<void>;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}) => Promise<RawModule>;
