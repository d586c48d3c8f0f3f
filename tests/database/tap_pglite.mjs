// pgTAP files inside PGlite: runs each in one instance (every file rolls back) and reads the TAP.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pgtap } from '@electric-sql/pglite-pgtap';
import { here } from './migrations.mjs';
import { openPglite } from './pglite.mjs';

export const tapFolder = path.join(here, 'pgtap');

/** The pgTAP files as `{ name, sql }`. */
export async function readTapFiles() {
  const names = (await readdir(tapFolder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(path.join(tapFolder, name), 'utf8') })),
  );
}

/** A PGlite with pgTAP and the helpers of the files. */
export async function openTapDatabase(options = {}) {
  const database = await openPglite({ ...options, extensions: { pgtap } });
  await database.exec(await readFile(path.join(here, 'helpers.sql'), 'utf8'));
  return database;
}

/**
 * Runs one file. `before` is SQL that goes into the same transaction, and so is undone with it.
 * Resolves to `{ passed, failed, lines }`; an error of SQL counts as a failure.
 */
export async function runTapFile(database, sql, before = '') {
  const lines = [];
  let error;
  try {
    if (before) await database.exec(`begin;\n${before}`);
    for (const result of await database.exec(sql)) {
      for (const row of result.rows ?? []) {
        for (const value of Object.values(row)) {
          if (typeof value === 'string') lines.push(...value.split('\n'));
        }
      }
    }
  } catch (failure) {
    error = failure;
    await database.exec('rollback').catch(() => {});
  }
  await database.exec('reset role; reset search_path').catch(() => {});
  const passed = lines.filter((line) => /^ok \d/.test(line)).length;
  let failed = lines.filter((line) => /^not ok \d/.test(line)).length;
  const plan = lines.map((line) => /^1\.\.(\d+)/.exec(line)).find(Boolean);
  if (error) {
    lines.push(`# ${error.message}${error.where ? ` (${error.where})` : ''}`);
    failed += 1;
  } else if (!plan || Number(plan[1]) !== passed + failed) {
    lines.push(`# planned ${plan ? plan[1] : 'nothing'} but ran ${passed + failed}`);
    failed += 1;
  }
  return { passed, failed, lines };
}

/** Runs every file, prints what fails and one line a file; resolves to the totals. */
export async function runAllInPglite(options = {}) {
  const database = await openTapDatabase(options);
  const totals = { passed: 0, failed: 0 };
  try {
    for (const file of await readTapFiles()) {
      const result = await runTapFile(database, file.sql);
      totals.passed += result.passed;
      totals.failed += result.failed;
      console.log(`${result.failed === 0 ? 'ok' : 'FAILED'} ${file.name}: ${result.passed} passed, ${result.failed} failed`);
      if (result.failed > 0) console.log(result.lines.filter((line) => !/^ok /.test(line)).join('\n'));
    }
  } finally {
    await database.close();
  }
  return totals;
}
