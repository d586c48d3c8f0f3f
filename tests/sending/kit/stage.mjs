/** One backend, with or without a bad network in front, and senders for its people. */
import assert from 'node:assert/strict';
import { openBackend, startBackend } from '../../../web-demo/backend/node.mjs';
import { virtualClock } from './chance.mjs';
import { installed } from './installed.mjs';
import { newPerson, truth } from './people.mjs';
import { noFaults, startProxy } from './proxy.mjs';
import { loadSender, plainCore } from './sender.mjs';

/** In this process, without a listener. */
export async function inProcessStage() {
  const backend = await openBackend(await installed());
  const where = { url: 'http://localhost', fetch: backend.fetch };
  return stageOver(backend, where, () => backend.close());
}

/** On loopback, behind a proxy whose plan can be exchanged. */
export async function loopbackStage(plan = noFaults) {
  const backend = await startBackend(await installed());
  const proxy = await startProxy(backend.url, plan);
  const stage = await stageOver(backend, { url: proxy.url }, async () => {
    await proxy.close();
    await backend.close();
  });
  return Object.assign(stage, { proxy });
}

export async function stageOver(backend, where, close) {
  const module = await loadSender();
  const core = await plainCore();
  return {
    backend,
    module,
    core,
    close,
    person: (options) => newPerson(backend, { ...where, ...options }),
    sender: (person, options = {}) =>
      module.createSender({
        client: person.client,
        url: person.url,
        key: person.key,
        core,
        clock: virtualClock(() => 0.5),
        outbox: module.createMemoryOutbox(),
        ...(where.fetch ? { fetch: where.fetch } : {}),
        ...options,
      }),
    truth: () => truth(backend),
    query: backend.query,
  };
}

export const project = (title = 'Summer') => ({ title_i18n: { en: title }, style: 'modern', duration_minutes: 2 });

/** The rows of a project in order, each with its objects there; nothing else in its folder. */
export async function expectProject(stage, projectId, photoIds) {
  const { photos, objects, projects } = await stage.truth();
  const rows = photos.filter((row) => row.project_id === projectId);
  assert.deepEqual(rows.map((row) => row.id), photoIds, 'rows and their order');
  const paths = rows.flatMap((row) => [row.file_url, row.thumbnail_url]).filter(Boolean).map((path) => `photos/${path}`);
  const held = [...objects.keys()].filter((path) => path.includes(`/${projectId}/`));
  assert.deepEqual(held.sort(), paths.sort(), 'objects of the project');
  const row = projects.find((each) => each.id === projectId);
  assert.equal(row?.photo_count, photoIds.length, 'photo_count');
}

export async function eventsOf(job) {
  const events = [];
  for await (const event of job) events.push(event);
  return events;
}

/** The `PhotoError` that a promise rejects with. */
export async function errorFrom(promise) {
  const outcome = await promise.then((value) => ({ value }), (error) => ({ error }));
  assert.ok(outcome.error, `Expected an error but received ${JSON.stringify(outcome.value)}`);
  assert.equal(outcome.error.name, 'PhotoError', String(outcome.error.stack));
  return outcome.error;
}

/**
 * A fetch to the stage's backend in which some answers are replaced. @param answer what comes in place of the backend's
 * answer, or null; called with the method, the path, the request and a function that asks the backend
 */
export function fetchWith(stage, answer) {
  return async (url, init = {}) => {
    init.signal?.throwIfAborted();
    const { pathname, search } = new URL(url);
    const real = () => stage.backend.fetch(url, init);
    const method = init.method ?? 'GET';
    const given = await answer({ method, path: pathname, query: search, init, real });
    return given ?? real();
  };
}

export const isUpload = ({ method, path }) => method === 'POST' && path.startsWith('/storage/v1/object/');
export const isInsert = ({ method, path }) => method === 'POST' && path === '/rest/v1/photos';
