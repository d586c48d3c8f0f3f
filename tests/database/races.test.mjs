// Races with real concurrent sessions: counts, totals and quotas stay exact, and nothing deadlocks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { actAs, signUp } from './cluster.mjs';
import { startSessions, transaction } from './sessions.mjs';

let at;
let cluster, database, owner, one, person, project, sessions, untilHeld;

before(async () => {
  at = await startSessions('races');
  ({ cluster, database, owner, one, person, project, sessions, untilHeld } = at);
});
after(() => at?.stop());

const codes = (errors) => errors.map((error) => error?.code).filter(Boolean).sort();

const addPhoto = (user, to, bytes = 1000) => (client) =>
  client.query(
    `insert into photos (project_id, file_url, file_size_bytes, mime_type)
     values ($1::uuid, $2::text || '/' || $1::text || '/' || gen_random_uuid() || '.jpg', $3, 'image/jpeg')`,
    [to, user, bytes],
  );

const exactly = async (user, to) => {
  const row = await one(
    `select project.photo_count, count(photo.id)::integer as photos, array_agg(photo.upload_order order by photo.upload_order) as places,
       (select total_storage_bytes::integer from users where id = $1) as bytes, coalesce(sum(photo.file_size_bytes), 0)::integer as stored
     from video_projects as project left join photos as photo on photo.project_id = project.id
     where project.id = $2 group by project.id`,
    [user, to],
  );
  assert.equal(row.photo_count, row.photos, 'the count is exact');
  assert.equal(row.bytes, row.stored, 'the storage is exact');
  return row;
};

test('two sessions at 19 photos end with 20', async () => {
  const user = await person();
  const to = await project(user);
  await transaction(owner, user, async () => {
    for (let n = 0; n < 19; n += 1) await addPhoto(user, to)(owner);
  });
  await sessions(2, async (clients) => {
    // Both have inserted before either commits, if the database lets them.
    const [first, second] = clients;
    await first.query('begin');
    await actAs(first, 'authenticated', user);
    await addPhoto(user, to)(first);
    const waiting = transaction(second, user, addPhoto(user, to));
    await untilHeld(second, waiting);
    await first.query('commit');
    const error = await waiting;
    assert.equal(error?.code, '23514');
    assert.match(error.message, /valid_photo_count/);
  });
  assert.equal((await exactly(user, to)).photos, 20);
});

for (const role of ['authenticated', 'service_role']) {
  test(`twenty sessions of ${role} with twenty-five photos end with 20`, async () => {
    const user = await person();
    const to = await project(user);
    const add = async (client) => {
      try {
        await client.query('begin');
        await actAs(client, role, role === 'authenticated' ? user : undefined);
        await addPhoto(user, to)(client);
        await client.query('commit');
        return undefined;
      } catch (error) {
        await client.query('rollback');
        return error;
      }
    };
    const errors = (await sessions(20, (clients) =>
      Promise.all(clients.map(async (client, n) => (n < 5 ? [await add(client), await add(client)] : [await add(client)]))),
    )).flat();
    assert.deepEqual(codes(errors), Array(5).fill('23514'));
    const row = await exactly(user, to);
    assert.equal(row.photos, 20);
    assert.deepEqual(row.places, Array.from({ length: 20 }, (_, place) => place));
  });
}

test('twenty sessions write twenty projects of one person', async () => {
  const user = await person({ plan: 'enterprise' });
  const targets = [];
  for (let n = 0; n < 20; n += 1) targets.push(await project(user));
  const errors = await sessions(20, (clients) =>
    Promise.all(clients.map((client, n) => transaction(client, user, async () => {
      for (let photo = 0; photo < 5; photo += 1) await addPhoto(user, targets[(n + photo) % 20])(client);
    }))),
  );
  assert.deepEqual(codes(errors), []);
  const total = await one('select total_storage_bytes::integer as bytes from users where id = $1', [user]);
  assert.equal(total.bytes, 100_000);
});

