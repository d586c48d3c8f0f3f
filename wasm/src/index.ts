/**
 * Photos that a person picked, made ready for upload: checked, upright, scaled, thumbnailed, without private data, with
 * the rows that the database accepts.
 *
 * Importing has no effect; `createPhotoCore` does the work.
 *
 * @packageDocumentation
 */
export { createPhotoCore } from './core.js';
export type { CoreOptions, PhotoCore } from './core.js';
export { PhotoError, isPhotoError } from './error.js';
export type { PayloadIssue, PhotoErrorFacts } from './error.js';
export type { ErrorCode, ErrorKind, IssueCode, WarningCode } from './errors.gen.js';
export type { LimitOptions, Limits } from './limits.js';
export { languages, messageFor } from './sentences.js';
export type { Language, SentenceFacts } from './sentences.js';
export { photoMetadata } from './payload.js';
export { thumbHashToPixels } from './thumbhash.js';
export type { Placeholder } from './thumbhash.js';
export type {
  I18nText,
  Json,
  JsonObject,
  MediaItemPayload,
  PhotoPayload,
  ProfilePayload,
  ProjectPayload,
} from './payload_types.gen.js';
export type { PayloadTable } from './raw.js';
export type * from './types.js';

/**
 * For `<input type="file" accept="…">`: what the core decodes, and what browsers decode for it (HEIC, AVIF). iOS turns
 * HEIC into JPEG when only JPEG is accepted, which loses nothing here and costs the person time.
 */
export const accept = 'image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif';
