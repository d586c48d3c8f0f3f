/**
 * What the sender adds: twenty photos to the local backend, against the bare requests in the best order (project, all objects
 * at once over kept connections, rows in one insert), in one run and in turn. Prints medians and their ratio.
 *   node bench.mjs [--rounds N] [--photo-bytes N] [--delay MS]
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBackend } from '../../web-demo/backend/node.mjs';
import { clientFor } from './kit/people.mjs';
import { photosOf } from './kit/photos.mjs';
import { loadSender, plainCore } from './kit/sender.mjs';

const file = fileURLToPath(import.meta.url);

if (process.argv[2] === 'serve') {
  // The backend has a process of its own, as it would elsewhere.
  const backend = await startBackend();
  process.on('message', async ({ sql, values }) => process.send(await backend.query(sql, values)));
  process.on('disconnect', () => process.exit());
  process.send({ url: backend.url, key: backend.key });
} else {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '11' }, 'photo-bytes': { type: 'string', default: '400000' } } });
  const backend = fork(file, ['serve'], { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
  const reply = () => new Promise((resolve) => backend.once('message', resolve));
  const folder = await mkdtemp(path.join(os.tmpdir(), 'photo-core-bench-'));
  try {
    const { url, key } = await reply();
    const client = clientFor({ url, key });
    const { data } = await client.auth.signUp({ email: 'bench@example.org', password: 'correct horse 1' });
    backend.send({ sql: 'update public.users set subscription_plan = $1', values: ['enterprise'] });
    await reply();
    const token = data.session.access_token;
    const owner = data.user.id;
    const core = await plainCore();
    const { createSender, createFolderOutbox, createMemoryOutbox } = await loadSender();
    const senders = {
      'sender, outbox in a folder': createSender({ client, url, key, core, outbox: await createFolderOutbox(folder) }),
      'sender, outbox in memory': createSender({ client, url, key, core, outbox: createMemoryOutbox() }),
    };
    const runs = {
      'bare requests': (photos) => bare({ url, key, token, owner, core }, photos),
      ...Object.fromEntries(
        Object.entries(senders).map(([name, sender]) => [name, (photos) => sender.send({ project: { title_i18n: { en: 'Bench' } }, photos }).done]),
      ),
    };
    const times = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
    for (let round = -2; round < Number(values.rounds); round++) {
      for (const [name, run] of Object.entries(runs)) {
        const photos = photosOf(`bench-${round}`, 20, { bytes: Number(values['photo-bytes']) });
        const begin = performance.now();
        await run(photos);
        if (round >= 0) times[name].push(performance.now() - begin);
      }
    }
    const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
    const base = median(times['bare requests']);
    for (const [name, list] of Object.entries(times)) {
      console.log(`${name}: median ${median(list).toFixed(0)} ms, least ${Math.min(...list).toFixed(0)} ms, ratio ${(median(list) / base).toFixed(2)}`);
    }
    console.log(`sending overhead: ${(median(times['sender, outbox in a folder']) / base).toFixed(2)} (bar 1.30), ${times['bare requests'].length} rounds`);
  } finally {
    backend.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same requests with nothing kept, checked or counted. */
async function bare({ url, key, token, owner, core }, photos) {
  const headers = { apikey: key, authorization: `Bearer ${token}` };
  const projectId = crypto.randomUUID();
  const post = async (path_, body, type) => {
    const response = await fetch(`${url}${path_}`, { method: 'POST', headers: { ...headers, 'content-type': type, prefer: 'return=minimal' }, body });
    await response.text();
    if (!response.ok) throw new Error(`${path_}: ${response.status}`);
  };
  await post('/rest/v1/video_projects', JSON.stringify([{ id: projectId, title_i18n: { en: 'Bench' } }]), 'application/json');
  const rows = await Promise.all(
    photos.map(async (photo) => {
      const id = crypto.randomUUID();
      const [fileUrl, thumbnailUrl] = [`${owner}/${projectId}/${id}.jpg`, `${owner}/${projectId}/${id}.thumb.jpg`];
      await Promise.all([
        post(`/storage/v1/object/photos/${fileUrl}`, photo.photo, 'image/jpeg'),
        post(`/storage/v1/object/photos/${thumbnailUrl}`, photo.thumbnail, 'image/jpeg'),
      ]);
      return core.photoPayload(photo, { projectId, fileUrl, thumbnailUrl, id });
    }),
  );
  await post('/rest/v1/photos', JSON.stringify(rows), 'application/json');
}
