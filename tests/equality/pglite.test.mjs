// The vectors in PGlite, a newer PostgreSQL than the server's: from npm packages alone.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { openPglite } from '../database/pglite.mjs';
import { acceptedState } from './database.mjs';
import { readVectors } from './vectors.mjs';

const userId = 'abcdef00-ebad-4dad-8bad-ccccccccccc1';
const projectId = 'abcdef00-fbad-4dad-8bad-ccccccccccc1';

test('PGlite takes what has no issue and nothing else', async () => {
  const database = await openPglite();
  try {
    await database.exec(await readFile(new URL('attempts.sql', import.meta.url), 'utf8'));
    await database.query(`insert into auth.users (id, aud, role, email, created_at, updated_at) values ($1, 'authenticated', 'authenticated', 'a@example.org', now(), now())`, [userId]);
    await database.query(`update public.users set subscription_plan = 'enterprise' where id = $1`, [userId]);
    await database.query('insert into public.video_projects (id, user_id) values ($1, $2)', [projectId, userId]);
    // A hundred thousand levels end PGlite itself: it has no guard of its stack.
    const vectors = readVectors({ userId, projectId }).filter(({ document }) => !/\[{1000}/.test(document));
    const { rows } = await database.transaction(async (transaction) => {
      await transaction.query(`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`, [
        JSON.stringify({ role: 'authenticated', sub: userId }),
      ]);
      return transaction.query(
        'select state, place from equality.attempts(array(select json_array_elements_text($1::json)), array(select json_array_elements_text($2::json)))',
        [vectors.map(({ table }) => table), vectors.map(({ document }) => document)].map((list) => JSON.stringify(list)),
      );
    });
    vectors.forEach((vector, i) => {
      if (vector.typeOnly) return;
      assert.equal(rows[i].state === acceptedState, vector.issues.length === 0, `${vector.table} ${vector.document.slice(0, 300)}: ${rows[i].state} ${rows[i].place}`);
    });
  } finally {
    await database.close();
  }
});
