import { longestTimerMs } from './clock.js';
import { byAge, entryOf, keptGivenUp, type Outbox, type OutboxEntry } from './outbox.js';

const entries = 'entries';
const files = 'files';

/** A file where Blobs cannot be kept. */
interface Bytes {
  readonly bytes: ArrayBuffer;
  readonly type: string;
}

/** The two calls of Web Locks that are needed. */
interface LockSource {
  request(name: string, options: { ifAvailable: true }, held: (lock: unknown) => Promise<void>): Promise<unknown>;
}

/**
 * The outbox of a browser: one database with two stores, `entries` by `[owner, id]` and `files` by `[owner, id, path]`.
 * An entry and its files are written in one transaction. Tabs keep out of each other's way by Web Locks, that a closed tab
 * loses by itself.
 * @param name database name, to keep two pages of one origin apart; `idleMs`: longest time in milliseconds for the database
 * to open (it does not while another tab holds up its deletion, and no event tells), default 60 000
 */
export function createIndexedDbOutbox({ name = 'photo-core-outbox', idleMs = 60_000 }: { name?: string | undefined; idleMs?: number | undefined } = {}): Outbox {
  let opened: Promise<IDBDatabase> | undefined;
  const held = new Set<string>();

  const database = () =>
    (opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new DOMException(`Not open after ${idleMs} ms`, 'TimeoutError'));
      }, Math.min(idleMs, longestTimerMs));
      request.onupgradeneeded = () => {
        request.result.createObjectStore(entries, { keyPath: ['owner', 'id'] });
        request.result.createObjectStore(files);
      };
      request.onsuccess = () => {
        clearTimeout(timer);
        if (late) return request.result.close();
        // Another tab may want to change or delete the database: do not stand in its way.
        request.result.onversionchange = () => {
          request.result.close();
          opened = undefined;
        };
        // Closed by the browser itself: the person has cleared the site's data, or the disk has failed.
        request.result.onclose = () => {
          opened = undefined;
        };
        resolve(request.result);
      };
      request.onerror = () => {
        clearTimeout(timer);
        reject(request.error);
      };
    }).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  const begin = async (mode: IDBTransactionMode): Promise<IDBTransaction> => {
    for (let again = true; ; again = false) {
      const db = await database();
      try {
        return db.transaction([entries, files], mode, { durability: 'strict' });
      } catch (error) {
        opened = undefined; // closed between two calls: it is opened again
        if (!again) throw error;
      }
    }
  };
  /** Runs requests in one transaction and waits until it is complete, not only answered. */
  const transact = async <T>(mode: IDBTransactionMode, work: (transaction: IDBTransaction) => IDBRequest<T> | void): Promise<T> => {
    const transaction = await begin(mode);
    return new Promise<T>((resolve, reject) => {
      let request: IDBRequest<T> | void;
      transaction.oncomplete = () => resolve(request ? request.result : (undefined as T));
      transaction.onabort = () => reject(transaction.error ?? request?.error);
      try {
        request = work(transaction);
      } catch (error) {
        reject(error);
        transaction.abort(); // what was asked before it would be kept, and be nobody's
      }
    });
  };
  /** An entry with its files, in one transaction. */
  const write = (entry: OutboxEntry, kept: Iterable<readonly [string, Blob | Bytes]>) =>
    transact<void>('readwrite', (transaction) => {
      for (const [path, file] of kept) transaction.objectStore(files).put(file, [entry.owner, entry.id, path]);
      transaction.objectStore(entries).put(entry);
    });
  const allOf = (...start: string[]) => IDBKeyRange.bound(start, [...start, []]);

  return {
    put: (entry, blobs) =>
      write(entry, blobs).catch(async (error: unknown) => {
        // A private window of Safari keeps bytes, but no Blob.
        if (!/^(UnknownError|DataCloneError)$/.test((error as DOMException | null)?.name ?? '')) throw error;
        const bytes = [...blobs].map(async ([path, blob]) => [path, { bytes: await blob.arrayBuffer(), type: blob.type }] as const);
        const kept = await Promise.all(bytes).catch(() => {
          throw error; // what cannot be read is not what it was refused for
        });
        await write(entry, kept);
      }),
    update: (entry) =>
      transact('readwrite', (transaction) => {
        const store = transaction.objectStore(entries);
        const there = store.get([entry.owner, entry.id]) as IDBRequest<unknown>;
        there.onsuccess = () => void (there.result !== undefined && store.put(keptGivenUp(entry, there.result)));
      }),
    get: async (owner, id) => {
      const record = await transact<unknown>('readonly', (transaction) => transaction.objectStore(entries).get([owner, id]));
      return record === undefined ? null : entryOf(owner, id, record);
    },
    list: async (owner) => {
      const records = await transact<{ id: string }[]>('readonly', (transaction) => transaction.objectStore(entries).getAll(allOf(owner)));
      return records.map((record) => entryOf(owner, record.id, record)).sort(byAge);
    },
    file: async (owner, id, path) => {
      const kept = await transact<Blob | Bytes | undefined>('readonly', (transaction) => transaction.objectStore(files).get([owner, id, path]));
      if (!kept) return null;
      return kept instanceof Blob ? kept : new Blob([kept.bytes], { type: kept.type });
    },
    remove: (owner, id) =>
      transact('readwrite', (transaction) => {
        transaction.objectStore(entries).delete([owner, id]);
        transaction.objectStore(files).delete(allOf(owner, id));
      }),
    async lock(owner, id) {
      const lockName = `${name}/${owner}/${id}`;
      const locks = (globalThis.navigator as { locks?: LockSource } | undefined)?.locks;
      if (!locks) {
        // An insecure page: at least this tab keeps its own order.
        if (held.has(lockName)) return null;
        held.add(lockName);
        return async () => void held.delete(lockName);
      }
      return new Promise((resolve, reject) => {
        let release = () => {};
        const released = new Promise<void>((done) => (release = done));
        const request = locks.request(lockName, { ifAvailable: true }, async (lock) => {
          if (!lock) return resolve(null);
          resolve(async () => {
            release();
            await request;
          });
          await released;
        });
        request.catch(reject);
      });
    },
  };
}
