// The browser's half: XMLHttpRequest, IndexedDB, Web Locks, and a tab that is closed at ten points of the way.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { launchChromium } from '../browser/kit/chromium.mjs';
import { noFaults } from './kit/proxy.mjs';
import { expectProject, loopbackStage } from './kit/stage.mjs';

const email = 'tab@example.org';
const password = 'correct horse 1';
let stage;
let browser;
let context;
let site;

async function serve() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page/page.js', import.meta.url))],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*'],
    outdir: '/',
    write: false,
  });
  const files = new Map(outputFiles.map((file) => [file.path, file.contents]));
  const html = await readFile(new URL('./page/index.html', import.meta.url));
  const policy = `default-src 'self'; script-src 'self'; connect-src 'self' http://127.0.0.1:*`;
  const server = http.createServer(({ url }, response) => {
    const send = (type, body) => response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
    if (url === '/') return send('text/html', html);
    if (url === '/where.json') return send('application/json', JSON.stringify({ url: stage.proxy.url, key: stage.backend.keys.publishable }));
    if (files.has(url)) return send('text/javascript', files.get(url));
    response.writeHead(url === '/favicon.ico' ? 204 : 404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}

before(async () => {
  stage = await loopbackStage();
  site = await serve();
  browser = await launchChromium();
  context = await browser.newContext();
  const page = await open();
  const id = await page.evaluate(([name, secret]) => window.sending.signUp(name, secret), [email, password]);
  await stage.query(`update public.users set subscription_plan = 'enterprise' where id = $1`, [id]);
  await page.close();
});
after(async () => {
  await browser?.close();
  await site?.close();
  await stage?.close();
});

async function open(where = context) {
  const page = await where.newPage();
  page.on('pageerror', (error) => console.error(error));
  page.on('console', (message) => message.type() === 'error' && !message.location().url.startsWith(stage.proxy.url) && console.error(message.text()));
  await page.goto(site.url);
  await page.waitForFunction(() => window.sending);
  return page;
}

const send = (page, ...values) => page.evaluate((given) => window.sending.send(...given), values);
const counted = ({ method, path }) => method !== 'GET' && !path.startsWith('/auth/');

test('a batch arrives, its progress is told by bytes and grows', { timeout: 120_000 }, async () => {
  const page = await open();
  const { projectId, photoIds, bytesTotal } = await send(page, 'whole', 4, 1200);
  assert.equal(await page.evaluate(() => window.sending.done()), true);
  await expectProject(stage, projectId, photoIds);
  const progress = await page.evaluate(() => window.sending.progress);
  assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
  assert.equal(progress.at(-1), bytesTotal);
  assert.deepEqual(await page.evaluate(() => window.sending.pending()), []);
  await page.close();
});

test('the oldest browsers that are named send too', { timeout: 120_000 }, async () => {
  const old = await browser.newContext();
  await old.addInitScript({ path: fileURLToPath(new URL('../browser/kit/newer.js', import.meta.url)) });
  const page = await open(old);
  await page.evaluate(([name, secret]) => window.sending.signIn(name, secret), [email, password]);
  const { projectId, photoIds } = await send(page, 'old', 2);
  assert.equal(await page.evaluate(() => window.sending.done()), true);
  await expectProject(stage, projectId, photoIds);
  await old.close();
});

// Quota, project, six objects, rows, and the rows asked once more: what is under way when the tab goes away.
for (let point = 1; point <= 10; point++) {
  test(`a tab closed at request ${point} and reopened finishes`, { timeout: 120_000 }, async () => {
    const page = await open();
    let release;
    const until = new Promise((resolve) => (release = resolve));
    let reached;
    const held = new Promise((resolve) => (reached = resolve));
    let number = 0;
    stage.proxy.plan = (request) => {
      if (!counted(request)) return null;
      number += 1;
      if (number < Math.min(point, 9)) return null;
      if (point === 10 && number === 9) return { kind: 'drop_after' };
      reached();
      return { kind: 'hold', until, forward: point % 2 === 1 };
    };
    if (point === 10) {
      // The rows are there, their reply is lost, and the tab goes away while it asks again.
      const plan = stage.proxy.plan;
      stage.proxy.plan = (request) => (number >= 9 && request.path.startsWith('/rest/v1/photos') ? (reached(), { kind: 'hold', until, forward: false }) : plan(request));
    }
    const { projectId, photoIds } = await send(page, `point-${point}`, 3);
    await held;
    await page.close();
    release();
    stage.proxy.plan = noFaults;
    const again = await open();
    assert.equal((await again.evaluate(() => window.sending.pending())).length, 1, 'the outbox has it');
    assert.deepEqual(await again.evaluate(() => window.sending.resume()), [{ ok: true, projectId }]);
    await expectProject(stage, projectId, photoIds);
    assert.deepEqual(await again.evaluate(() => window.sending.pending()), []);
    await again.close();
  });
}

test('strange answers to XMLHttpRequest are no success: a redirect, a portal, half a reply, a drip', { timeout: 120_000 }, async () => {
  const page = await open();
  for (const fault of [{ kind: 'redirect' }, { kind: 'portal' }, { kind: 'torn' }, { kind: 'drip', ms: 20 }]) {
    let number = 0;
    stage.proxy.plan = (request) => (counted(request) && number++ % 2 === 0 && number < 20 ? fault : null);
    const { projectId, photoIds } = await send(page, fault.kind, 2);
    assert.equal(await page.evaluate(() => window.sending.done()), true, fault.kind);
    stage.proxy.plan = noFaults;
    await expectProject(stage, projectId, photoIds);
  }
  await page.close();
});

test('the outbox in IndexedDB tells damage, brings nothing back, and opens again what the browser has closed', { timeout: 120_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    const outbox = window.sending.createIndexedDbOutbox({ name: 'test' });
    const owner = crypto.randomUUID();
    const entry = (id) => ({ id, owner, target: 'x', kind: 'photos', table: 'photos', createdAt: 1, projectId: null, projectRow: null, step: 0, items: [], removes: [] });
    const [whole, gone, spoilt] = [1, 2, 3].map(() => crypto.randomUUID());
    await outbox.put(entry(whole), new Map([['a/b.jpg', new Blob(['bytes'])]]));
    await outbox.put(entry(gone), new Map());
    await outbox.remove(owner, gone);
    await outbox.update(entry(gone));
    const open = () => new Promise((resolve) => (indexedDB.open('test').onsuccess = (event) => resolve(event.target.result)));
    const raw = await open();
    await new Promise((resolve) => (raw.transaction('entries', 'readwrite').objectStore('entries').put({ owner, id: spoilt, items: 5 }).onsuccess = resolve));
    raw.close();
    const kinds = Object.fromEntries((await outbox.list(owner)).map(({ id, kind }) => [{ [whole]: 'whole', [gone]: 'gone', [spoilt]: 'spoilt' }[id], kind]));
    const bytes = await (await outbox.file(owner, whole, 'a/b.jpg')).text();
    // Without locks, a tab that sends what another has given up meanwhile writes its own record.
    await outbox.update({ ...entry(whole), givenUp: true });
    await outbox.update({ ...entry(whole), step: 1 });
    const { givenUp, step } = await outbox.get(owner, whole);
    await new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase('test'), { onsuccess: resolve, onblocked: reject, onerror: reject }));
    return { kinds, bytes, givenUp, step, after: await outbox.list(owner) };
  });
  assert.deepEqual(seen, { kinds: { spoilt: 'damaged', whole: 'photos' }, bytes: 'bytes', givenUp: true, step: 1, after: [] });
  await page.close();
});

