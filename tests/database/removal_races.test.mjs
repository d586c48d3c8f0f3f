// Files whose rows come and go while the removal job has them in hand: none is lost that a row names, none is left that
// no row names.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { actAs } from './cluster.mjs';
import { startSessions, transaction } from './sessions.mjs';

let at;
let database, owner, one, person, project, sessions, untilHeld;

before(async () => {
  at = await startSessions('removal_races');
  ({ database, owner, one, person, project, sessions, untilHeld } = at);
});
after(() => at?.stop());

// A file that was queued, and named by a row again before the job came, is queued a second time.
async function queuedAndInUse() {
  const user = await person();
  const to = await project(user);
  const name = `${user}/${to}/again.jpg`;
  const add = () => owner.query(
    `insert into photos (project_id, file_url, file_size_bytes, mime_type) values ($1, $2, 1000, 'image/jpeg')`, [to, name]);
  await add();
  await owner.query('delete from photos where project_id = $1', [to]);
  await add();
  return { to, queued: async () => (await one('select count(*)::integer as n from private.storage_deletions where object_name = $1', [name])).n };
}

test('a file whose row goes while the job claims stays queued', async () => {
  const { to, queued } = await queuedAndInUse();
  await sessions(1, async ([job]) => {
    await owner.query('begin');
    try {
      await owner.query('delete from photos where project_id = $1', [to]);
      assert.equal(await transaction(job, undefined, async (client) => {
        await actAs(client, 'service_role');
        await client.query('select * from claim_storage_deletions(1000)');
      }), undefined);
    } finally {
      await owner.query('commit');
    }
  });
  assert.equal(await queued(), 1);
});

test('a file whose row goes after the job claimed is queued anew', async () => {
  const { to, queued } = await queuedAndInUse();
  const remover = await database.connect();
  try {
    await sessions(1, async ([job]) => {
      await job.query('begin');
      await actAs(job, 'service_role');
      await job.query('select * from claim_storage_deletions(1000)');
      const removal = remover.query('delete from photos where project_id = $1', [to]);
      await untilHeld(remover, removal);
      await job.query('commit');
      await removal;
    });
  } finally {
    await remover.end();
  }
  assert.equal(await queued(), 1);
});

// A file that is queued, and no row names it.
async function queued() {
  const user = await person();
  const to = await project(user);
  const name = `${user}/${to}/again.jpg`;
  const add = (client) => client.query(
    `insert into photos (project_id, file_url, file_size_bytes, mime_type) values ($1, $2, 1000, 'image/jpeg')`, [to, name]);
  await add(owner);
  await owner.query('delete from photos where project_id = $1', [to]);
  return { user, to, name, add, entries: async () => (await one('select count(*)::integer as n from private.storage_deletions where object_name = $1', [name])).n };
}

/** What the job is handed out of one file, in a transaction that stays open. */
async function claim(job, name) {
  await job.query('begin');
  await actAs(job, 'service_role');
  return (await job.query('select object_name from claim_storage_deletions(1000)')).rows.filter((row) => row.object_name === name).length;
}
const settle = (name) => one("select settle_storage_deletions('photos', array[$1]) as settled", [name]);
const isBeingRemoved = (error) => {
  assert.equal(error?.code, '23514');
  assert.equal(error.constraint, 'valid_file_url');
  assert.match(error.message, /^new row for relation "photos" violates check constraint "valid_file_url"$/);
};

test('a row that names a file while a job claims it waits, and is refused until the file is gone', async () => {
  const { user, name, add } = await queued();
  await sessions(2, async ([job, client]) => {
    assert.equal(await claim(job, name), 1);
    const naming = transaction(client, user, add);
    await untilHeld(client, naming);
    await job.query('commit');
    isBeingRemoved(await naming);
    isBeingRemoved(await transaction(client, user, add));
    assert.equal((await settle(name)).settled, 1);
    assert.equal(await transaction(client, user, add), undefined);
  });
});

test('a row that names a queued file takes it back, and the job that comes meanwhile passes over it', async () => {
  for (const [end, entries] of [['commit', 0], ['rollback', 1]]) {
    const { user, name, add, entries: left } = await queued();
    await sessions(2, async ([job, client]) => {
      await client.query('begin');
      await actAs(client, 'authenticated', user);
      await add(client);
      assert.equal(await claim(job, name), 0);
      await job.query('commit');
      await client.query(end);
      assert.equal(await left(), entries, end);
      assert.equal(await claim(job, name), entries, end);
      await job.query('rollback');
    });
  }
});

test('a file that was queued anew while a job removed it stays queued', async () => {
  const { to, user, name, entries } = await queued();
  await owner.query("insert into storage.objects (bucket_id, name, created_at, updated_at) values ('photos', $1, '2026-01-01', '2026-01-01')", [name]);
  await sessions(1, async ([job]) => {
    assert.equal(await claim(job, name), 1);
    await job.query('commit');
    // Its project is deleted before the job comes to it.
    assert.equal(await transaction(owner, user, () => owner.query('delete from video_projects where id = $1', [to])), undefined);
    assert.equal((await settle(name)).settled, 0);
    assert.equal(await entries(), 1);
    assert.equal(await claim(job, name), 1);
    await job.query('rollback');
  });
});

