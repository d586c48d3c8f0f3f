// The migrations as the tests read them, in the order in which the Supabase CLI runs them.

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const repository = path.resolve(here, '../..');
export const migrationsFolder = path.join(repository, 'schema/supabase/migrations');

/** Every migration as `{ name, file, sql }`, oldest first. */
export async function readMigrations() {
  const names = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(migrationsFolder, name);
      return { name, file, sql: await readFile(file, 'utf8') };
    }),
  );
}

/** A file of the Supabase emulation, by its name without `.sql`. */
export function readEmulation(name) {
  return readFile(path.join(here, 'emulation', `${name}.sql`), 'utf8');
}
