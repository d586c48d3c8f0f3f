import type { PhotoError } from './error.js';
import type { ErrorCode, IssueCode, WarningCode } from './errors.gen.js';
import type { JsonObject } from './payload_types.gen.js';

/** Bytes of a picture, in any of the shapes that platforms hand out. Left as they are until the photo is ready: they are read when its turn comes. */
export type PhotoBytes = ArrayBuffer | ArrayBufferView;

/** Bytes with what the caller knows of them; neither is trusted. */
export interface NamedSource {
  /** A function is asked when the photo's turn comes, so that few sources are in memory at a time. */
  readonly data: Blob | PhotoBytes | (() => Promise<Blob | PhotoBytes>);
  /** Bytes that the function will give, for progress and for a refusal without asking it. */
  readonly size?: number | undefined;
  /** File name, for `original_filename`; a `File` has its own. */
  readonly name?: string | undefined;
  /** Claimed MIME type. */
  readonly type?: string | undefined;
}

/** What a person picked: a `File` from an input or a drop, any `Blob`, or bytes. */
export type PhotoSource = Blob | PhotoBytes | NamedSource;

/** Facts of the moment of capture. A member is absent when the file does not say, or says the impossible. */
export interface CaptureData {
  /**
   * ISO 8601 as recorded, with its offset when the file names one: `2024-05-01T12:34:56+02:00`. A date alone when no
   * clock is recorded; `keepMetadata` then writes it with blanks for the clock. The first that there is of Exif's
   * DateTimeOriginal and DateTimeDigitized, XMP's exif:DateTimeOriginal, photoshop:DateCreated, exif:DateTimeDigitized
   * and xmp:CreateDate, IPTC's Date and Time Created, PNG's Creation Time, Exif's DateTime, and, in UTC, the time of the
   * GPS receiver (which tells no position).
   */
  readonly time?: string;
  /** Maker, model and lens as the file names them, without blanks around. */
  readonly make?: string;
  readonly model?: string;
  readonly lens?: string;
  /** Of one shot: 1/250 is 0.004. */
  readonly exposureSeconds?: number;
  /** Aperture: 1.8 for f/1.8. */
  readonly fNumber?: number;
  /** Sensitivity. */
  readonly iso?: number;
  /** Of the lens itself. */
  readonly focalLengthMm?: number;
  /** The same view on a frame of 36 mm x 24 mm. */
  readonly focalLength35Mm?: number;
  /** Decimal degrees, WGS 84, south negative; only with `gps: true`, here and below. */
  readonly latitude?: number;
  /** Decimal degrees, west negative. */
  readonly longitude?: number;
  /** Above sea level; negative below. */
  readonly altitudeM?: number;
}

/** What the header alone tells about a file. */
export interface PhotoProbe {
  /** `jpeg`, `png` or `webp`; from the bytes, whatever the name says. */
  readonly format: string;
  readonly mimeType: string;
  /** Pixels, as displayed (upright). */
  readonly width: number;
  readonly height: number;
  /** Exif orientation, 1 to 8, as stored. */
  readonly orientation: number;
  /** Bits of one sample. */
  readonly bits: number;
  /** Whether there is a channel or a colour for transparency, used or not. */
  readonly hasAlpha: boolean;
  /** 1, or the pictures of an animation. */
  readonly frames: number;
  /** Whether it is a progressive JPEG. */
  readonly progressive: boolean;
  /** Description of the colour profile, empty without one. */
  readonly profile: string;
  /** Whether an HDR gain map comes with it. */
  readonly gainMap: boolean;
  readonly capture: CaptureData;
  readonly warnings: readonly WarningCode[];
  /** Size of the file. */
  readonly bytes: number;
  /** WebAssembly memory that preparing it needs at most, in bytes. */
  readonly heapBytes: number;
}