// The end of an upload, as Storage writes it: with the service's rights, replacing what is there.
const upload = (bucket, name, bytes = 1000) => async (client) => {
  await actAs(client, 'service_role');
  await client.query(
    `insert into storage.objects (bucket_id, name, version, metadata) values ($1, $2, gen_random_uuid(), $3)
     on conflict (bucket_id, name) do update set version = excluded.version, metadata = excluded.metadata`,
    [bucket, name, JSON.stringify({ size: bytes, mimetype: bucket === 'media' ? 'video/mp4' : 'image/jpeg' })]);
};
const isRefused = (error, why) => {
  assert.equal(error?.code, '42501');
  assert.match(error.message, why);
};

test('an upload that ends while a video is asked for waits for that, and changes nothing', async () => {
  const { user, to, name, add } = await queued();
  await add(owner);
  await sessions(2, async ([client, storage]) => {
    await client.query('begin');
    await actAs(client, 'authenticated', user);
    await client.query("select request_video_generation($1, 'waves')", [to]);
    const ending = transaction(storage, undefined, upload('photos', name));
    await untilHeld(storage, ending);
    await client.query('commit');
    isRefused(await ending, /being processed/);
  });
});

for (const what of ['project', 'account']) {
  const remove = { project: (client, { to }) => client.query('delete from video_projects where id = $1', [to]), account: (client, { user }) => client.query('delete from auth.users where id = $1', [user]) }[what];

  test(`an upload that ends while its ${what} is deleted is refused`, async () => {
    const file = await queued();
    await sessions(1, async ([storage]) => {
      await owner.query('begin');
      await remove(owner, file);
      const ending = transaction(storage, undefined, upload('photos', `${file.user}/${file.to}/new.jpg`));
      await untilHeld(storage, ending);
      await owner.query('commit');
      isRefused(await ending, /nobody's/);
    });
  });

  test(`and one that ends just before is removed with its ${what}`, async () => {
    const file = await queued();
    const name = `${file.user}/${file.to}/new.jpg`;
    await sessions(1, async ([storage]) => {
      await storage.query('begin');
      await upload('photos', name)(storage);
      const removal = remove(owner, file);
      while (!(await storage.query("select exists (select 1 from pg_locks where not granted) as held")).rows[0].held);
      await storage.query('commit');
      await removal;
    });
    assert.equal((await one('select count(*)::integer as n from private.storage_deletions where object_name = $1', [name])).n, 1);
  });
}

for (const [what, prepare, write] of [
  ['a video ends', async (user) => one("insert into generated_videos (project_id, ai_prompt) values ($1, 'waves') returning id", [await project(user)]),
    "update generated_videos set status = 'completed', progress_percentage = 100, file_url = 'https://example.com/v.mp4' where id = $1"],
  ['a subscription ends', (user) => one("insert into subscriptions (user_id, plan_id, current_period_start, current_period_end) values ($1, 'free', now(), now() + interval '1 day') returning id", [user]),
    "update subscriptions set status = 'past_due' where id = $1"],
  ['a payment method becomes the default', (user) => one("insert into payment_methods (user_id, provider, external_id) values ($1, 'stripe', 'x') returning id", [user]),
    'update payment_methods set is_default = true where id = $1'],
]) {
  test(`an account is deleted while ${what}`, async () => {
    const user = await person();
    const { id } = await prepare(user);
    const remover = await database.connect();
    try {
      await sessions(1, async ([service]) => {
        // Both have come as far as the profile, that a third one holds.
        await owner.query('begin');
        await owner.query('select from users where id = $1 for update', [user]);
        const removal = remover.query('delete from auth.users where id = $1', [user]);
        await untilHeld(remover, removal);
        const writing = transaction(service, undefined, async (client) => {
          await actAs(client, 'service_role');
          await client.query(write, [id]);
        });
        await untilHeld(service, writing);
        await owner.query('commit');
        assert.equal((await removal).rowCount, 1);
        assert.equal(await writing, undefined);
      });
    } finally {
      await remover.end();
    }
    assert.equal((await one('select count(*)::integer as n from users where id = $1', [user])).n, 0);
  });
}

test('two uploads that end at once are both counted', async () => {
  const user = await person();
  const gigabyte = 2 ** 30;
  const project = 20 * 10 * 2 ** 20;
  await owner.query("update storage.buckets set file_size_limit = $1 where id = 'media'", [2 * gigabyte]);
  await sessions(2, async ([first, second]) => {
    await first.query('begin');
    await upload('media', `${user}/1.mp4`, project + gigabyte + 1)(first);
    const ending = transaction(second, undefined, upload('media', `${user}/2.mp4`, gigabyte));
    await untilHeld(second, ending);
    await first.query('commit');
    isRefused(await ending, /over its quota/);
    assert.equal(await transaction(second, undefined, upload('media', `${user}/2.mp4`, gigabyte - 1)), undefined);
  });
});
