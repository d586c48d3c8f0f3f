// What services answer in all their forms, old and new, and what strangers on the way answer in their place.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { photosOf, preparedPhoto } from './kit/photos.mjs';
import { errorFrom, expectProject, fetchWith, inProcessStage, isInsert, isUpload, project } from './kit/stage.mjs';

let stage;
let person;
before(async () => {
  stage = await inProcessStage();
  person = await stage.person();
});
after(() => stage.close());

const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const page = '<!doctype html><title>Welcome to the hotel</title>';
const isProject = ({ method, path }) => method === 'POST' && path === '/rest/v1/video_projects';
const isQuota = ({ path }) => path.endsWith('/check_quota');
const isReadBack = ({ method, path }) => method === 'GET' && path === '/rest/v1/photos';
const isInfo = ({ path }) => path.startsWith('/storage/v1/object/info/');

/** The answer for the first requests that match, then the backend's own. */
const firstTimes = (times, matches, answer) => async (request) => (matches(request) && times-- > 0 ? answer(request) : null);

async function sendWith(answer, photos = photosOf('answer', 2), options = {}) {
  const seen = [];
  const sender = stage.sender(person, {
    fetch: fetchWith(stage, (request) => {
      seen.push(request);
      return answer(request);
    }),
    ...options,
  });
  const job = sender.send({ project: project(), photos });
  const events = [];
  job.on((event) => events.push(event));
  const outcome = await job.done.then((result) => ({ result }), (error) => ({ error }));
  return { job, sender, events, seen, ...outcome };
}