/** Facts of the source that a photo was made from. */
export interface SourceFacts {
  /** Empty when nobody named it. */
  readonly name: string;
  /** From the bytes: `jpeg`, `png`, `webp`, or what the browser decoded (`heic`, `avif`, …). */
  readonly format: string;
  readonly mimeType: string;
  /** Pixels, as displayed (upright). */
  readonly width: number;
  readonly height: number;
  /** Exif orientation, 1 to 8, as stored; 1 of what the browser decoded. */
  readonly orientation: number;
  readonly bytes: number;
  /** Description of the colour profile, empty without one. */
  readonly profile: string;
}

/** The upload-ready photo with its thumbnail and facts. */
export interface PreparedPhoto {
  /** What is stored; its `type` is `mimeType`. */
  readonly photo: Blob;
  /** The first thumbnail, the one that is stored; null with `thumbnail: false`. */
  readonly thumbnail: Blob | null;
  /** Every thumbnail, in the order asked for; empty with `thumbnail: false`. */
  readonly thumbnails: readonly PreparedImage[];
  readonly mimeType: 'image/jpeg' | 'image/png' | 'image/webp';
  /**
   * Pixels of `photo`, as displayed: one that `keepOriginal: 'always'` kept can be stored turned, and say so by its Exif
   * orientation.
   */
  readonly width: number;
  readonly height: number;
  /** Size of `photo`. */
  readonly bytes: number;
  /** SHA-256 of the source, 64 hexadecimal digits. */
  readonly sha256: string;
  /** SHA-256 of `photo`, to check what Storage holds. */
  readonly photoSha256: string;
  /** Difference hash, 16 hexadecimal digits: near pictures differ in few bits. */
  readonly dhash: string;
  /** ThumbHash in base64; see `thumbHashToPixels`. */
  readonly thumbhash: string;
  /** When and with what it was taken, as the source says; the photo itself says it only with `keepMetadata: 'capture'`. */
  readonly capture: CaptureData;
  readonly source: SourceFacts;
  /** True when the source's own pixels were kept, scrubbed of metadata. */
  readonly passedThrough: boolean;
  /** Who decoded the source. */
  readonly decodedBy: 'core' | 'browser';
  /** What a person may want to know; `messageFor` has the sentences. */
  readonly warnings: readonly WarningCode[];
  /** What the warning `duplicate_photo` means; only in a batch. */
  readonly duplicateOf?: DuplicateOf;
  /** Milliseconds by step, and `total`, which is from when its turn came. */
  readonly timings: Readonly<Record<string, number>>;
}

/** An earlier photo that a photo repeats. */
export interface DuplicateOf {
  /** `batch`: a photo earlier in the same call; `known`: one of its `knownPhotos`. */
  readonly of: 'batch' | 'known';
  /** Its index there. */
  readonly index: number;
  /** Whether the two files are the same bytes; else the pictures look alike (another size or encoding, a burst). */
  readonly sameBytes: boolean;
  /** Differing bits of the two difference hashes, 0 to `max_duplicate_distance`. */
  readonly distance: number;
}

/** A photo of before, to find repetitions of: the `metadata` of its row will do, and so will a `PreparedPhoto`. */
export interface KnownPhoto {
  /** Of the picked file, 64 hexadecimal digits. */
  readonly sha256?: string | null | undefined;
  /** Difference hash, 16 hexadecimal digits. */
  readonly dhash?: string | null | undefined;
}

/** One encoded image with its facts. */
export interface PreparedImage {
  readonly blob: Blob;
  readonly mimeType: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly width: number;
  readonly height: number;
}

/** Size and form of a thumbnail. */
export interface ThumbnailOptions {
  /** Longest edge in pixels, 1 to 16 384 (WebP ends at 16 383). Default 400. */
  readonly maxEdge?: number | undefined;
  /** Default `webp`. */
  readonly format?: 'webp' | 'jpeg' | 'png' | undefined;
  /** 1 to 100. Default 75. */
  readonly quality?: number | undefined;
}

