import { makeFolder } from '../make_folder.js';
import { isUuid } from './ids.js';
import { byAge, entryOf, type Outbox, type OutboxEntry } from './outbox.js';

/** A holder that has not said so for this long is dead, even if its process number is in use again. */
const staleLockMs = 60_000;
const heartbeatMs = 15_000;

/**
 * An outbox in a folder (Node): `<folder>/<owner>/<entry>/` with `entry.json` and the files. A record is written beside its
 * place, flushed and renamed, so that it is whole after a crash; an entry exists from the moment its `entry.json` does.
 * The folder and what is in it can be read by this user alone.
 */
export async function createFolderOutbox(folder: string): Promise<Outbox> {
  // Not an import: bundlers for the browser stumble over one.
  const builtin = globalThis.process.getBuiltinModule;
  const fs = builtin('node:fs/promises');
  const { join } = builtin('node:path');
  const safe = (name: string) => {
    if (!/^[0-9A-Za-z_-]+$/.test(name)) throw new TypeError(`Expected an id but received ${name}`);
    return name;
  };
  const place = (owner: string, id: string) => join(folder, safe(owner), safe(id));
  // Paths of one entry differ in their last part.
  const fileName = (path: string) => `file-${encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))}`;

  const flushed = async (target: string, data: string | Uint8Array) => {
    const handle = await fs.open(target, 'w', 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  const flushFolder = async (target: string) => {
    if (process.platform === 'win32') return; // a folder cannot be opened there; NTFS keeps a journal of its names
    const handle = await fs.open(target, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  /** So many files are in memory at a time while they are copied. */
  const copiesAtOnce = 4;
  const exists = (target: string) => fs.stat(target).then(() => true, () => false);
  const isMissing = (error: unknown) => (error as { code?: string }).code === 'ENOENT';
  /** About this one record, and no passing trouble: a folder or nobody's right in its place, links in a circle. */
  const isSpoilt = (error: unknown) => error instanceof SyntaxError || ['EISDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(String((error as { code?: string }).code));
  const writeRecord = async (entry: OutboxEntry) => {
    const at = place(entry.owner, entry.id);
    await flushed(join(at, 'entry.part'), JSON.stringify(entry));
    await fs.rename(join(at, 'entry.part'), join(at, 'entry.json'));
  };
  const read = async (owner: string, id: string): Promise<OutboxEntry | null> => {
    try {
      return entryOf(owner, id, JSON.parse(await fs.readFile(join(place(owner, id), 'entry.json'), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return null;
      // What the disk refuses now and then (EMFILE, EIO of a network folder) is no verdict about the entry.
      if (!isSpoilt(error)) throw error;
      return entryOf(owner, id, null);
    }
  };
  /** What a process left that died before its entry was whole: nobody was told of it. Nothing else is ours to remove. */
  const sweep = async (owner: string, id: string) => {
    const at = place(owner, id);
    const { mtimeMs } = await fs.stat(at);
    const lock = join(at, 'lock');
    if (Date.now() - mtimeMs < staleLockMs || ((await exists(lock)) && !(await isDead(lock)))) return;
    const names = await fs.readdir(at);
    if (names.every((name) => /^(entry\.part|lock|lock\.spade|file-.*)$/.test(name))) await fs.rm(at, { recursive: true, force: true });
  };

  return {
    async put(entry, files) {
      const at = place(entry.owner, entry.id);
      await makeFolder(at, 0o700);
      try {
        const left = [...files];
        const copy = async () => {
          for (let next = left.shift(); next; next = left.shift()) {
            const [path, blob] = next;
            await flushed(join(at, fileName(path)), new Uint8Array(await blob.arrayBuffer()));
          }
        };
        await Promise.all(Array.from({ length: copiesAtOnce }, copy));
        await writeRecord(entry);
        // The names too, up to the folder itself. Later records may be lost with the power: an older one only repeats a step.
        for (const each of [at, join(folder, safe(entry.owner)), folder]) await flushFolder(each);
      } catch (error) {
        await fs.rm(at, { recursive: true, force: true });
        throw error;
      }
    },
    async update(entry) {
      if (!(await exists(join(place(entry.owner, entry.id), 'entry.json')))) return;
      await writeRecord(entry).catch((error: unknown) => {
        if (!isMissing(error)) throw error; // removed at this moment
      });
    },
    get: read,
    async list(owner) {
      const names = await fs.readdir(join(folder, safe(owner))).catch((error: unknown) => {
        if (isMissing(error)) return [] as string[];
        throw error;
      });
      const found: OutboxEntry[] = [];
      for (const name of names.filter(isUuid)) {
        const entry = await read(owner, name).catch((error: unknown) => {
          if ((error as { code?: string }).code === 'ENOTDIR') return null; // somebody's file with such a name
          throw error;
        });
        if (entry) found.push(entry);
        else await sweep(owner, name).catch(() => {});
      }
      return found.sort(byAge);
    },
    async file(owner, id, path) {
      try {
        return new Blob([await fs.readFile(join(place(owner, id), fileName(path)))]);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async remove(owner, id) {
      const at = place(owner, id);
      await fs.rm(join(at, 'entry.json'), { force: true });
      await fs.rm(at, { recursive: true, force: true });
    },
    async lock(owner, id) {
      const at = place(owner, id);
      const file = join(at, 'lock');
      const mine = `${process.pid} ${crypto.randomUUID()}`;
      const take = async (): Promise<boolean> => {
        await makeFolder(at, 0o700);
        try {
          await fs.writeFile(file, mine, { flag: 'wx', mode: 0o600 });
          return true;
        } catch (error) {
          if (isMissing(error)) return take(); // removed in between, by who had the lock of an entry that is gone
          if ((error as { code?: string }).code === 'EEXIST') return false;
          await fs.rm(file, { force: true }).catch(() => {}); // begun on a disk that is full: nobody's lock
          throw error;
        }
      };
      if (!(await take())) {
        if (!(await isDead(file)) || !(await bury(file))) return null;
        if (!(await take())) return null;
      }
      const beat = setInterval(() => void fs.utimes(file, new Date(), new Date()).catch(() => {}), heartbeatMs);
      beat.unref();
      return async () => {
        clearInterval(beat);
        const holder = await fs.readFile(file, 'utf8').catch(() => '');
        if (holder === mine) await fs.rm(file, { force: true });
        if (!(await read(owner, id))) await fs.rmdir(at).catch(() => {});
      };
    },
  };

  /** Removes a dead lock. One finder at a time, that looks again: another may have buried it and have a lock here that lives. */
  async function bury(file: string): Promise<boolean> {
    const spade = `${file}.spade`;
    try {
      await fs.mkdir(spade);
    } catch (error) {
      if (isMissing(error)) return true; // gone with its folder
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      // A finder may have died with it, within a moment: then the next one finds it gone.
      const { mtimeMs } = await fs.stat(spade).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > staleLockMs) await fs.rmdir(spade).catch(() => {});
      return false;
    }
    try {
      const dead = await isDead(file);
      if (dead) await fs.rm(file, { force: true });
      return dead;
    } finally {
      await fs.rmdir(spade).catch(() => {});
    }
  }

  async function isDead(file: string): Promise<boolean> {
    try {
      const [pid = ''] = (await fs.readFile(file, 'utf8')).split(' ');
      const { mtimeMs } = await fs.stat(file);
      if (Date.now() - mtimeMs > staleLockMs) return true;
      if (!/^\d+$/.test(pid)) return false; // being written at this moment
      process.kill(Number(pid), 0);
      return false;
    } catch (error) {
      return (error as { code?: string }).code === 'ESRCH';
    }
  }
}
