import { PhotoError, isPhotoError, type PayloadIssue } from '../error.js';
import type { ErrorCode, IssueCode } from '../errors.gen.js';
import { filled } from '../fill_sentence.js';
import { limits } from '../limits.gen.js';
import sentences from '../messages/en.gen.js';
import { constraintCodes, sqlstateCodes, storageCodes } from '../remote_codes.gen.js';

/**
 * What may help after a failed request. `later`: the same again after a wait. `once`: a single careful repetition (an answer
 * that no Supabase service wrote). `sign_in`: a fresh session. `never`: nothing.
 */
export type Remedy = 'never' | 'later' | 'once' | 'sign_in';

/** What is known of a failed request. */
interface FaultFacts {
  readonly status?: number;
  readonly detail?: string;
  /** Wait that the server asked for, in milliseconds. */
  readonly retryAfterMs?: number;
  /** SQLSTATE or PGRST code of a REST answer, `code` of a Storage answer. */
  readonly serviceCode?: string;
  /** `table.constraint` of a failed CHECK, or the bare name of a failed UNIQUE. */
  readonly constraint?: string;
  readonly issue?: { readonly path: string; readonly code: IssueCode };
  readonly limit?: number;
  readonly actual?: number;
  readonly cause?: unknown;
}

/** Characters of a detail: it goes into events, logs and the outbox, and a server may say a great deal. */
const longestDetail = 500;

/** A failed request, before anybody decided what it means for the photo. Inside the sender only. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly facts: FaultFacts;
  constructor(
    readonly code: ErrorCode,
    readonly remedy: Remedy,
    { detail, ...facts }: FaultFacts = {},
  ) {
    const cut = detail?.slice(0, longestDetail);
    super(cut ?? code);
    this.facts = cut === undefined ? facts : { ...facts, detail: cut };
  }
}

export function isFault(value: unknown): value is Fault {
  return value instanceof Error && value.name === 'Fault'; // by name: the on-demand part is a bundle of its own
}

/** What an answer has that a verdict needs. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | null;
}

export type Service = 'rest' | 'storage';

/**
 * `Retry-After` in both of its forms (RFC 9110, section 10.2.3), in milliseconds. A moment is the server's: it is taken from
 * the server's own `Date` where that can be read, for a device's clock may be minutes off.
 */
function retryAfterMs({ header }: Answer, now: number): number | undefined {
  const value = header('retry-after');
  if (!value) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - (Date.parse(header('date') ?? '') || now));
}

