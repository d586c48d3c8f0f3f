// Supabase's own advisor, and the committed types, against the live database.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { startCluster } from './cluster.mjs';
import { supabase } from './supabase_cli.mjs';
import { generateTypes, typesFile } from './types.mjs';

let cluster;

before(async () => {
  cluster = await startCluster();
});
after(() => cluster?.stop());

const advise = (database) => {
  const result = supabase('db', 'advisors', '--level', 'info', '--fail-on', 'warn', '--output-format', 'json', `--remote=${database.url()}`);
  const findings = JSON.parse(result.stdout).results ?? [];
  return { status: result.status, serious: findings.filter((finding) => finding.level !== 'INFO'), findings };
};

for (const grants of ['old', 'new']) {
  test(`the advisor finds nothing above INFO, default grants: ${grants}`, async () => {
    const { status, serious } = advise(await cluster.createDatabase(`advised_${grants}`, { grants }));
    assert.deepEqual(serious, []);
    assert.equal(status, 0);
  });
}

test('the advisor would say so', async () => {
  const database = await cluster.createDatabase('careless', { grants: 'old' });
  await database.run('postgres', 'create table public.careless (id integer); create index twice on public.media_items (user_id)');
  const { status, serious } = advise(database);
  assert.notEqual(status, 0);
  assert.deepEqual(serious.map((finding) => finding.name).sort(), ['duplicate_index', 'rls_disabled_in_public']);
});

test('schema/database.types.ts is what the database says', async () => {
  const database = await cluster.createDatabase('typed');
  assert.equal(await readFile(typesFile, 'utf8'), generateTypes(database.url()), 'run `npm run types` in tests/database');
});
