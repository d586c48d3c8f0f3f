// The outbox alone: what it keeps, whose that is, who may work on it, and locks of the dead.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { ownFolder } from './kit/folders.mjs';
import { loadSender } from './kit/sender.mjs';

const home = ownFolder();
const { createFolderOutbox, createMemoryOutbox } = await loadSender();

const entryOf = (owner, id = crypto.randomUUID()) => ({
  id, owner, target: 'http://localhost', kind: 'photos', createdAt: Date.now(), table: 'photos', projectId: null, projectRow: null,
  projectMade: false, quotaAsked: false, removeEmptyProject: false, givenUp: false, uncertain: false, items: [], removes: [], step: 0,
});

for (const [name, make] of [
  ['memory', async () => createMemoryOutbox()],
  ['folder', async () => createFolderOutbox(path.join(home, crypto.randomUUID()))],
]) {
  describe(`the ${name} outbox`, () => {
    test('keeps an entry with its files until it is removed, for its owner alone', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      const entry = entryOf(owner);
      await outbox.put(entry, new Map([['a/b/photo.jpg', new Blob(['bytes'])]]));
      assert.deepEqual(await outbox.get(owner, entry.id), entry);
      assert.equal(await (await outbox.file(owner, entry.id, 'a/b/photo.jpg')).text(), 'bytes');
      assert.equal(await outbox.file(owner, entry.id, 'a/b/other.jpg'), null);
      const other = crypto.randomUUID();
      assert.deepEqual(await outbox.list(other), []);
      assert.equal(await outbox.get(other, entry.id), null);
      assert.equal(await outbox.file(other, entry.id, 'a/b/photo.jpg'), null);
      await outbox.update({ ...entry, step: 2 });
      assert.equal((await outbox.list(owner))[0].step, 2);
      await outbox.remove(owner, entry.id);
      assert.deepEqual(await outbox.list(owner), []);
      assert.equal(await outbox.file(owner, entry.id, 'a/b/photo.jpg'), null);
    });

    test('lists the oldest first', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      for (const createdAt of [30, 10, 20]) await outbox.put({ ...entryOf(owner), createdAt }, new Map());
      assert.deepEqual((await outbox.list(owner)).map((entry) => entry.createdAt), [10, 20, 30]);
    });

    test('gives an entry to one worker at a time', async () => {
      const outbox = await make();
      const owner = crypto.randomUUID();
      const id = crypto.randomUUID();
      const release = await outbox.lock(owner, id);
      assert.equal(await outbox.lock(owner, id), null);
      await release();
      await (await outbox.lock(owner, id))();
      const both = await Promise.all([outbox.lock(owner, id), outbox.lock(owner, id)]);
      assert.equal(both.filter(Boolean).length, 1);
    });
  });
}

