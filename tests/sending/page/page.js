/** A page that sends: bundled with the sender and a real supabase-js client, driven by the test from outside. */
import { createClient } from '@supabase/supabase-js';
import { createIndexedDbOutbox, createSender } from '../../../wasm/src/supabase/index.ts';
import { mediaItemRow, photoRow } from '../../../wasm/src/rows.ts';

const { url, key } = await (await fetch('/where.json')).json();
const client = createClient(url, key, { auth: { autoRefreshToken: false } });
const clean = (row) => JSON.parse(JSON.stringify(row));
const core = {
  projectPayload: async (draft) => clean(draft),
  photoPayload: async (photo, facts) => clean(photoRow(photo, facts)),
  mediaItemPayload: async (photo, facts) => clean(mediaItemRow(photo, facts)),
};
const sender = createSender({ client, url, key, core, retry: { firstWaitMs: 20, longestWaitMs: 200 }, idleMs: 20_000 });

/** A photo as the page would have prepared it: a JPEG that is drawn here. */
async function photoOf(mark, edge) {
  const draw = async (size, type) => {
    const canvas = new OffscreenCanvas(size, size);
    const context = canvas.getContext('2d');
    for (let y = 0; y < size; y += 8) {
      for (let x = 0; x < size; x += 8) {
        context.fillStyle = `hsl(${(x * y + mark.length * 31) % 360} 80% ${(x + y) % 100}%)`;
        context.fillRect(x, y, 8, 8);
      }
    }
    context.fillText(mark, 4, 12);
    return canvas.convertToBlob({ type });
  };
  const photo = await draw(edge, 'image/jpeg');
  return {
    photo, thumbnail: await draw(64, 'image/webp'), thumbnails: [], mimeType: 'image/jpeg', width: edge, height: edge, bytes: photo.size,
    sha256: '0'.repeat(64), photoSha256: '0'.repeat(64), dhash: '0'.repeat(16), thumbhash: 'AAAA', capture: {},
    source: { name: `${mark}.jpg`, format: 'jpeg', mimeType: 'image/jpeg', width: edge, height: edge, orientation: 1, bytes: photo.size, profile: '' },
    passedThrough: true, decodedBy: 'core', warnings: [], timings: {},
  };
}

const progress = [];
const watch = (job) => {
  job.on((event) => event.type === 'progress' && progress.push(event.progress.bytesDone));
  return job.done;
};

window.sending = {
  progress,
  createIndexedDbOutbox,
  signUp: async (email, password) => {
    const { data, error } = await client.auth.signUp({ email, password });
    if (error) throw error;
    return data.user.id;
  },
  signIn: async (email, password) => (await client.auth.signInWithPassword({ email, password })).data.user?.id,
  signOut: async () => void (await client.auth.signOut()),
  person: async () => (await client.auth.getSession()).data.session?.user.id,
  pending: () => sender.pending(),
  /** Ids at once, so that the test knows them whatever happens to this page. */
  send: async (mark, count, edge = 96) => {
    const photos = await Promise.all(Array.from({ length: count }, (_, index) => photoOf(`${mark}-${index}`, edge)));
    const job = sender.send({ project: { title_i18n: { en: mark } }, photos });
    window.job = watch(job);
    window.job.catch(() => {});
    return { projectId: job.projectId, photoIds: job.photoIds, bytesTotal: job.progress.bytesTotal };
  },
  /** A batch to another address or by another outbox, tried once: what its job ends with. */
  sendTo: async (elsewhere, outbox) => {
    const other = outbox ? { outbox: createIndexedDbOutbox(outbox) } : {};
    const job = createSender({ client, url: elsewhere, key, core, retry: { attempts: 1 }, ...other }).send({ project: { title_i18n: { en: 'elsewhere' } }, photos: [await photoOf('elsewhere', 96)] });
    return job.done.then(() => 'done', ({ code }) => ({ code, kept: job.kept }));
  },
  done: async () => (await window.job).ok,
  resume: async () => {
    const jobs = await sender.resume();
    return (await Promise.all(jobs.map(watch))).map(({ ok, projectId }) => ({ ok, projectId }));
  },
};
