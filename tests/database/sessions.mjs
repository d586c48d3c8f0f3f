// Real concurrent sessions on a database of its own.

import { actAs, signUp, startCluster } from './cluster.mjs';

/** A cluster with one database, its owner's connection, and people who act at once; `stop` ends it. */
export async function startSessions(name) {
  const cluster = await startCluster();
  const database = await cluster.createDatabase(name);
  const owner = await database.connect();
  let people = 0;

  const one = async (sql, values) => (await owner.query(sql, values)).rows[0];

  return {
    cluster,
    database,
    owner,
    one,

    async person({ plan = 'free' } = {}) {
      people += 1;
      const id = await signUp(owner, `person${people}@example.com`);
      if (plan !== 'free') await owner.query('update users set subscription_plan = $2 where id = $1', [id, plan]);
      return id;
    },

    project: async (user) => (await one('insert into video_projects (user_id) values ($1) returning id', [user])).id,

    /** So many connections as PostgREST has them, closed whatever `work` does. */
    async sessions(count, work) {
      const clients = await Promise.all(Array.from({ length: count }, () => database.connect('authenticator')));
      try {
        return await work(clients);
      } finally {
        await Promise.all(clients.map((client) => client.end()));
      }
    },

    /** Until the session waits for another's lock, or its work has ended without. */
    async untilHeld(client, work) {
      let ended = false;
      work.then(() => (ended = true), () => (ended = true));
      while (!ended && !(await one('select cardinality(pg_blocking_pids($1)) > 0 as held', [client.processID])).held);
    },

    async stop() {
      await owner.end();
      await cluster.stop();
    },
  };
}

/** One transaction of a signed-in person; resolves to undefined, or to the error. */
export async function transaction(client, user, work) {
  try {
    await client.query('begin');
    await actAs(client, 'authenticated', user);
    await work(client);
    await client.query('commit');
    return undefined;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    return error;
  }
}