describe('a folder', () => {
  test('can be read by its user alone, and ids are no paths', async () => {
    const folder = path.join(home, 'rights');
    const outbox = await createFolderOutbox(folder);
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map([['x/photo.jpg', new Blob(['x'])]]));
    const at = path.join(folder, entry.owner, entry.id);
    for (const name of await readdir(at)) assert.equal((await stat(path.join(at, name))).mode & 0o077, 0, name);
    await assert.rejects(outbox.list('../..'), TypeError);
    await assert.rejects(outbox.get(entry.owner, '../x'), TypeError);
  });

  test('what put and update say is kept is on the disk, name and all, before they say so', async (t) => {
    const folder = path.join(home, 'flushed');
    const outbox = await createFolderOutbox(folder);
    const promises = process.getBuiltinModule('node:fs/promises');
    const { open, rename } = promises;
    const steps = [];
    const handles = new Set();
    t.mock.method(promises, 'open', async (target, ...values) => {
      const handle = await open(target, ...values);
      const { sync, close } = handle;
      handles.add(handle);
      const name = path.basename(String(target));
      let isFlushing = false;
      handle.sync = async () => {
        isFlushing = true;
        await sync.call(handle);
        isFlushing = false;
        steps.push(name);
      };
      handle.close = () => {
        if (isFlushing) steps.push(`${name} closed before it was flushed`);
        handles.delete(handle);
        return close.call(handle);
      };
      return handle;
    });
    t.mock.method(promises, 'rename', async (from, to) => (steps.push(`to ${path.basename(to)}`), rename(from, to)));
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map([['x/photo.jpg', new Blob(['x'])]]));
    const record = ['entry.part', 'to entry.json'];
    assert.deepEqual(steps, ['file-photo.jpg', ...record, ...(process.platform === 'win32' ? [] : [entry.id, entry.owner, 'flushed'])]);
    steps.length = 0;
    await outbox.update({ ...entry, step: 1 });
    assert.deepEqual(steps, record);
    assert.equal(handles.size, 0, 'none is left open');
  });

  test('a lock of a dead process is taken over, one of a living process is not', async () => {
    const folder = path.join(home, 'locks');
    const outbox = await createFolderOutbox(folder);
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const release = await outbox.lock(owner, id);
    const file = path.join(folder, owner, id, 'lock');
    const child = fork(fileURLToPath(import.meta.url), { env: { SENDING_CHILD: '1' }, execArgv: ['-e', ''] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await gone;
    await writeFile(file, `${child.pid} somebody`);
    const taken = await outbox.lock(owner, id);
    assert.ok(taken, 'the dead lose their lock');
    await writeFile(file, `${process.ppid} somebody`);
    assert.equal(await outbox.lock(owner, id), null, 'the living keep it');
    await utimes(file, new Date(0), new Date(0));
    const stale = await outbox.lock(owner, id);
    assert.ok(stale, 'a process number that came back does not hold it for ever');
    for (const end of [stale, taken, release]) await end();
  });

  test('of two that find a lock dead only one takes it', async (t) => {
    const folder = path.join(home, 'finders');
    const [first, second] = [await createFolderOutbox(folder), await createFolderOutbox(folder)];
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const at = path.join(folder, owner, id);
    await mkdir(at, { recursive: true });
    await writeFile(path.join(at, 'lock'), `${process.ppid} somebody`);
    await utimes(path.join(at, 'lock'), new Date(0), new Date(0));
    // The second has looked, and is slow to act on what it saw.
    const promises = process.getBuiltinModule('node:fs/promises');
    const { stat: look } = promises;
    let goOn;
    const looked = new Promise((seen) => {
      const held = new Promise((resolve) => (goOn = resolve));
      t.mock.method(promises, 'stat', async (...values) => {
        const facts = await look(...values);
        seen();
        await held;
        return facts;
      }, { times: 1 });
    });
    const slow = second.lock(owner, id);
    await looked;
    const release = await first.lock(owner, id);
    assert.ok(release);
    goOn();
    assert.equal(await slow, null, 'the lock that it saw is another one now');
    assert.match(await readFile(path.join(at, 'lock'), 'utf8'), new RegExp(`^${process.pid} `));
    await release();
    assert.deepEqual(await readdir(path.dirname(at)), [], 'nothing is left behind');
  });

  test('a lock is had also where the last holder removes the folder at that moment', async (t) => {
    const folder = path.join(home, 'moment');
    const outbox = await createFolderOutbox(folder);
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const last = await outbox.lock(owner, id);
    const promises = process.getBuiltinModule('node:fs/promises');
    const { mkdir: make } = promises;
    t.mock.method(promises, 'mkdir', async (...values) => {
      await make(...values).catch(() => {});
      await last();
    }, { times: 1 });
    const release = await outbox.lock(owner, id);
    assert.ok(release);
    await release();
    assert.deepEqual(await readdir(path.join(folder, owner)), []);
  });

  test('an entry half written is none', async () => {
    const folder = path.join(home, 'half');
    const outbox = await createFolderOutbox(folder);
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map());
    const at = path.join(folder, entry.owner, entry.id);
    await writeFile(path.join(at, 'entry.part'), (await readFile(path.join(at, 'entry.json'), 'utf8')).slice(0, 20));
    assert.equal((await outbox.list(entry.owner)).length, 1);
    await rm(path.join(at, 'entry.json'));
    assert.deepEqual(await outbox.list(entry.owner), []);
  });
});

test('an update does not bring back what was removed', async () => {
  for (const outbox of [createMemoryOutbox(), await createFolderOutbox(path.join(home, 'gone'))]) {
    const entry = entryOf(crypto.randomUUID());
    await outbox.put(entry, new Map());
    await outbox.remove(entry.owner, entry.id);
    await outbox.update(entry);
    assert.deepEqual(await outbox.list(entry.owner), []);
  }
});