/** How a photo is made. Every member is optional; an unknown name is refused. */
export interface PrepareOptions {
  /** Longest edge in pixels, 1 to 16 384 (WebP ends at 16 383); smaller pictures are not enlarged. Default 2000. */
  readonly maxEdge?: number | undefined;
  /** `auto`: JPEG, or WebP where transparency is really used. Default `auto`. */
  readonly format?: 'auto' | 'jpeg' | 'webp' | 'png' | undefined;
  /** 1 to 100. Default 82. */
  readonly quality?: number | undefined;
  /** Largest size of the photo in bytes. Default and highest: the database's 10 485 760. */
  readonly maxBytes?: number | undefined;
  /**
   * `srgb` converts by the source's profile; `keep` keeps pixels and profile, of which only what concerns colours stays (a
   * display's names its serial number). Converted all the same when the photo is encoded anew: CMYK, colours that only chunks
   * of a PNG tell, and gray where the file could not hold its profile (WebP, transparency). Default `srgb`.
   */
  readonly color?: 'srgb' | 'keep' | undefined;
  /** The light in which pixels are averaged. Default `encoded`, as nearly every program does. */
  readonly light?: 'encoded' | 'linear' | undefined;
  /** `inside` keeps the whole picture; `cover` fills the box and cuts the rest evenly. Default `inside`. */
  readonly fit?: 'inside' | 'cover' | undefined;
  /** The box of `fit: 'cover'`, in pixels. A side that is left out, or 0, is `maxEdge` long: by default the box is a square. */
  readonly coverWidth?: number | undefined;
  /** Likewise. */
  readonly coverHeight?: number | undefined;
  /** Progressive JPEG. Default false. */
  readonly progressive?: boolean | undefined;
  /** Adds the position to `capture` (and to the file with `keepMetadata: 'capture'`). Default false. */
  readonly gps?: boolean | undefined;
  /**
   * `auto`: what the core cannot decode (HEIC, AVIF, GIF, BMP, JPEG XL, TIFF) goes through the browser's decoder, where it
   * has one, for 10 s at most. Default `auto`.
   */
  readonly browserDecode?: 'auto' | 'never' | undefined;
  /** False for none; an array makes 1 to 8, of which the first is the one that is stored. Default: one of the default kind. */
  readonly thumbnail?: ThumbnailOptions | readonly ThumbnailOptions[] | false | undefined;
  /** Colour under transparent pixels in JPEG: `#rrggbb` or 0xRRGGBB. Default white. */
  readonly background?: string | number | undefined;
  /** `capture` writes camera, exposure and time into the photo. Default `none`. */
  readonly keepMetadata?: 'none' | 'capture' | undefined;
  /**
   * `auto`: a source that already fits is only scrubbed of metadata. `never`: every photo is encoded. `always`: none is; what
   * cannot stay as it is (an animation, a picture that ends early, more than `maxBytes`) is refused, and what is stored turned
   * stays so, which browsers mend by its Exif in JPEG but not in WebP. Default `auto`.
   */
  readonly keepOriginal?: 'auto' | 'never' | 'always' | undefined;
  /** Refuses a file whose claimed type is not the true one. Default false: a warning. */
  readonly strictType?: boolean | undefined;
  /** Accepts a picture that ends too early. Default false. */
  readonly allowTruncated?: boolean | undefined;
  /** Hands the caller's bytes over to a worker in place of copying them: they are empty afterwards, unless they are a part of a larger buffer. Default false. */
  readonly transfer?: boolean | undefined;
}

/** The steps of one photo, in order. */
export type PhotoStep = 'read' | 'probe' | 'decode' | 'encode' | 'thumbnail' | 'hash';

/**
 * Where one photo is. `waiting` → `working` → `accepted` | `rejected` | `cancelled`; a photo may go from `waiting`
 * straight to `rejected` or `cancelled`, and never leaves the last three.
 */
export type PhotoState =
  | { readonly state: 'waiting' }
  | { readonly state: 'working'; readonly step: PhotoStep }
  | { readonly state: 'accepted'; readonly photo: PreparedPhoto }
  | { readonly state: 'rejected'; readonly error: PhotoError }
  | { readonly state: 'cancelled'; readonly error: PhotoError };

