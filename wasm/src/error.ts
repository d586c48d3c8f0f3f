import { errorKind, isRetryable, type ErrorCode, type ErrorKind, type IssueCode } from './errors.gen.js';

/** One problem of a payload. */
export interface PayloadIssue {
  /** JSON pointer into the draft; empty for the whole of it. */
  readonly path: string;
  readonly code: IssueCode;
  readonly message: string;
  readonly limit?: number;
  readonly actual?: number;
}

/** What a `PhotoError` can carry besides its code. */
export interface PhotoErrorFacts {
  /** The limit concerned and the value that broke it, in the limit's own unit. */
  readonly limit?: number | undefined;
  readonly actual?: number | undefined;
  /** What was found, in English: a name inside the sentence, or raw detail for logs. */
  readonly detail?: string | undefined;
  /** Every problem of a payload, for `invalid_payload`. */
  readonly issues?: readonly PayloadIssue[] | undefined;
  /** For `invalid_option`. */
  readonly option?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly cause?: unknown;
}

/** The brand that `isPhotoError` looks for; a class identity would not survive two bundles. */
const brand = 'photo-core';

/** The one error class of the package. */
export class PhotoError extends Error {
  override readonly name = 'PhotoError';
  readonly code: ErrorCode;
  /** Whose turn it is: `input` and `limit`: the person; `caller`: a developer; `resource`, `remote`: try again. */
  readonly kind: ErrorKind;
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean;
  declare readonly limit?: number;
  declare readonly actual?: number;
  declare readonly detail?: string;
  declare readonly issues?: readonly PayloadIssue[];
  declare readonly option?: string;
  declare readonly expected?: string;
  declare readonly received?: string;
  /** @internal */
  readonly brand = brand;

  constructor(code: ErrorCode, message: string, facts: PhotoErrorFacts = {}) {
    const { cause, ...rest } = facts;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.kind = errorKind(code);
    this.retryable = isRetryable(code);
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined && value !== '') Object.assign(this, { [name]: value });
    }
  }

  /** What a log or another thread needs; the same members that the command line prints. */
  toJSON(): { code: ErrorCode; message: string } & Omit<PhotoErrorFacts, 'cause'> {
    const { code, message, limit, actual, detail, issues, option, expected, received } = this;
    return { code, message, limit, actual, detail, issues, option, expected, received };
  }
}

/** Whether a caught value is a `PhotoError`, of this copy of the package or another. */
export function isPhotoError(value: unknown): value is PhotoError {
  return value instanceof Error && (value as { brand?: unknown }).brand === brand;
}

/** A value as a sentence shows it. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) {
    const { name } = value.constructor ?? {};
    return Array.isArray(value) ? `an array of ${value.length}` : name && name !== 'Object' ? `a ${name}` : 'an object';
  }
  return String(value);
}

/** "Expected X for Y but received Z", from this one place. */
export function invalidOption(option: string, expected: string, value: unknown): PhotoError {
  const received = show(value);
  return new PhotoError('invalid_option', `Expected ${expected} for ${option} but received ${received}.`, {
    option,
    expected,
    received,
    detail: `${option}: expected ${expected}, received ${received}`,
  });
}

/** A file of the package that did not arrive, and how. */
export const asset = (detail: string): PhotoError =>
  new PhotoError('asset_unavailable', `A file of photo core could not be loaded: ${detail}.`, { detail });

/** What the environment lacks. */
export const environment = (lacking: string): PhotoError =>
  new PhotoError('unsupported_environment', `Photo core cannot run here: ${lacking} is missing.`, { detail: lacking });