test('inserts, deletions, moves of place and the removal of the project do not deadlock', async () => {
  const user = await person();
  const to = await project(user);
  const kinds = [
    addPhoto(user, to),
    (client) => client.query('delete from photos where id = (select id from photos where project_id = $1 order by random() limit 1)', [to]),
    async (client) => {
      const { rows } = await client.query('select id from photos where project_id = $1 order by random()', [to]);
      await client.query('select reorder_photos($1, $2)', [to, rows.map((row) => row.id)]);
    },
    (client) => client.query("update photos set metadata = '{\"a\": 1}' where project_id = $1", [to]),
    (client) => client.query("update video_projects set title_i18n = '{\"en\": \"x\"}' where id = $1", [to]),
  ];
  const run = (clients, rounds) =>
    Promise.all(clients.map(async (client, n) => {
      const errors = [];
      for (let round = 0; round < rounds; round += 1) errors.push(await transaction(client, user, kinds[(n + round) % kinds.length]));
      return errors;
    }));
  const errors = (await sessions(20, (clients) => run(clients, 15))).flat();
  const expected = new Set(['23514', 'PT404', 'PT409']);
  assert.deepEqual(codes(errors).filter((code) => !expected.has(code)), []);
  await exactly(user, to);
  const last = (await sessions(20, (clients) =>
    Promise.all([...clients.slice(1).map((client) => run([client], 3)), transaction(clients[0], user, (client) =>
      client.query('delete from video_projects where id = $1', [to]))]),
  )).flat(3);
  assert.deepEqual(codes(last).filter((code) => !expected.has(code) && code !== '42501'), []);
  assert.equal((await one('select total_storage_bytes::integer as bytes from users where id = $1', [user])).bytes, 0);
});

test('an account that is deleted while it uploads takes everything with it', async () => {
  const user = await person();
  const to = await project(user);
  const results = await sessions(10, async (clients) => {
    const uploads = clients.map(async (client) => {
      const errors = [];
      for (let n = 0; n < 4; n += 1) errors.push(await transaction(client, user, addPhoto(user, to)));
      return errors;
    });
    const removal = owner.query('delete from auth.users where id = $1', [user]).then(() => undefined, (error) => error);
    return Promise.all([...uploads, removal]);
  });
  const allowed = new Set(['23514', '42501']);
  assert.deepEqual(codes(results.flat()).filter((code) => !allowed.has(code)), []);
  assert.equal((await one('select count(*)::integer as photos from photos where user_id = $1', [user])).photos, 0);
});

test('the quota of bytes holds against twenty sessions', async () => {
  const user = await person();
  const targets = [];
  for (let n = 0; n < 20; n += 1) targets.push(await project(user));
  await owner.query('update users set total_storage_bytes = 1073741824 - 5000 where id = $1', [user]);
  const errors = await sessions(20, (clients) => Promise.all(clients.map((client, n) => transaction(client, user, addPhoto(user, targets[n])))));
  assert.deepEqual(codes(errors), Array(15).fill('PT402'));
});

test('the quota of projects holds against twenty sessions', async () => {
  const user = await person();
  for (let n = 0; n < 10; n += 1) await project(user);
  const errors = await sessions(20, (clients) =>
    Promise.all(clients.map((client) => transaction(client, user, () => client.query('insert into video_projects default values')))));
  assert.deepEqual(codes(errors), Array(10).fill('PT402'));
  assert.equal((await one('select count(*)::integer as projects from video_projects where user_id = $1', [user])).projects, 20);
});

test('one video of a project, three of a month, against twenty sessions', async () => {
  const user = await person();
  const to = await project(user);
  const ask = (target) => (client) => client.query("select request_video_generation($1, 'go')", [target]);
  const errors = await sessions(20, (clients) => Promise.all(clients.map((client) => transaction(client, user, ask(to)))));
  assert.deepEqual(codes(errors), Array(19).fill('PT409'));
  const targets = [];
  for (let n = 0; n < 10; n += 1) targets.push(await project(user));
  const more = await sessions(10, (clients) => Promise.all(clients.map((client, n) => transaction(client, user, ask(targets[n])))));
  assert.deepEqual(codes(more), Array(8).fill('PT402'));
});

