/** Ids and paths that are made on the device, so that every step can be repeated with the same result. */

/** Where a moment and chance come from; tests inject both. */
export interface IdSource {
  /** Milliseconds since 1970. */
  now(): number;
  /** Fills the array with random bytes and returns it. */
  fill(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

export const deviceIds: IdSource = {
  now: () => Date.now(),
  fill: (bytes) => crypto.getRandomValues(bytes),
};

/** UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then chance. */
export function uuidV7(source: IdSource = deviceIds): string {
  const bytes = source.fill(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  const now = source.now();
  view.setUint16(0, Math.floor(now / 2 ** 32) & 0xffff);
  view.setUint32(2, now % 2 ** 32);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The spelling that the sender makes and takes: lower case with hyphens. */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
};

/** File extension of a stored type; `bin` for one that no bucket takes. */
export function extensionOf(mimeType: string): string {
  return extensions[mimeType] ?? 'bin';
}

/** The two object paths of a photo: `<folder>/<id>.<ext>` and `<folder>/<id>.thumb.<ext>`. Nothing of the user's file name is in them. */
export function objectPaths(folder: string, id: string, mimeType: string, thumbnailType: string | null): { file: string; thumbnail: string | null } {
  return {
    file: `${folder}/${id}.${extensionOf(mimeType)}`,
    thumbnail: thumbnailType === null ? null : `${folder}/${id}.thumb.${extensionOf(thumbnailType)}`,
  };
}