describe("a stranger's answer is no success", () => {
  const strangers = {
    'a page of a portal with 200': async () => new Response(page, { status: 200, headers: { 'content-type': 'text/html' } }),
    'nothing with 200': async () => new Response('', { status: 200 }),
    'a JSON text that ends in its middle': async () => new Response('[{"id": "01a2', { status: 200, headers: { 'content-type': 'application/json' } }),
    'a redirect': async () => new Response(null, { status: 301, headers: { location: 'https://portal.example/' } }),
  };
  for (const [where, matches] of Object.entries({ project: isProject, object: isUpload, rows: isInsert, quota: isQuota })) {
    for (const [what, answer] of Object.entries(strangers)) {
      test(`${where}: ${what}`, async () => {
        const { job, result, error } = await sendWith(firstTimes(1, matches, answer));
        assert.equal(error, undefined, error?.detail);
        assert.equal(result.ok, true);
        await expectProject(stage, job.projectId, job.photoIds);
      });
    }
  }

  test('the rows had arrived, and the answer is a page', async () => {
    const { job, result } = await sendWith(firstTimes(1, isInsert, async ({ real }) => (await real(), new Response(page, { status: 200 }))));
    assert.equal(result.ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });

  test('reading back ends in the middle of the JSON', async () => {
    let lost = true;
    const { job, result } = await sendWith(async (request) => {
      if (isInsert(request) && lost) {
        lost = false;
        await request.real();
        throw new TypeError('fetch failed');
      }
      return firstReadBack(request);
    });
    assert.equal(result.ok, true);
    await expectProject(stage, job.projectId, job.photoIds);
  });
  const firstReadBack = firstTimes(1, isReadBack, async () => new Response('[{"id":', { status: 200 }));

  test('fetch is told not to follow', async () => {
    const { seen } = await sendWith(async () => null, photosOf('follow', 1));
    assert.ok(seen.every(({ init }) => init.redirect === 'manual'));
  });
});

describe('JSON that is not what was asked for is no answer', () => {
  const shapes = ['null', '{}', '5', '"rows"', 'true', '[null]', '[5]', '[[]]'];
  const once = (matches, text) => firstTimes(1, matches, async () => new Response(text, { status: 200, headers: { 'content-type': 'application/json' } }));
  const ways = {
    'the project of more photos': [({ method, path }) => method === 'GET' && path === '/rest/v1/video_projects', (sender, sent) => sender.append(sent.projectId, photosOf('more', 1)).done],
    'the profile': [({ method, path }) => method === 'GET' && path === '/rest/v1/users', (sender) => sender.sendAvatar(preparedPhoto('shape')).done],
    'the changed profile': [({ method, path }) => method === 'PATCH' && path === '/rest/v1/users', (sender) => sender.sendAvatar(preparedPhoto('shape')).done],
    'what is removed': [isReadBack, (sender, sent) => sender.remove(sent.photoIds[0])],
  };
  for (const [where, [matches, act]] of Object.entries(ways)) {
    test(where, async () => {
      for (const text of shapes) {
        const sent = stage.sender(person).send({ project: project(), photos: photosOf('shape', 1) });
        await sent.done;
        const outcome = await act(stage.sender(person, { fetch: fetchWith(stage, once(matches, text)) }), sent).catch((error) => error);
        assert.notEqual(outcome?.name, 'PhotoError', `${text}: ${outcome?.code} ${outcome?.detail}`);
      }
    });
  }

  test('rows that are asked for again', async () => {
    for (const text of shapes) {
      const lie = once(isReadBack, text);
      let lost = true;
      const { job, result, error } = await sendWith(async (request) => {
        if (!isInsert(request) || !lost) return lie(request);
        lost = false;
        await request.real();
        throw new TypeError('fetch failed');
      });
      assert.equal(result?.ok, true, `${text}: ${error?.code} ${error?.detail}`);
      await expectProject(stage, job.projectId, job.photoIds);
    }
  });
});

describe('a refusal whose words are no words', () => {
  const object = '{"toString": 1, "valueOf": 1}';
  const bodies = [
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty'].map((code) => `{"code": "${code}", "error": "${code}", "message": "No.", "statusCode": "400"}`),
    `{"code": ${object}, "error": ${object}, "message": ${object}, "statusCode": ${object}, "details": ${object}}`,
    '{"code": [], "message": null, "statusCode": []}', '{}', '[]', '[1]',
    `{"__proto__": {"code": "23505"}}`,
    `{"code": "X", "message": "${'long '.repeat(400_000)}"}`,
  ];
  for (const [where, matches] of Object.entries({ object: isUpload, rows: isInsert, project: isProject })) {
    test(`${where}: the photo has a code, and a detail that can be shown`, async () => {
      for (const body of bodies) {
        const { result, error } = await sendWith(async (request) => (matches(request) ? new Response(body, { status: 400, headers: { 'content-type': 'application/json' } }) : null), photosOf('words', 1));
        const told = error ?? result.photos[0].error;
        assert.equal(told?.code, 'invalid_payload', `${body.slice(0, 100)}: ${told?.code} ${String(told?.detail).slice(0, 200)}`);
        assert.ok(String(told.detail).length < 1000, `${told.detail.length} characters`);
      }
    });
  }

  test('a page and a redirect that go on for ever in their heads are cut', async () => {
    const { error } = await sendWith(async (request) => (isProject(request) ? new Response(null, { status: 302, headers: { location: `https://portal.example/?${'x'.repeat(200_000)}` } }) : null), photosOf('far', 1), { retry: { attempts: 1 } });
    assert.equal(error.code, 'network');
    assert.ok(error.detail.length < 1000, `${error.detail.length} characters`);
  });
});

describe('an object that is there already', () => {
  const alreadyThere = {
    'as Storage says it now': () => json(400, { statusCode: '409', code: 'ResourceAlreadyExists', error: 'Duplicate', message: 'The resource already exists' }),
    'as it said it before': () => json(400, { statusCode: '409', error: 'Duplicate', message: 'The resource already exists' }),
    'by its status': () => json(409, { code: 'KeyAlreadyExists', message: 'The resource already exists' }),
  };
  for (const [how, answer] of Object.entries(alreadyThere)) {
    test(how, async () => {
      const { job, result } = await sendWith(firstTimes(1, isUpload, async ({ real }) => (await real(), answer())));
      assert.equal(result.ok, true);
      await expectProject(stage, job.projectId, job.photoIds);
    });
  }

  test('but is shorter than it should be: it is sent again', async () => {
    const [photo] = photosOf('torn', 1, { bytes: 5000, thumbnail: false });
    const { job, result } = await sendWith(
      firstTimes(1, isUpload, async ({ path, init }) => {
        await stage.backend.fetch(`http://localhost${path}`, { method: 'POST', headers: init.headers, body: new Uint8Array(await photo.photo.arrayBuffer()).slice(0, 2000) });
        throw new TypeError('fetch failed');
      }),
      [photo],
    );
    assert.equal(result.ok, true);
    const { objects, photos } = await stage.truth();
    assert.equal(objects.get(`photos/${photos.find((row) => row.id === job.photoIds[0]).file_url}`), 5000);
  });

  test('on a server that tells its size in headers alone', async () => {
    let sent = 0;
    const { job, result } = await sendWith(async (request) => {
      if (isInfo(request)) return json(404, { message: 'Route GET:/object/info not found', error: 'Not Found', statusCode: 404 });
      if (request.method === 'HEAD') return new Response(null, { status: 200, headers: { 'content-length': '600' } });
      if (!isUpload(request) || request.path.includes('.thumb.') || sent++ > 0) return null;
      await request.real();
      return alreadyThere['as it said it before']();
    }, photosOf('head', 1, { bytes: 600 }));
    assert.equal(result.ok, true);
    assert.equal(sent, 1, 'not sent again');
    await expectProject(stage, job.projectId, job.photoIds);
  });
});

describe("Storage's refusals", () => {
  const storage = (status, statusCode, code, message = 'No.') => async () => json(status, { statusCode: String(statusCode), ...(code ? { code, error: code } : {}), message });
  const old = (statusCode, error, message) => async () => json(400, { statusCode: String(statusCode), error, message });
  const refused = {
    'too large, now': [storage(400, 413, 'EntityTooLarge'), 'output_too_large'],
    'too large, before': [old(413, 'Payload too large', 'The object exceeded the maximum allowed size'), 'output_too_large'],
    'too large, by a gateway': [async () => new Response('<h1>413</h1>', { status: 413 }), 'output_too_large'],
    'wrong type, now': [storage(400, 415, 'InvalidMimeType'), 'unsupported_type'],
    'wrong type, before': [old(415, 'invalid_mime_type', 'mime type image/gif is not supported'), 'unsupported_type'],
    'a policy, now': [storage(400, 403, 'AccessDenied', 'new row violates row-level security policy'), 'not_allowed'],
    'a policy, before': [old(403, 'Unauthorized', 'new row violates row-level security policy'), 'not_allowed'],
    'a bucket that is not there': [old(404, 'Bucket not found', 'Bucket not found'), 'not_found'],
    'a bad key': [old(400, 'Invalid key', 'Invalid key: x'), 'invalid_payload'],
  };
  for (const [how, [answer, code]] of Object.entries(refused)) {
    test(`${how}: ${code}, and the other photo arrives`, async () => {
      let path;
      const { job, result } = await sendWith(async (request) => (isUpload(request) && (path ??= request.path) === request.path ? answer() : null));
      const failed = result.photos.filter((photo) => !photo.ok);
      assert.deepEqual(failed.map((photo) => photo.error.code), [code]);
      assert.doesNotMatch(failed[0].error.message, /Storage|No\.|mime type/, 'the sentence is ours');
      await expectProject(stage, job.projectId, job.photoIds.filter((id) => id !== failed[0].id));
    });
  }

  const passing = {
    'SlowDown at 400': storage(400, 429, 'SlowDown'),
    'too many connections': storage(400, 503, 'DatabaseConnectionLimit'),
    'a lock, as it was named before': old(503, 'acquiring_lock_timeout', 'acquiring lock timeout'),
    'a transaction that met another': storage(400, 409, 'TransactionError'),
    'bytes that were spoilt on the way': storage(400, 400, 'InvalidChecksum'),
    'an abort of its own': storage(400, 500, 'Aborted'),
    'an internal error': storage(500, 500, 'InternalError'),
    'a gateway without a server': async () => new Response(page, { status: 522 }),
    'a token, now': storage(400, 400, 'InvalidJWT', '"exp" claim timestamp check failed'),
    'a token, before': old(403, 'Unauthorized', 'jwt expired'),
    'a token of a key that was exchanged': old(403, 'Unauthorized', 'signature verification failed'),
    'a token that is none': old(403, 'Unauthorized', 'Invalid Compact JWS'),
  };
  for (const [how, answer] of Object.entries(passing)) {
    test(`${how} passes`, async () => {
      const { job, result, error } = await sendWith(firstTimes(1, isUpload, answer));
      assert.equal(error, undefined, error?.detail);
      assert.equal(result.ok, true, result.photos.map((photo) => photo.error?.detail).join());
      await expectProject(stage, job.projectId, job.photoIds);
    });
  }
});

describe("the database's refusals of rows", () => {
  const rest = (status, code, message = 'No.', details = null) => async () => json(status, { code, message, details, hint: null });
  const check = (constraint) => rest(400, '23514', `new row for relation "photos" violates check constraint "${constraint}"`, 'Failing row contains (secret)');
  const refused = {
    'a CHECK': [check('valid_mime_type'), 'unsupported_type'],
    'a CHECK of the project': [rest(400, '23514', 'new row for relation "video_projects" violates check constraint "valid_photo_count"'), 'too_many_photos'],
    'a CHECK that nobody knows': [check('of_tomorrow'), 'invalid_payload'],
    'a foreign key': [rest(409, '23503', 'insert or update on table "photos" violates foreign key constraint "photos_project_id_fkey"'), 'not_found'],
    'a policy': [rest(403, '42501', 'new row violates row-level security policy for table "photos"'), 'not_allowed'],
    'a quota': [rest(402, 'PT402', 'over the quota', '{"used": 900, "quota": 1000, "requested": 600}'), 'quota_exceeded'],
    'a project that is gone': [rest(404, 'PT404'), 'not_found'],
    'a project that is busy': [rest(409, 'PT409'), 'project_busy'],
    'a number out of range': [rest(400, '22003', 'integer out of range'), 'invalid_payload'],
    'a text that is no UUID': [rest(400, '22P02'), 'invalid_payload'],
  };
  for (const [how, [answer, code]] of Object.entries(refused)) {
    test(`${how}: ${code}, and nothing is left`, async () => {
      const { job, result } = await sendWith(async (request) => (isInsert(request) ? answer() : null), photosOf('refused', 1));
      const [{ error }] = result.photos;
      assert.equal(error.code, code);
      assert.equal(JSON.stringify(error).includes('secret'), false, 'details may hold row data');
      if (code === 'quota_exceeded') assert.deepEqual([error.limit, error.actual], [1000, 1500]);
      if (code === 'too_many_photos') assert.equal(error.limit, 20);
      await expectProject(stage, job.projectId, []);
    });
  }

  const passing = {
    'a statement that took too long': rest(500, '57014', 'canceling statement due to statement timeout'),
    'a deadlock': rest(500, '40P01'),
    'a lock': rest(500, '55P03'),
    'a database whose disk is full, read-only': rest(405, '25006', 'cannot execute INSERT in a read-only transaction'),
    'a database that starts': rest(503, '57P03'),
    'a connection that was lost': rest(503, 'PGRST001'),
    'an expired token': rest(401, 'PGRST301', 'JWT expired'),
    'an expired token, as newer servers say it': rest(401, 'PGRST303', 'JWT expired'),
    'a gateway that counts': async () => json(429, { message: 'API rate limit exceeded' }, { 'retry-after': '3' }),
  };
  for (const [how, answer] of Object.entries(passing)) {
    test(`${how} passes`, async () => {
      const { job, result, error } = await sendWith(firstTimes(1, isInsert, answer));
      assert.equal(error, undefined, error?.detail);
      assert.equal(result.ok, true);
      await expectProject(stage, job.projectId, job.photoIds);
    });
  }

  test('an id that is there already and not ours to see', async () => {
    const answer = rest(409, '23505', 'duplicate key value violates unique constraint "photos_pkey"');
    const { job, result } = await sendWith(async (request) => (isInsert(request) ? answer() : null), photosOf('taken', 1));
    assert.equal(result.photos[0].error.code, 'already_exists');
    await expectProject(stage, job.projectId, []);
  });
});

describe('a stranger that goes on saying no (HTML 403)', () => {
  const blocked = async () => new Response('<h1>Request blocked</h1>', { status: 403, headers: { 'content-type': 'text/html' } });
  for (const [where, matches] of Object.entries({ quota: isQuota, project: isProject, rows: isInsert })) {
    test(`to the ${where} gives no photo up: the batch is kept, and arrives when it is gone`, async () => {
      const outbox = stage.module.createMemoryOutbox();
      const { job, error } = await sendWith(async (request) => (matches(request) ? blocked() : null), photosOf('blocked', 3), { outbox });
      assert.equal(error.code, 'not_allowed');
      assert.equal(job.kept, true);
      const [again] = await stage.sender(person, { outbox }).resume();
      assert.equal((await again.done).ok, true);
      await expectProject(stage, job.projectId, job.photoIds);
    });
  }

  test('to one row stops that photo, and the others arrive', async () => {
    const { job, result } = await sendWith(async (request) => (isInsert(request) && request.init.body.includes('blocked-1.jpg') ? blocked() : null), photosOf('blocked', 3));
    assert.deepEqual(result.photos.map((photo) => photo.error?.code ?? 'ok'), ['ok', 'not_allowed', 'ok']);
    await expectProject(stage, job.projectId, [job.photoIds[0], job.photoIds[2]]);
  });
});

test('objects that may not be removed do not keep the rest from its result', async () => {
  let path;
  const sender = (answer) => stage.sender(person, { fetch: fetchWith(stage, answer) });
  const job = sender(async (request) => {
    if (isUpload(request) && (path ??= request.path) === request.path) return json(400, { statusCode: '415', code: 'InvalidMimeType', message: 'No.' });
    if (request.method === 'DELETE' && request.path.startsWith('/storage/')) return json(400, { statusCode: '403', code: 'AccessDenied', message: 'No.' });
    return null;
  }).send({ project: project(), photos: photosOf('stuck', 2) });
  const { photos } = await job.done;
  assert.equal(photos.filter((photo) => photo.ok).length, 1);
});

test('rows go to the schema of the migrations, whatever the server offers first', async () => {
  const { seen } = await sendWith(async () => null, photosOf('schema', 1));
  for (const { init } of seen.filter(({ path }) => path.startsWith('/rest/'))) {
    assert.deepEqual([init.headers['accept-profile'], init.headers['content-profile']], ['public', 'public']);
  }
});

test('what the database says of a file has its own code, though Storage has one for all', async () => {
  const guard = await readFile(new URL('../../schema/supabase/migrations/20261128100500_stored_files.sql', import.meta.url), 'utf8');
  for (const [message, code] of [
    ['the bucket photos takes no file of this size', 'output_too_large'],
    ['the bucket photos takes no file of this type', 'unsupported_type'],
    ["the folder of this file is nobody's", 'not_found'],
    ['the project is being processed: its files do not change now', 'project_busy'],
    ['the files of this account are far over its quota', 'quota_exceeded'],
    ['the file of this path is being removed', 'not_allowed'],
  ]) {
    assert.ok(guard.includes(message.replace('photos', '%').replaceAll("'", "''")), message);
    const answer = async () => json(400, { statusCode: '403', code: 'AccessDenied', error: 'AccessDenied', message });
    const { result } = await sendWith(async (request) => (isUpload(request) ? answer() : null), photosOf('guarded', 1));
    assert.equal(result.photos[0].error.code, code, message);
  }
});

test('a Retry-After that is no time is as none', async () => {
  for (const value of ['soon', '-5', '']) {
    const { result, events } = await sendWith(firstTimes(1, isInsert, async () => new Response('', { status: 503, headers: { 'retry-after': value } })), photosOf('when', 1));
    assert.equal(result.ok, true);
    assert.equal(events.find((event) => event.type === 'pause').waitMs, 500);
  }
});

test('a Retry-After that is a moment is one of the server\'s clock, whatever the device\'s says', async () => {
  const headers = { date: 'Wed, 21 Oct 2015 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2015 07:28:07 GMT' };
  const { events } = await sendWith(firstTimes(1, isInsert, async () => new Response('', { status: 503, headers })), photosOf('moment', 1));
  assert.equal(events.find((event) => event.type === 'pause').waitMs, 7_000);
});

test('more ids than one address holds are asked for in parts', async () => {
  const lengths = [];
  const sender = stage.sender(person, {
    fetch: fetchWith(stage, ({ path, query }) => {
      if (path === '/rest/v1/media_items') lengths.push(query.length);
      return null;
    }),
  });
  await sender.sendMediaItem(preparedPhoto('one of many')).done;
  const ids = Array.from({ length: 350 }, () => crypto.randomUUID());
  assert.equal((await errorFrom(sender.removeMediaItem(ids))).code, 'not_found');
  assert.ok(Math.max(...lengths) < 5000, `${Math.max(...lengths)}`);
});
