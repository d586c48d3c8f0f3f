import type { ErrorRecord } from './fault.js';
import type { Row } from './service.js';

/** One object that belongs to an item. */
export interface OutboxFile {
  readonly role: 'photo' | 'thumbnail';
  readonly bucket: string;
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  stored: boolean;
  /** Where the resumable protocol goes on. */
  resumeUrl?: string;
}

/** One photo (or media item, or avatar): its objects, and the row that follows them. */
export interface OutboxItem {
  /** Id of the row, made on the device. */
  readonly id: string;
  /** Position among the photos that the caller gave. */
  readonly index: number;
  readonly name: string;
  readonly row: Row;
  readonly files: OutboxFile[];
  /** `waiting`: objects or row are missing; `confirmed`: the row is there; `failed`: given up, its objects not yet removed; `cleaned`: given up, nothing left. */
  state: 'waiting' | 'confirmed' | 'failed' | 'cleaned';
  error?: ErrorRecord;
}

/** What was prepared and is not yet confirmed: one entry for each call of the sender. Plain data. */
export interface OutboxEntry {
  readonly id: string;
  /** The person whose entry it is. Nobody else sees or sends it. */
  readonly owner: string;
  /** Address of the Supabase project that it is meant for. */
  readonly target: string;
  readonly kind: 'photos' | 'media' | 'avatar' | 'replace' | 'remove' | 'damaged';
  /** Milliseconds since 1970: entries are resumed in this order. */
  readonly createdAt: number;
  readonly table: 'photos' | 'media_items' | 'users';
  readonly projectId: string | null;
  /** The project's row, when this entry makes the project. */
  readonly projectRow: Row | null;
  projectMade: boolean;
  quotaAsked: boolean;
  /** Remove the project if nothing of this entry arrived. */
  removeEmptyProject: boolean;
  /** Set by `discard`: from now on only cleaning up. */
  givenUp: boolean;
  /** A request to store an object or row ended without an answer: look twice when cleaning up. */
  uncertain: boolean;
  readonly items: OutboxItem[];
  /** Rows that this entry removes (`replace`, `remove`), as they were, with the paths of their objects; the picture before this one (`avatar`). */
  readonly removes: { readonly id: string; readonly row: Row; readonly bucket: string; readonly paths: readonly string[] }[];
  /** How far `replace`, `remove` and `avatar` got after their objects and rows. */
  step: number;
}

/**
 * Where entries live until the server has confirmed them. Every method works for one owner and never shows another's
 * entries. A method that resolved has its effect on disk. When the place is full it rejects (`QuotaExceededError`, `ENOSPC`).
 */
export interface Outbox {
  /** Stores an entry with its files, all or nothing. Keys of `files` are object paths. */
  put(entry: OutboxEntry, files: ReadonlyMap<string, Blob>): Promise<void>;
  /** Replaces the entry's record; its files stay. An entry that was removed stays removed; where `lock` cannot keep others out, one that was given up stays given up. */
  update(entry: OutboxEntry): Promise<void>;
  get(owner: string, id: string): Promise<OutboxEntry | null>;
  /** Oldest first. A record that cannot be read is told as an entry of the kind `damaged`, and keeps none of the others back. */
  list(owner: string): Promise<OutboxEntry[]>;
  /** Bytes of one file; null when they are gone. Rejects when they cannot be read now. */
  file(owner: string, id: string, path: string): Promise<Blob | null>;
  remove(owner: string, id: string): Promise<void>;
  /**
   * Takes the right to work on an entry, among all tabs and processes that share this outbox.
   * @returns what ends it; null when somebody else has it. A holder that dies loses it.
   */
  lock(owner: string, id: string): Promise<(() => Promise<void>) | null>;
}

const isRecord = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isListOf = (value: unknown, check: (each: unknown) => boolean): boolean => Array.isArray(value) && value.every(check);

/** Whether a record has all that sending it reads. Another version of this package, or a disk, may have written it. */
function isWhole(record: unknown): record is OutboxEntry {
  if (!isRecord(record)) return false;
  const { kind, table, target, createdAt, projectId, projectRow, step, items, removes } = record;
  const isFile = (file: unknown) => isRecord(file) && isText(file['bucket']) && isText(file['path']) && isText(file['type']) && Number.isFinite(file['bytes']);
  const isItem = (item: unknown) =>
    isRecord(item) && isText(item['id']) && Number.isFinite(item['index']) && isRecord(item['row']) && isListOf(item['files'], isFile) &&
    ['waiting', 'confirmed', 'failed', 'cleaned'].includes(String(item['state'])) && (item['error'] === undefined || (isRecord(item['error']) && isText(item['error']['code'])));
  const isRemoved = (each: unknown) => isRecord(each) && isText(each['id']) && isRecord(each['row']) && isText(each['bucket']) && isListOf(each['paths'], isText);
  return (
    ['photos', 'media', 'avatar', 'replace', 'remove'].includes(String(kind)) && ['photos', 'media_items', 'users'].includes(String(table)) &&
    isText(target) && Number.isFinite(createdAt) && Number.isFinite(step) && (projectId === null || isText(projectId)) &&
    (projectRow === null || isRecord(projectRow)) && isListOf(items, isItem) && isListOf(removes, isRemoved)
  );
}

/** A record as it was read, or what stands for one that is not whole. */
export function entryOf(owner: string, id: string, record: unknown): OutboxEntry {
  if (isWhole(record) && record.owner === owner && record.id === id) return record;
  return {
    id, owner, target: '', kind: 'damaged', createdAt: 0, table: 'photos', projectId: null, projectRow: null, projectMade: false, quotaAsked: false,
    removeEmptyProject: false, givenUp: false, uncertain: false, items: [], removes: [], step: 0,
  };
}

/** The record to keep in the place of another: without locks, who sends an entry would forget that another tab gave it up. */
export function keptGivenUp(entry: OutboxEntry, before: unknown): OutboxEntry {
  return isRecord(before) && before['givenUp'] === true && !entry.givenUp ? { ...entry, givenUp: true } : entry;
}

/** An outbox that ends with the page or process: for tests, and where there is no storage. */
export function createMemoryOutbox(): Outbox {
  const entries = new Map<string, { record: string; files: Map<string, Blob> }>();
  const locked = new Set<string>();
  const key = (owner: string, id: string) => `${owner}/${id}`;
  return {
    async put(entry, files) {
      entries.set(key(entry.owner, entry.id), { record: JSON.stringify(entry), files: new Map(files) });
    },
    async update(entry) {
      const kept = entries.get(key(entry.owner, entry.id));
      if (kept) kept.record = JSON.stringify(keptGivenUp(entry, JSON.parse(kept.record)));
    },
    async get(owner, id) {
      const kept = entries.get(key(owner, id));
      return kept ? (JSON.parse(kept.record) as OutboxEntry) : null;
    },
    async list(owner) {
      return [...entries.entries()]
        .filter(([name]) => name.startsWith(`${owner}/`))
        .map(([, { record }]) => JSON.parse(record) as OutboxEntry)
        .sort(byAge);
    },
    async file(owner, id, path) {
      return entries.get(key(owner, id))?.files.get(path) ?? null;
    },
    async remove(owner, id) {
      entries.delete(key(owner, id));
    },
    async lock(owner, id) {
      const name = key(owner, id);
      if (locked.has(name)) return null;
      locked.add(name);
      return async () => {
        locked.delete(name);
      };
    },
  };
}

export function byAge(a: { createdAt: number; id: string }, b: { createdAt: number; id: string }): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
