import { errorKind, isRetryable, type ErrorCode, type ErrorKind, type IssueCode } from './errors.gen.js';

/** One problem of a payload. */
export interface PayloadIssue {
  /** JSON pointer into the draft; empty for the whole of it. */
  readonly path: string;
  readonly code: IssueCode;
  /** The sentence, in the language of the core. */
  readonly message: string;
  /** The limit concerned and the value that broke it. */
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
  /** For `invalid_option`: its name, what may stand there, and what came. */
  readonly option?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly cause?: unknown;
}

/** The brand that `isPhotoError` looks for; a class identity would not survive two bundles. */
const brand = 'photo-core';

/** The one error class of the package. `message` is a sentence for the person, in the language of the core. */
export class PhotoError extends Error {
  override readonly name = 'PhotoError';
  /** Stable: what a program branches on. */
  readonly code: ErrorCode;
  /** Whose turn it is: `input` and `limit`: the person; `caller`: a developer; `resource`, `remote`: try again. */
  readonly kind: ErrorKind;
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean;
  /** The limit concerned and the value that broke it, in the limit's own unit (bytes, pixels, or a bare number). */
  declare readonly limit?: number;
  declare readonly actual?: number;
  /** What was found, in English: a name inside the sentence, or raw detail for logs. */
  declare readonly detail?: string;
  /** Every problem of a payload, for `invalid_payload`. */
  declare readonly issues?: readonly PayloadIssue[];
  /** For `invalid_option`: its name, what may stand there, and what came. */
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

  /** What a log or another thread needs: all but the cause, as plain data. */
  toJSON(): { code: ErrorCode; message: string } & Omit<PhotoErrorFacts, 'cause'> {
    const { code, message, limit, actual, detail, issues, option, expected, received } = this;
    return { code, message, limit, actual, detail, issues, option, expected, received };
  }
}

/** Whether a caught value is a `PhotoError`, of this copy of the package or another. */
export function isPhotoError(value: unknown): value is PhotoError {
  return value instanceof Error && (value as { brand?: unknown }).brand === brand;
}
