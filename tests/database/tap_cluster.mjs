// The same pgTAP files on a real server through pg_prove, once for each kind of default grants.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { here } from './migrations.mjs';
import { startCluster } from './cluster.mjs';
import { readTapFiles, tapFolder } from './tap_pglite.mjs';

/** Runs everything; resolves to true when all passed. pg_prove prints its own closing lines. */
export async function runAllOnCluster(only = []) {
  const cluster = await startCluster();
  let passed = true;
  try {
    const files = (await readTapFiles()).map(({ name }) => name).filter((name) => only.length === 0 || only.includes(name));
    for (const grants of ['old', 'new']) {
      const database = await cluster.createDatabase(`tap_${grants}`, { grants, extensions: ['pgtap'] });
      await database.run('postgres', await readFile(path.join(here, 'helpers.sql'), 'utf8'));
      console.log(`pgTAP on PostgreSQL, default grants: ${grants}`);
      try {
        execFileSync(
          'pg_prove',
          ['--host', '127.0.0.1', '--port', String(cluster.port), '--username', 'postgres', '--dbname', database.name,
            ...files.map((name) => path.join(tapFolder, name))],
          { stdio: 'inherit' },
        );
      } catch (error) {
        if (error.code === 'ENOENT') throw new Error('pg_prove is missing: apt-get install libtap-parser-sourcehandler-pgtap-perl');
        passed = false;
      }
    }
  } finally {
    await cluster.stop();
  }
  return passed;
}
