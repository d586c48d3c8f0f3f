// Answers without an end, and waits longer than a timer can be set to.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createGzip } from 'node:zlib';
import { photosOf } from './kit/photos.mjs';
import { errorFrom, expectProject, fetchWith, inProcessStage, project } from './kit/stage.mjs';

let stage;
let person;
before(async () => {
  stage = await inProcessStage();
  person = await stage.person();
});
after(() => stage.close());

const MiB = 1024 * 1024;

/** A server on loopback that gives every request the answer of one function. */
async function serverOf(t, answer) {
  const server = http.createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Writes pieces until nobody reads any more. */
function pour(target, piece, written) {
  while (!target.destroyed) {
    const goOn = target.write(piece);
    written(piece.length);
    if (!goOn) return void target.once('drain', () => pour(target, piece, written));
  }
}

describe('an answer without an end', () => {
  const sendTo = async (url, options) => {
    const job = stage.module.createSender({
      client: person.client, url, key: person.key, core: stage.core, outbox: stage.module.createMemoryOutbox(), retry: { attempts: 1 }, ...options,
    }).send({ project: project(), photos: photosOf('endless', 1) });
    return { job, error: await errorFrom(job.done) };
  };

  for (const status of [200, 400, 503]) {
    test(`is read no further than an answer can be long (${status})`, { timeout: 60_000 }, async (t) => {
      let bytes = 0;
      const url = await serverOf(t, (_, answer) => {
        answer.on('error', () => {});
        answer.writeHead(status, { 'content-type': 'application/json' });
        pour(answer, Buffer.alloc(MiB, 32), (more) => (bytes += more));
      });
      const { job, error } = await sendTo(url);
      assert.equal(error.code, 'network');
      assert.equal(job.kept, true);
      assert.ok(bytes < 64 * MiB, `${bytes / MiB} MiB`);
    });
  }

  test('that is small on the wire and large behind gzip is the same', { timeout: 60_000 }, async (t) => {
    let bytes = 0;
    const url = await serverOf(t, (_, answer) => {
      answer.on('error', () => {});
      answer.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(answer);
      answer.on('close', () => gzip.destroy());
      pour(gzip, Buffer.alloc(MiB), (more) => (bytes += more));
    });
    const { job, error } = await sendTo(url);
    assert.equal(error.code, 'network');
    assert.equal(job.kept, true);
    assert.ok(bytes < 512 * MiB, `${bytes / MiB} MiB`);
  });

  test('that drips is given up in the end', { timeout: 60_000 }, async (t) => {
    const url = await serverOf(t, (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => answer.write(' '), 10);
      answer.on('close', () => clearInterval(drip));
    });
    const { error } = await sendTo(url, { idleMs: 300 });
    assert.equal(error.code, 'network');
  });

  test('of a fetch that is deaf to its signal does not hold an abort up', { timeout: 60_000 }, async () => {
    for (const deaf of [() => new Promise(() => {}), async () => new Response(new ReadableStream({}))]) {
      let asked;
      const waiting = new Promise((resolve) => (asked = resolve));
      const fetch = fetchWith(stage, (request) => (request.path.startsWith('/rest/') ? (asked(), deaf()) : null));
      const job = stage.sender(person, { fetch }).send({ project: project(), photos: photosOf('deaf', 1) });
      await waiting;
      job.cancel();
      assert.equal((await errorFrom(job.done)).code, 'cancelled');
      assert.equal(job.kept, true);
    }
  });
});

test('a wait of more than a timer holds does not end at once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const lengths = [];
  const { setTimeout: start } = globalThis;
  globalThis.setTimeout = (work, ms, ...values) => (lengths.push(ms), start(work, ms, ...values));
  t.after(() => (globalThis.setTimeout = start));
  const stop = new AbortController();
  const asleep = stage.module.systemClock.sleep(10 ** 12, stop.signal);
  stop.abort(new Error('stopped'));
  await assert.rejects(asleep, /stopped/);
  assert.ok(lengths.every((ms) => ms <= 2 ** 31 - 1), `${lengths}`);
});

test('the same sender goes on when the answers end', async () => {
  let endless = true;
  const fetch = fetchWith(stage, (request) => (endless && request.path === '/rest/v1/video_projects' ? new Response(' '.repeat(20 * MiB)) : null));
  const sender = stage.sender(person, { fetch, retry: { attempts: 2 } });
  const job = sender.send({ project: project(), photos: photosOf('goes on', 2) });
  assert.equal((await errorFrom(job.done)).code, 'network');
  endless = false;
  const [again] = await sender.resume();
  assert.equal((await again.done).ok, true);
  await expectProject(stage, job.projectId, job.photoIds);
});
