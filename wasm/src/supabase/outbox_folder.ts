import { byAge, type Outbox, type OutboxEntry } from './outbox.js';

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
    const handle = await fs.open(target, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  const writeRecord = async (entry: OutboxEntry) => {
    const at = place(entry.owner, entry.id);
    await flushed(join(at, 'entry.part'), JSON.stringify(entry));
    await fs.rename(join(at, 'entry.part'), join(at, 'entry.json'));
  };
  const read = async (owner: string, id: string): Promise<OutboxEntry | null> => {
    try {
      return JSON.parse(await fs.readFile(join(place(owner, id), 'entry.json'), 'utf8')) as OutboxEntry;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return null;
      throw error;
    }
  };

  return {
    async put(entry, files) {
      const at = place(entry.owner, entry.id);
      await fs.mkdir(at, { recursive: true, mode: 0o700 });
      try {
        await Promise.all(
          [...files].map(async ([path, blob]) => flushed(join(at, fileName(path)), new Uint8Array(await blob.arrayBuffer()))),
        );
        await writeRecord(entry);
        await flushFolder(at); // later records may be lost with the power: an older one only repeats a step
      } catch (error) {
        await fs.rm(at, { recursive: true, force: true });
        throw error;
      }
    },
    async update(entry) {
      await writeRecord(entry);
    },
    get: read,
    async list(owner) {
      const names = await fs.readdir(join(folder, safe(owner))).catch(() => [] as string[]);
      const entries = await Promise.all(names.filter((name) => /^[\w-]+$/.test(name)).map((name) => read(owner, name)));
      return entries.filter((entry) => entry?.owner === owner).map((entry) => entry as OutboxEntry).sort(byAge);
    },
    async file(owner, id, path) {
      try {
        return new Blob([await fs.readFile(join(place(owner, id), fileName(path)))]);
      } catch {
        return null;
      }
    },
    async remove(owner, id) {
      const at = place(owner, id);
      await fs.rm(join(at, 'entry.json'), { force: true });
      await fs.rm(at, { recursive: true, force: true });
    },
    async lock(owner, id) {
      const at = place(owner, id);
      await fs.mkdir(at, { recursive: true, mode: 0o700 });
      const file = join(at, 'lock');
      const mine = `${process.pid} ${crypto.randomUUID()}`;
      const take = async () => {
        try {
          await fs.writeFile(file, mine, { flag: 'wx', mode: 0o600 });
          return true;
        } catch (error) {
          if ((error as { code?: string }).code === 'EEXIST') return false;
          throw error;
        }
      };
      if (!(await take())) {
        if (!(await isDead(file))) return null;
        // Only one of several finders can move the dead lock away.
        const grave = `${file}.${crypto.randomUUID()}`;
        try {
          await fs.rename(file, grave);
          await fs.rm(grave, { force: true });
        } catch {
          return null;
        }
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
