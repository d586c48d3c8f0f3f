// The pgTAP files notice what they are for: each mutation makes its file fail, and leaves no trace.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startCluster } from './cluster.mjs';
import { here } from './migrations.mjs';
import { mutations } from './mutations.mjs';
import { readTapFiles, runTapFile } from './tap_pglite.mjs';

// On PostgreSQL, where this takes a third of the time that PGlite takes.
let cluster;
let client;
let database;
let files;

before(async () => {
  cluster = await startCluster();
  const made = await cluster.createDatabase('mutations', { extensions: ['pgtap'] });
  await made.run('postgres', await readFile(path.join(here, 'helpers.sql'), 'utf8'));
  client = await made.connect(cluster.superuser);
  database = { exec: async (sql) => [await client.query(sql)].flat() };
  files = new Map((await readTapFiles()).map(({ name, sql }) => [name, sql]));
});
after(async () => {
  await client?.end();
  await cluster?.stop();
});

for (const { name, file, sql } of mutations) {
  test(`${file} notices: ${name}`, async () => {
    await database.exec(`begin; ${sql}; rollback`);
    const { failed } = await runTapFile(database, files.get(file), `${sql};\nset local role postgres`);
    assert.ok(failed > 0, 'it did not');
  });
}

test('afterwards everything passes again', async () => {
  for (const [name, sql] of files) {
    const { failed, lines } = await runTapFile(database, sql, 'set local role postgres');
    assert.equal(failed, 0, `${name}: ${lines.filter((line) => /^not ok|^#/.test(line)).join('\n')}`);
  }
});