test('two default payment methods chosen at once leave one', async () => {
  const user = await person();
  const ids = [];
  for (const name of ['a', 'b', 'c']) {
    ids.push((await one("insert into payment_methods (user_id, provider, external_id) values ($1, 'stripe', $2) returning id", [user, `${user} ${name}`])).id);
  }
  const errors = await sessions(9, (clients) => Promise.all(clients.map((client, n) =>
    transaction(client, user, () => client.query('select set_default_payment_method($1)', [ids[n % 3]])))));
  assert.deepEqual(codes(errors), []);
  assert.equal((await one('select count(*)::integer as methods from payment_methods where user_id = $1 and is_default', [user])).methods, 1);
});

test('a photo and a request for the video never cross', async () => {
  for (let round = 0; round < 10; round += 1) {
    const user = await person();
    const to = await project(user);
    const [photo, video] = await sessions(2, ([first, second]) =>
      Promise.all([transaction(first, user, addPhoto(user, to)), transaction(second, user, (client) => client.query("select request_video_generation($1, 'go')", [to]))]));
    assert.equal(video, undefined);
    const { photos } = await one('select count(*)::integer as photos from photos where project_id = $1', [to]);
    assert.ok(photo === undefined ? photos === 1 : photo.code === 'PT409' && photos === 0);
  }
});

test('the first draft\'s count ends with 21, counted as 20: the race is real', async () => {
  const drafted = await cluster.createDatabase('drafted');
  const { mutations } = await import('./mutations.mjs');
  for (const name of ['the count of each row, as drafted', 'photos change while a video is made']) {
    await drafted.run(cluster.superuser, mutations.find((mutation) => mutation.name === name).sql);
  }
  await drafted.run(cluster.superuser, 'drop trigger guard_photos_statement on photos');
  const mine = await drafted.connect();
  const [first, second] = [await drafted.connect('authenticator'), await drafted.connect('authenticator')];
  try {
    const user = await signUp(mine, 'draft@example.com');
    const { rows } = await mine.query('insert into video_projects (user_id) values ($1) returning id', [user]);
    // The places are given: left out, they would collide before the count is asked.
    const add = (client, place) => client.query(
      `insert into photos (project_id, file_url, file_size_bytes, mime_type, upload_order)
       values ($1::uuid, $2::text || '/' || $1::text || '/' || $3::text || '.jpg', 1000, 'image/jpeg', $3::integer)`, [rows[0].id, user, place]);
    for (let place = 0; place < 19; place += 1) await add(mine, place);
    for (const client of [first, second]) {
      await client.query('begin');
      await actAs(client, 'authenticated', user);
    }
    await add(first, 19);
    const waiting = add(second, 20);
    await untilHeld(second, waiting);
    await first.query('commit');
    await waiting;
    await second.query('commit');
    const { rows: result } = await mine.query('select photo_count, (select count(*)::integer from photos) as photos from video_projects');
    assert.deepEqual(result[0], { photo_count: 20, photos: 21 });
  } finally {
    await Promise.all([mine, first, second].map((client) => client.end()));
  }
});

test('two accounts that come to one address at once both get a profile', async () => {
  const arrive = (client, email) => client.query('insert into auth.users (id, email, is_sso_user) values (gen_random_uuid(), $1, true) returning id', [email]);
  const move = (client, id, email) => client.query('update auth.users set email = $2 where id = $1', [id, email]);
  const profiles = async (ids) => (await owner.query("select split_part(email, '@', 2) as domain from users where id = any ($1) order by 1", [ids])).rows.map((row) => row.domain);
  const [first, second] = [await database.connect(), await database.connect()];
  try {
    await first.query('begin');
    const { rows: [one] } = await arrive(first, 'twice@example.com');
    const waiting = arrive(second, 'twice@example.com');
    await untilHeld(second, waiting);
    await first.query('commit');
    const { rows: [two] } = await waiting;
    assert.deepEqual(await profiles([one.id, two.id]), ['example.com', 'users.invalid']);

    await first.query('begin');
    await move(first, one.id, 'moved@example.com');
    const moving = move(second, two.id, 'moved@example.com');
    await untilHeld(second, moving);
    await first.query('commit');
    await moving;
    assert.deepEqual(await profiles([one.id, two.id]), ['example.com', 'users.invalid']);
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
});