/** Progress of one photo. `fraction` and `bytesDone` never run backwards. */
export interface PhotoProgress {
  readonly state: PhotoState['state'];
  /** Null before the first and after the last. */
  readonly step: PhotoStep | null;
  /** 0 to 1. */
  readonly fraction: number;
  /** `fraction` of the source's bytes. */
  readonly bytesDone: number;
  /** As the source announces it: 0 where it does not. */
  readonly bytesTotal: number;
}

/** Progress of a batch. Delivered at most once an animation frame; never runs backwards. */
export interface BatchProgress {
  /** Files with a result. */
  readonly done: number;
  /** Files taken from the input so far; all of them when it is an array. */
  readonly total: number;
  readonly accepted: number;
  /** Refused or cancelled. */
  readonly rejected: number;
  /** 0 to 1, by bytes; by photos where no source announces any. */
  readonly fraction: number;
  /** Of the bytes of all sources taken so far, those that are done with. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** One entry a file, in input order. */
  readonly photos: readonly PhotoProgress[];
}

/** Options of `probe`. */
export interface ProbeCall extends Pick<PrepareOptions, 'gps' | 'strictType'> {
  readonly signal?: AbortSignal | undefined;
}

/** Options of `prepare`. */
export interface PrepareCall extends PrepareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PhotoProgress) => void) | undefined;
}

/** Options of `prepareAll`. */
export interface BatchOptions extends PrepareOptions {
  /** Photos that the project already has. Default 0. */
  readonly existingCount?: number | undefined;
  /** Photos to compare with, such as the project's: one that repeats one of them gets the warning `duplicate_photo`. */
  readonly knownPhotos?: readonly KnownPhoto[] | undefined;
  /** Stops the whole batch: what has no result yet ends as `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Stops one photo of the batch. */
  readonly photoSignal?: ((index: number, file: PhotoSource) => AbortSignal | undefined) | undefined;
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
}

/** The result for one file of a batch. */
export type BatchResult<F = PhotoSource> =
  | { readonly index: number; readonly file: F; readonly ok: true; readonly photo: PreparedPhoto }
  | { readonly index: number; readonly file: F; readonly ok: false; readonly error: PhotoError };

/** What a photo's row needs besides the prepared photo. */
export interface PhotoRowFacts {
  /** UUID. */
  readonly projectId: string;
  /** Path in the bucket `photos`. */
  readonly fileUrl: string;
  /** Path in the same bucket. */
  readonly thumbnailUrl?: string | null | undefined;
  /** 0-based; left out, the database appends. */
  readonly uploadOrder?: number | undefined;
  /** UUID, made on the device, so that a repeated insert is recognised. */
  readonly id?: string | undefined;
  /** Default: the source's name, without control characters, cut to 255 characters. */
  readonly originalFilename?: string | undefined;
  /** Joined with the photo's own facts. */
  readonly metadata?: JsonObject | undefined;
}

/** What a media item's row needs besides the prepared photo. */
export interface MediaRowFacts {
  /** UUID. */
  readonly userId: string;
  /** Path in the bucket `media`. */
  readonly fileUrl: string;
  /** Path in the same bucket. */
  readonly thumbnailUrl?: string | null | undefined;
  /** UUID, made on the device, so that a repeated insert is recognised. */
  readonly id?: string | undefined;
  /** Default: the source's name, without control characters, cut to 255 characters. */
  readonly originalFilename?: string | undefined;
  /** Joined with the photo's own facts. */
  readonly metadata?: JsonObject | undefined;
}

/** The languages of the database, in which sentences exist. */
export type Language = 'en' | 'ko' | 'ja' | 'zh' | 'es' | 'fr' | 'de';

/** What a sentence is made from; a `PhotoError` is one. */
export interface SentenceFacts {
  readonly code: ErrorCode | IssueCode | WarningCode;
  /** In the limit's own unit: bytes, pixels, or a bare number. */
  readonly limit?: number | undefined;
  readonly actual?: number | undefined;
  /** What was found, in English. */
  readonly detail?: string | undefined;
}

/** A small picture, four bytes a pixel, not premultiplied: `new ImageData(pixels, width, height)`. */
export interface Placeholder {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}
