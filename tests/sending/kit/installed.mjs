/**
 * A database with the project's migrations in it, made once and loaded from then on: PGlite needs seconds to lay out a new
 * one. Kept in the build folder under a hash of all it was made of.
 */
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { openBackend, readMigrations } from '../../../web-demo/backend/node.mjs';

// The database of a test lives for seconds: compiling it for speed would take longer than it saves. What measures or runs
// for long lays out its own and does not come here.
setFlagsFromString('--liftoff-only');

const root = fileURLToPath(new URL('../../..', import.meta.url));
const madeOf = ['package-lock.json', 'web-demo/backend/backend.mjs', 'web-demo/backend/database.mjs'];

async function installedDatabase() {
  const hash = createHash('sha256').update(process.version).update(JSON.stringify(await readMigrations()));
  for (const file of madeOf) hash.update(await readFile(path.join(root, file)));
  const file = path.join(root, 'build/tests', `installed-${hash.digest('hex').slice(0, 16)}.tar`);
  try {
    return await openAsBlob(file);
  } catch {
    const backend = await openBackend();
    const dump = await backend.dump();
    await backend.close();
    await mkdir(path.dirname(file), { recursive: true });
    // Whole or not at all, also where two test files do it at once.
    const own = `${file}.${process.pid}`;
    await writeFile(own, Buffer.from(await dump.arrayBuffer()));
    await rename(own, file).catch(() => rm(own, { force: true }));
    return dump;
  }
}

/** What `openBackend` and `startBackend` take, for a database that is installed already. */
export const installed = async () => ({ database: await installedDatabase() });