test('the outbox in IndexedDB opens again what was closed under a call, and keeps nothing of an entry that it could not take', { timeout: 120_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    const outbox = window.sending.createIndexedDbOutbox({ name: 'closed' });
    const owner = crypto.randomUUID();
    const id = crypto.randomUUID();
    const entry = { id, owner, target: 'x', kind: 'photos', table: 'photos', createdAt: 1, projectId: null, projectRow: null, step: 0, items: [], removes: [] };
    await outbox.put(entry, new Map([['a/b.jpg', new Blob(['bytes'])]]));
    // Closed between the call and its transaction, as by another tab's versionchange at that moment.
    const { transaction } = IDBDatabase.prototype;
    let times = 1;
    IDBDatabase.prototype.transaction = function (...values) {
      if (times-- > 0) this.close();
      return transaction.apply(this, values);
    };
    const kinds = (await outbox.list(owner)).map(({ kind }) => kind);
    IDBDatabase.prototype.transaction = transaction;
    const refused = await outbox.put({ ...entry, id: 'second' }, new Map([['a/c.jpg', new Blob(['bytes'])], ['a/d.jpg', () => 'no data']])).then(() => 'taken', ({ name }) => name);
    return { kinds, refused, file: await outbox.file(owner, 'second', 'a/c.jpg') };
  });
  assert.deepEqual(seen, { kinds: ['photos'], refused: 'DataCloneError', file: null });
  await page.close();
});

