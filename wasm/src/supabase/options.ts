import { invalidOption } from '../caller_error.js';
import type { MediaRowFacts, PhotoRowFacts, PreparedPhoto } from '../types.js';
import type { Clock, Connectivity } from './clock.js';
import type { IdSource } from './ids.js';
import type { Outbox } from './outbox.js';
import type { RetryPolicy } from './retry.js';
import type { Row } from './service.js';
import type { SessionClient } from './session.js';

/** Where rows come from: a `PhotoCore`, or anything with these three functions. */
export interface PayloadSource {
  projectPayload(draft: unknown): Promise<Row>;
  photoPayload(prepared: PreparedPhoto, facts: PhotoRowFacts): Promise<Row>;
  mediaItemPayload(prepared: PreparedPhoto, facts: MediaRowFacts): Promise<Row>;
}

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
  readonly outbox?: Outbox;
  /** Makes the requests in place of XMLHttpRequest (browser) or fetch (Node); progress then moves by whole requests. */
  readonly fetch?: typeof fetch;
  /** Objects that are sent at the same time, 1 to 16. Default 4. */
  readonly uploads?: number;
  /** Longest silence of one request, in milliseconds. Default 60 000. */
  readonly idleMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Time and chance; tests give their own. */
  readonly clock?: Clock;
  readonly connectivity?: Connectivity;
  readonly ids?: IdSource;
}

/** A new project with its photos. */
export interface SendBatch {
  /** As for `core.projectPayload`; `id` and `user_id` are added. */
  readonly project: { readonly [field: string]: unknown };
  /** In the order in which they are to be shown. */
  readonly photos: readonly PreparedPhoto[];
  /** Id of the new project, a UUID in lower case. Default: made here. */
  readonly projectId?: string;
}

export interface SendOptions {
  /** Stops the job; what is missing stays in the outbox. */
  readonly signal?: AbortSignal;
  /** Remove the new project again when none of its photos could be stored. Default false. */
  readonly removeEmptyProject?: boolean;
}

/** What the outbox holds for the person who is signed in. */
export interface PendingEntry {
  readonly id: string;
  readonly kind: 'photos' | 'media' | 'avatar' | 'replace' | 'remove';
  readonly projectId: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly photos: readonly { readonly index: number; readonly id: string; readonly name: string; readonly confirmed: boolean }[];
  readonly bytesTotal: number;
  /** Bytes of the objects that are stored already. */
  readonly bytesDone: number;
}

export function checkOptions(options: SenderOptions): void {
  const { client, url, key, core, uploads, idleMs } = options;
  if (typeof client?.auth?.getSession !== 'function') throw invalidOption('client', 'a supabase-js client', client);
  if (typeof url !== 'string' || !/^https?:\/\/[^\s?#]+$/.test(url)) throw invalidOption('url', 'an http or https address', url);
  if (typeof key !== 'string' || key === '') throw invalidOption('key', 'a publishable key', key);
  if (typeof core?.photoPayload !== 'function') throw invalidOption('core', 'a PhotoCore', core);
  if (uploads !== undefined && !(Number.isInteger(uploads) && uploads >= 1 && uploads <= 16)) {
    throw invalidOption('uploads', 'a whole number from 1 to 16', uploads);
  }
  if (idleMs !== undefined && !(idleMs > 0)) throw invalidOption('idleMs', 'a positive number of milliseconds', idleMs);
}
