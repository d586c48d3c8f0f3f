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
