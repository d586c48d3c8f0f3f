import { invalidOption } from '../caller_error.js';
import type { MediaRowFacts, PhotoRowFacts, PreparedPhoto } from '../types.js';
import type { Clock, Connectivity } from './clock.js';
import type { IdSource } from './ids.js';
import type { Outbox } from './outbox.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry.js';
import type { Row } from './service.js';
import { tokenSourceOf, type SessionClient } from './session.js';

/** Where rows come from: a `PhotoCore`, or anything with these three functions. */
export interface PayloadSource {
  projectPayload(draft: unknown): Promise<Row>;
  photoPayload(prepared: PreparedPhoto, facts: PhotoRowFacts): Promise<Row>;
  mediaItemPayload(prepared: PreparedPhoto, facts: MediaRowFacts): Promise<Row>;
}

/** Options of `createSender`. */
export interface SenderOptions {
  /** Any supabase-js v2 client. Only its session is used: the sender makes its requests itself. */
  readonly client: SessionClient;
  /** Address of the Supabase project, as given to `createClient`. */
  readonly url: string;
  /** Publishable (anon) key, as given to `createClient`. */
  readonly key: string;
  /** Builds and checks the rows: the `PhotoCore` that prepared the photos. */
  readonly core: PayloadSource;
  /** Where what is not yet confirmed is kept. Default: IndexedDB where there is one, else memory; in Node give `createFolderOutbox(dir)`. */
  readonly outbox?: Outbox | undefined;
  /** Makes the requests in place of XMLHttpRequest (browser) or fetch (Node); progress then moves by whole requests. */
  readonly fetch?: typeof fetch | undefined;
  /** Objects that are sent at the same time, by all jobs of this sender together, 1 to 16. Default 4. */
  readonly uploads?: number | undefined;
  /** Longest silence of one request, in milliseconds. Default 60 000. */
  readonly idleMs?: number | undefined;
  /** What differs from `defaultRetryPolicy`. */
  readonly retry?: { readonly [name in keyof RetryPolicy]?: RetryPolicy[name] | undefined } | undefined;
  /** Time and chance; tests give their own. */
  readonly clock?: Clock | undefined;
  /** Whether there is a network. Default: the browser's word; for a `url` on this machine, which needs none, always. */
  readonly connectivity?: Connectivity | undefined;
  /** The moment and the chance of which ids are made; tests give their own. */
  readonly ids?: IdSource | undefined;
}

/** A new project with its photos. */
export interface SendBatch {
  /** As for `core.projectPayload`; `id` and `user_id` are added. */
  readonly project: object;
  /** In the order in which they are to be shown. */
  readonly photos: readonly PreparedPhoto[];
  /** Id of the new project, a UUID in lower case. Default: made here. */
  readonly projectId?: string | undefined;
}

/** Options of one call of the sender. */
export interface SendOptions {
  /** Stops the job; what is missing stays in the outbox. */
  readonly signal?: AbortSignal | undefined;
  /** Remove the new project again when none of its photos could be stored. Default false. */
  readonly removeEmptyProject?: boolean | undefined;
}

/** What the outbox holds for the person who is signed in. */
export interface PendingEntry {
  /** For `discard`. */
  readonly id: string;
  /** `damaged`: its record cannot be read, so that it can only be discarded. */
  readonly kind: 'photos' | 'media' | 'avatar' | 'replace' | 'remove' | 'damaged';
  /** Null where the call named none: `replace`, the media library, the avatar. */
  readonly projectId: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly photos: readonly { readonly index: number; readonly id: string; readonly name: string; readonly confirmed: boolean }[];
  /** Bytes of all its objects. */
  readonly bytesTotal: number;
  /** Bytes of the objects that are stored already. */
  readonly bytesDone: number;
}

const functionsOf = (value: unknown, ...names: string[]): boolean =>
  typeof value === 'object' && value !== null && names.every((name) => typeof (value as Row)[name] === 'function');
const isNumber = (value: unknown, low: number): boolean => typeof value === 'number' && Number.isFinite(value) && value >= low;

/** A client's `auth` throws on access where its sessions come from a third party. */
function isClient(client: unknown): boolean {
  if (typeof client !== 'object' || client === null) return false;
  return tokenSourceOf(client) !== undefined || functionsOf((client as Row)['auth'], 'getSession', 'refreshSession');
}

/** Inherited names too; an unknown one is most likely misspelt. What a page gave to every object is nobody's. */
function refuseOthers(place: string, value: object, names: readonly string[]): void {
  for (const name in value) {
    if (!names.includes(name) && !(name in {})) throw invalidOption(`${place}${name}`, `one of ${names.join(', ')}`, (value as Row)[name]);
  }
}

/** Safari has `URL.canParse` since 17, Chrome since 120. */
function parses(url: string): boolean {
  try {
    return Boolean(new URL(url));
  } catch {
    return false;
  }
}