/** The table of remedies. @param now moment in milliseconds, for a `Retry-After` that is a date */
export function readFault(service: Service, answer: Answer, now: number): Fault {
  const wait = retryAfterMs(answer, now);
  const base = { status: answer.status, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  let body: Record<string, unknown> | undefined;
  try {
    const parsed: unknown = JSON.parse(answer.text);
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    body = undefined;
  }
  if (!body) return readForeign(answer.status, base);
  return service === 'storage' ? readStorage(answer.status, body, base) : readRest(answer.status, body, base);
}

type Base = { status: number; retryAfterMs?: number };

/** What stands in a body where a word is expected: anything else there may have a `toString` of its own. */
const word = (value: unknown): string => (['string', 'number'].includes(typeof value) ? String(value) : '');

/** A figure that a server names; NaN when it is none. */
export const figure = (value: unknown): number => Number(word(value) || NaN);

/** What a table has under a word that a server chose: `constructor` is in every object and in no table. */
const entryIn = <T>(table: Readonly<Record<string, T | undefined>>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

/** By status alone: an answer of a proxy, a gateway or a portal. */
function byStatus(status: number, base: Base, detail: string): Fault | undefined {
  if (status === 429) return new Fault('rate_limited', 'later', { ...base, detail });
  if (status === 507) return new Fault('storage_full', 'never', { ...base, detail });
  if (status === 408 || status === 423 || status === 425 || status >= 500) return new Fault('server_error', 'later', { ...base, detail });
  if (status === 401) return new Fault('sign_in_required', 'sign_in', { ...base, detail });
  return undefined;
}

function readForeign(status: number, base: Base): Fault {
  const detail = `HTTP ${status} without a JSON body`;
  const known = byStatus(status, base, detail);
  if (known) return known;
  if (status === 413) return new Fault('output_too_large', 'never', { ...base, detail });
  return new Fault(status === 403 ? 'not_allowed' : 'server_error', 'once', { ...base, detail });
}

const storageAliases: Readonly<Record<string, string>> = {
  Duplicate: 'ResourceAlreadyExists',
  not_found: 'NoSuchKey',
  'Bucket not found': 'NoSuchBucket',
  invalid_mime_type: 'InvalidMimeType',
  'Payload too large': 'EntityTooLarge',
  'Invalid key': 'InvalidKey',
};
/** What another try can change: overload, locks, and bytes that were spoilt on the way. */
const storageLater = new Set([
  'SlowDown', 'TooManyRequests', 'LockTimeout', 'acquiring_lock_timeout', 'DatabaseTimeout', 'DatabaseConnectionLimit', 'ResourceLocked',
  'InternalError', 'S3Error', 'TransactionError', 'Aborted', 'AbortedTerminate', 'InvalidChecksum', 'NoSuchUpload',
]);
/** What Storage and its token library say of a token that is no (longer a) key; older servers say it in words alone. */
const tokenRefused = /\bjw[ts]\b|"(exp|nbf|iat)" claim|token (is )?expired|signature verification failed|invalid signature/i;

/** What the database's guard of stored files says: Storage has one code for all of it, and passes the words on. */
const guardWords: readonly (readonly [string, ErrorCode])[] = [
  ['takes no file of this size', 'output_too_large'],
  ['takes no file of this type', 'unsupported_type'],
  ['the folder of this file is nobody\'s', 'not_found'],
  ['the project is being processed: its files do not change now', 'project_busy'],
  ['the files of this account are far over its quota', 'quota_exceeded'],
];
const guardCode = (said: string): ErrorCode | undefined => guardWords.find(([words]) => said.endsWith(words))?.[1];

/** Storage answers most errors with HTTP 400; the truth is in the body. */
function readStorage(status: number, body: Record<string, unknown>, base: Base): Fault {
  const named = word(body['code'] ?? body['error']);
  const code = entryIn(storageAliases, named) ?? named;
  const message = word(body['message']);
  const inner = figure(body['statusCode']) || status;
  const facts = { ...base, detail: `Storage: ${code || inner}: ${message}`, serviceCode: code };
  if (tokenRefused.test(`${code} ${message}`) && inner !== 404) {
    return new Fault('sign_in_required', 'sign_in', facts);
  }
  if (storageLater.has(code)) return new Fault(entryIn(storageCodes, code) ?? 'server_error', 'later', facts);
  const byName = (inner === 403 ? guardCode(message) : undefined) ?? entryIn(storageCodes, code);
  if (byName) return new Fault(byName, byName === 'sign_in_required' ? 'sign_in' : 'never', facts);
  if (inner === 402) return new Fault('quota_exceeded', 'never', facts);
  const known = byStatus(inner, base, facts.detail);
  if (known) return new Fault(known.code, known.remedy, facts);
  const rest: Readonly<Record<number, ErrorCode>> = { 403: 'not_allowed', 404: 'not_found', 409: 'already_exists', 413: 'output_too_large', 415: 'unsupported_type' };
  return new Fault(rest[inner] ?? 'invalid_payload', 'never', facts);
}

/**
 * The resumable protocol's refusals are a status with a sentence, without JSON. @param method of the refused request
 */
export function readTusFault(method: string, answer: Answer, now: number): Fault {
  const read = readFault('storage', answer, now);
  const { status, text } = answer;
  const fact = (code: ErrorCode, remedy: Remedy) => new Fault(code, remedy, { ...read.facts, status, detail: `Resumable: ${status} ${text.slice(0, 200)}` });
  if (read.remedy === 'later' || read.remedy === 'sign_in') return read;
  if (tokenRefused.test(text) && text.length < 1000) return fact('sign_in_required', 'sign_in');
  // A piece that does not begin where the server stands, or belongs to an upload that is gone: the next try asks where it stands.
  if (method === 'PATCH' && [404, 409, 410, 460].includes(status)) return fact('server_error', 'later');
  if (read.remedy !== 'once' || /^\s*</.test(text)) return read; // a page is not the service's own word
  const codes: Readonly<Record<number, ErrorCode>> = { 400: 'invalid_payload', 402: 'quota_exceeded', 403: 'not_allowed', 404: 'not_found', 409: 'already_exists', 413: 'output_too_large', 415: 'unsupported_type' };
  const code = (status === 403 ? guardCode(text.trim()) : undefined) ?? codes[status];
  return code ? fact(code, 'never') : read;
}

/** Codes of PostgreSQL and PostgREST after which the same statement can succeed: overload, lost connection, deadlock, a full disk. */
const restLater = /^(25006|40001|40P01|55P03|57014|57P0\d|53\d{3}|08\d{3}|PGRST00\d)$/;

function readRest(status: number, body: Record<string, unknown>, base: Base): Fault {
  const code = word(body['code']);
  const message = word(body['message']);
  const facts = { ...base, detail: `REST: ${code || status}: ${message}`, serviceCode: code };
  if (status === 401 || code === 'PGRST301' || code === 'PGRST303') return new Fault('sign_in_required', 'sign_in', facts);
  if (restLater.test(code)) return new Fault('server_error', 'later', facts);
  if (code === '23514') {
    const [, table = '', constraint = ''] = /relation "([^"]+)" violates check constraint "([^"]+)"/.exec(message) ?? [];
    const name = `${table}.${constraint}`;
    const known = entryIn(constraintCodes, name);
    return new Fault(known?.code ?? 'invalid_payload', 'never', {
      ...facts,
      constraint: name,
      issue: { path: known?.path ?? '', code: known?.issue ?? 'out_of_range' },
    });
  }
  if (code === '23505') {
    return new Fault('already_exists', 'never', { ...facts, constraint: /constraint "([^"]+)"/.exec(message)?.[1] ?? '' });
  }
  if (code === 'PT402') return new Fault('quota_exceeded', 'never', { ...facts, ...quotaFigures(body['details']) });
  const known = entryIn(sqlstateCodes, code);
  if (known) return new Fault(known, 'never', facts);
  const general = byStatus(status, base, facts.detail);
  if (general) return new Fault(general.code, general.remedy, facts);
  const rest: Readonly<Record<number, ErrorCode>> = { 402: 'quota_exceeded', 403: 'not_allowed', 404: 'not_found', 409: 'already_exists', 413: 'output_too_large' };
  return new Fault(rest[status] ?? 'invalid_payload', 'never', facts);
}

/** The database's own account of a quota: `{"used", "quota", "requested"}` in the details of PT402. */
function quotaFigures(details: unknown): { limit?: number; actual?: number } {
  try {
    const { used, quota, requested } = JSON.parse(word(details)) as Record<string, unknown>;
    const limit = figure(quota);
    const actual = figure(used) + figure(requested);
    return { ...(Number.isFinite(limit) ? { limit } : {}), ...(Number.isFinite(actual) ? { actual } : {}) };
  } catch {
    return {};
  }
}

/** Structured data of an error: what the outbox keeps and an event carries. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly limit?: number;
  readonly actual?: number;
  readonly detail?: string;
  readonly issues?: readonly PayloadIssue[];
}

/** The error that a caller gets, its sentence in English; `messageFor` has the other languages. */
export function remoteError(
  code: ErrorCode,
  facts: { limit?: number; actual?: number; detail?: string; issues?: readonly PayloadIssue[]; cause?: unknown } = {},
): PhotoError {
  return new PhotoError(code, filled(sentences, { code, ...facts }, 'en'), facts);
}

/** Whatever was thrown, as the one error class. */
export function errorOf(thrown: unknown): PhotoError {
  if (isPhotoError(thrown)) return thrown;
  if (isFault(thrown)) {
    const { detail, issue, limit = thrown.code === 'too_many_photos' ? limits.max_photos_per_project : undefined, actual } = thrown.facts;
    const issues = thrown.code === 'invalid_payload' && issue ? [{ path: issue.path, code: issue.code, message: filled(sentences, { code: issue.code }, 'en') }] : undefined;
    return remoteError(thrown.code, {
      ...(limit === undefined || Number.isNaN(limit) ? {} : { limit }),
      ...(actual === undefined || Number.isNaN(actual) ? {} : { actual }),
      ...(detail ? { detail } : {}),
      ...(issues ? { issues } : {}),
      cause: thrown,
    });
  }
  return remoteError('internal', { detail: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown });
}

export function recordOf(error: PhotoError): ErrorRecord {
  const { code, message, limit, actual, detail, issues } = error;
  return {
    code,
    message,
    ...(limit === undefined ? {} : { limit }),
    ...(actual === undefined ? {} : { actual }),
    ...(detail === undefined ? {} : { detail }),
    ...(issues === undefined ? {} : { issues }),
  };
}

export function errorFromRecord({ code, message, ...facts }: ErrorRecord): PhotoError {
  return new PhotoError(code, message, facts);
}
