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
export { languages, messageFor, thumbHashToPixels } from './on_demand.js';
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

/** For `<input type="file" accept="…">`: what the core decodes, and what browsers may decode for it (HEIC, AVIF). */
export const accept = 'image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif';