export function checkOptions(options: SenderOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object with client, url, key and core', options);
  const { client, url, key, core, uploads, idleMs, outbox, fetch, clock, connectivity, ids, retry } = options;
  refuseOthers('', options, ['client', 'url', 'key', 'core', 'outbox', 'fetch', 'uploads', 'idleMs', 'retry', 'clock', 'connectivity', 'ids']);
  if (!isClient(client)) throw invalidOption('client', 'a supabase-js client', client);
  if (typeof url !== 'string' || !/^https?:\/\/[^\s?#@]+$/.test(url) || !parses(url)) throw invalidOption('url', 'an http or https address', url);
  if (typeof key !== 'string' || !/^[\x21-\x7e]+$/.test(key)) throw invalidOption('key', 'a publishable key', key);
  if (!functionsOf(core, 'projectPayload', 'photoPayload', 'mediaItemPayload')) throw invalidOption('core', 'a PhotoCore', core);
  if (uploads !== undefined && !(Number.isInteger(uploads) && uploads >= 1 && uploads <= 16)) {
    throw invalidOption('uploads', 'a whole number from 1 to 16', uploads);
  }
  if (idleMs !== undefined && !isNumber(idleMs, 1)) throw invalidOption('idleMs', 'a positive number of milliseconds', idleMs);
  if (outbox !== undefined && !functionsOf(outbox, 'put', 'update', 'get', 'list', 'file', 'remove', 'lock')) throw invalidOption('outbox', 'an outbox', outbox);
  if (fetch !== undefined && typeof fetch !== 'function') throw invalidOption('fetch', 'a function', fetch);
  if (clock !== undefined && !functionsOf(clock, 'now', 'sleep', 'random')) throw invalidOption('clock', 'a clock', clock);
  if (connectivity !== undefined && !functionsOf(connectivity, 'online', 'whenOnline')) throw invalidOption('connectivity', 'online and whenOnline', connectivity);
  if (ids !== undefined && !functionsOf(ids, 'now', 'fill')) throw invalidOption('ids', 'now and fill', ids);
  if (retry !== undefined && (typeof retry !== 'object' || retry === null)) throw invalidOption('retry', 'an object', retry);
  refuseOthers('retry.', retry ?? {}, policyNames);
  for (const name of policyNames) {
    const value = retry?.[name];
    if (value === undefined) continue;
    if (name === 'attempts' && !(Number.isInteger(value) && value >= 1)) throw invalidOption('retry.attempts', 'a whole number from 1', value);
    if (!isNumber(value, 0)) throw invalidOption(`retry.${name}`, 'a number of milliseconds', value);
  }
}

const policyNames = Object.keys(defaultRetryPolicy) as (keyof RetryPolicy)[];

/** The retry policy with its defaults; a value that is undefined is left out. */
export function policyOf(retry: SenderOptions['retry']): RetryPolicy {
  return Object.fromEntries(policyNames.map((name) => [name, retry?.[name] ?? defaultRetryPolicy[name]])) as unknown as RetryPolicy;
}

/** @throws PhotoError `invalid_option` */
export function checkBatch(batch: unknown): asserts batch is SendBatch {
  const { project, photos } = (batch ?? {}) as Partial<SendBatch>;
  if (typeof project !== 'object' || project === null) throw invalidOption('project', 'an object', project);
  refuseOthers('', batch as SendBatch, ['project', 'photos', 'projectId']);
  checkPhotos('photos', photos);
}

export function checkPhotos(name: string, photos: unknown): asserts photos is readonly PreparedPhoto[] {
  if (!Array.isArray(photos)) throw invalidOption(name, 'an array of prepared photos', photos);
  for (const [index, photo] of photos.entries()) checkPhoto(`${name}[${index}]`, photo);
}

/** Told apart by what is used of it: a result of `prepareAll` (`{ ok, photo }`) is a common slip. */
export function checkPhoto(name: string, photo: unknown): asserts photo is PreparedPhoto {
  const { photo: file, mimeType } = (photo ?? {}) as Partial<PreparedPhoto>;
  const isFile = typeof file === 'object' && functionsOf(file, 'arrayBuffer') && typeof file.size === 'number';
  if (!isFile || typeof mimeType !== 'string') throw invalidOption(name, 'a prepared photo', photo);
}

export function checkSendOptions(options: unknown): asserts options is SendOptions {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const { signal, removeEmptyProject } = options as SendOptions;
  refuseOthers('', options, ['signal', 'removeEmptyProject']);
  if (removeEmptyProject !== undefined && typeof removeEmptyProject !== 'boolean') {
    throw invalidOption('removeEmptyProject', 'true or false', removeEmptyProject);
  }
  if (signal !== undefined && !(functionsOf(signal, 'addEventListener') && typeof signal.aborted === 'boolean')) {
    throw invalidOption('signal', 'an AbortSignal', signal);
  }
}
