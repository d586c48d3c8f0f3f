// The database's verdicts: documents tried as a signed-in person, each in a savepoint of its own, and taken back.
import { readFile } from 'node:fs/promises';

import { actAs, startCluster } from '../database/cluster.mjs';

/** A cluster with the migrations; `connect` gives each caller an account and a project of its own. */
export async function startDatabase() {
  const cluster = await startCluster();
  try {
    const database = await cluster.createDatabase('equality');
    const admin = await database.connect(cluster.superuser);
    await admin.query(await readFile(new URL('attempts.sql', import.meta.url), 'utf8'));
    let accounts = 0;

    /**
     * A connection that tries batches for a new account without quotas (its plan is enterprise):
     * `[{ table, document }, …]` to `[{ state, place, result }, …]`.
     */
    async function connect() {
      accounts += 1;
      // Ids with letters, and the same in every run: a seed stands for the same documents for ever.
      const [userId, projectId] = ['e', 'f'].map((letter) => `abcdef00-${letter}bad-4dad-8bad-${String(accounts).padStart(12, 'c')}`);
      await admin.query(`insert into auth.users (id, aud, role, email, created_at, updated_at) values ($1, 'authenticated', 'authenticated', $2, now(), now())`,
        [userId, `equality${accounts}@example.org`]);
      await admin.query(`update public.users set subscription_plan = 'enterprise' where id = $1`, [userId]);
      await admin.query('insert into public.video_projects (id, user_id) values ($1, $2)', [projectId, userId]);
      const client = await database.connect('authenticator');
      return {
        userId,
        projectId,
        async attempt(questions) {
          await client.query('begin');
          try {
            await actAs(client, 'authenticated', userId);
            const { rows } = await client.query('select state, place, result from equality.attempts($1, $2)', [
              questions.map(({ table }) => table),
              questions.map(({ document }) => document),
            ]);
            return rows;
          } finally {
            await client.query('rollback');
          }
        },
        close: () => client.end(),
      };
    }

    return { cluster, database, admin, connect, stop: () => admin.end().then(() => cluster.stop()) };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** What `attempt` answers as its state when the statement went through. */
export const acceptedState = 'PT000';