test('an outbox of a newer version, and one whose deletion another tab holds up, are told and keep nobody waiting', { timeout: 120_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    const opened = (name, version) => new Promise((resolve) => (indexedDB.open(name, version).onsuccess = ({ target }) => resolve(target.result)));
    (await opened('newer', 2)).close();
    const another = await opened('held', 1);
    const deletion = indexedDB.deleteDatabase('held');
    const gone = new Promise((resolve) => (deletion.onsuccess = resolve));
    await new Promise((resolve) => (deletion.onblocked = resolve));
    const ends = [];
    for (const outbox of [{ name: 'newer' }, { name: 'held', idleMs: 50 }]) ends.push(await window.sending.sendTo(location.origin, outbox));
    another.close();
    await gone;
    return { ends, after: await window.sending.createIndexedDbOutbox({ name: 'held' }).list(crypto.randomUUID()) };
  });
  const told = { code: 'outbox_unavailable', kept: false };
  assert.deepEqual(seen, { ends: [told, told], after: [] });
  await page.close();
});

test('an answer without an end is given up', { timeout: 120_000 }, async () => {
  const page = await open();
  let bytes = 0;
  const endless = http.createServer((request, answer) => {
    const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-allow-methods': '*' };
    if (request.method === 'OPTIONS') return answer.writeHead(204, headers).end();
    answer.on('error', () => {});
    answer.writeHead(200, { ...headers, 'content-type': 'application/json' });
    const piece = Buffer.alloc(1 << 20, 32);
    const pour = () => {
      while (!answer.destroyed) {
        bytes += piece.length;
        if (!answer.write(piece)) return void answer.once('drain', pour);
      }
    };
    pour();
  });
  await new Promise((resolve) => endless.listen(0, '127.0.0.1', resolve));
  stage.proxy.plan = noFaults;
  const error = await page.evaluate((url) => window.sending.sendTo(url), `http://127.0.0.1:${endless.address().port}`);
  endless.closeAllConnections();
  await new Promise((resolve) => endless.close(resolve));
  assert.deepEqual(error, { code: 'network', kept: true });
  assert.ok(bytes < 100 * 1024 * 1024, `${bytes} bytes`);
  await page.close();
});

test('two tabs do not send the same entry', { timeout: 120_000 }, async () => {
  const page = await open();
  let release;
  const until = new Promise((resolve) => (release = resolve));
  let reached;
  const held = new Promise((resolve) => (reached = resolve));
  let number = 0;
  stage.proxy.plan = (request) => (counted(request) && ++number === 4 ? (reached(), { kind: 'hold', until, forward: true }) : null);
  const { projectId, photoIds } = await send(page, 'tabs', 3);
  await held;
  const second = await open();
  assert.deepEqual(await second.evaluate(() => window.sending.resume()), [], 'the first tab is at work');
  release();
  assert.equal(await page.evaluate(() => window.sending.done()), true);
  await expectProject(stage, projectId, photoIds);
  stage.proxy.plan = noFaults;
  await page.close();
  await second.close();
});

test("another person on the same machine does not see what is kept; its owner finishes it after signing in again", { timeout: 120_000 }, async () => {
  const page = await open();
  let reached;
  const held = new Promise((resolve) => (reached = resolve));
  stage.proxy.plan = (request) => (request.path.startsWith('/storage/') ? (reached(), { kind: 'hold', until: new Promise(() => {}) }) : null);
  const { projectId, photoIds } = await send(page, 'owner', 2);
  await held;
  await page.close();
  stage.proxy.plan = noFaults;
  const other = await open();
  await other.evaluate(() => window.sending.signOut());
  await other.evaluate(([name, secret]) => window.sending.signUp(name, secret), ['other@example.org', password]);
  assert.deepEqual(await other.evaluate(() => window.sending.pending()), []);
  assert.deepEqual(await other.evaluate(() => window.sending.resume()), []);
  await other.evaluate(() => window.sending.signOut());
  await other.evaluate(([name, secret]) => window.sending.signIn(name, secret), [email, password]);
  assert.deepEqual(await other.evaluate(() => window.sending.resume()), [{ ok: true, projectId }]);
  await expectProject(stage, projectId, photoIds);
  await other.close();
});
