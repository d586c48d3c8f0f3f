// PGlite with Supabase emulated and the migrations installed: PostgreSQL in this process.

import { PGlite } from '@electric-sql/pglite';
import { readEmulation, readMigrations } from './migrations.mjs';

/**
 * Opens a fresh PGlite. `grants` and `migrations` as in cluster.mjs; `extensions` are PGlite's
 * extension objects by name, each created in the schema `tap`.
 */
export async function openPglite({ grants = 'new', migrations = true, extensions = {} } = {}) {
  const database = await PGlite.create({ extensions });
  try {
    await database.exec(await readEmulation('pglite_roles'));
    await database.exec(await readEmulation('database'));
    const names = Object.keys(extensions);
    if (names.length > 0) {
      await database.exec('create schema tap; grant usage on schema tap to public;');
      for (const name of names) await database.exec(`create extension ${name} schema tap`);
    }
    await database.exec(await readEmulation(`grants_${grants}`));
    if (migrations) {
      for (const migration of await readMigrations()) {
        try {
          await database.exec(migration.sql);
        } catch (error) {
          error.message = `${migration.name}: ${error.message}`;
          throw error;
        }
      }
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
