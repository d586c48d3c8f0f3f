/** Rows from prepared photos. The rules themselves are the core's. */
import type { MediaRowFacts, PhotoRowFacts, PreparedPhoto } from './types.js';
import type { JsonObject } from './payload_types.gen.js';

/** Code points that `original_filename` holds. */
const max_filename_characters = 255;

/** `focalLength35Mm` → `focal_length_35mm`, the contract's way of writing names in JSON. */
const snake = (name: string): string =>
  name.replace('35Mm', '_35mm').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The same members under snake_case names. */
export const snakeCase = (facts: object): JsonObject =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [snake(name), value]));

/** A name that the column takes, or none: the name is the file system's, the photo is not refused for it. */
function fileName(name: string): string | undefined {
  const text = Array.from(name.replace(/[\p{Cc}\p{Cs}]/gu, ''))
    .slice(0, max_filename_characters)
    .join('');
  // Letters and marks that leave no mark of their own (fillers of Hangul, a blank Braille cell) name nothing either.
  return /[^\p{Z}\p{C}\p{DI}\u2800]/u.test(text) ? text : undefined;
}

/** What is known of a photo and has no column. */
export function photoMetadata(photo: PreparedPhoto): JsonObject {
  const { name: _, bytes, ...source } = photo.source;
  return {
    sha256: photo.sha256,
    photo_sha256: photo.photoSha256,
    dhash: photo.dhash,
    thumbhash: photo.thumbhash,
    decoded_by: photo.decodedBy,
    capture: snakeCase(photo.capture),
    source: { ...snakeCase(source), file_size_bytes: bytes },
  };
}

const isObject = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value);

const common = (photo: PreparedPhoto, facts: PhotoRowFacts | MediaRowFacts): JsonObject => ({
  id: facts.id,
  file_url: facts.fileUrl,
  thumbnail_url: facts.thumbnailUrl,
  original_filename: facts.originalFilename ?? fileName(photo.source.name),
  file_size_bytes: photo.bytes,
  mime_type: photo.mimeType,
  width: photo.width,
  height: photo.height,
  // What is no object is the caller's mistake, and the rules say so.
  metadata: isObject(facts.metadata ?? {}) ? { ...photoMetadata(photo), ...(facts.metadata as JsonObject | undefined) } : facts.metadata,
});

export const photoRow = (photo: PreparedPhoto, facts: PhotoRowFacts): JsonObject => ({
  ...common(photo, facts),
  project_id: facts.projectId,
  upload_order: facts.uploadOrder,
});

// The library's column must have a name: what has none (a picture from the clipboard) is called as it is stored.
export const mediaItemRow = (photo: PreparedPhoto, facts: MediaRowFacts): JsonObject => {
  const row = common(photo, facts);
  return {
    ...row,
    original_filename: row['original_filename'] ?? String(facts.fileUrl).split('/').at(-1),
    user_id: facts.userId,
    file_type: 'image',
  };
};
