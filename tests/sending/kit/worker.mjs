/**
 * The process that sends in a soak or a test of sudden death. It signs in as one person, finishes what its outbox holds, and
 * then works on what it is told over the IPC channel. It may be killed at any moment.
 *
 *   argv: url, key, email, password, outbox folder, seed
 *   in:   { do: 'send', batch: { mark, count, projectId, appendTo } }
 *   out:  { at: 'ready' | 'kept' | 'step' | 'done' | 'failed', … }
 */
import { chance, virtualClock } from './chance.mjs';
import { clientFor } from './people.mjs';
import { photosOf } from './photos.mjs';
import { loadSender, plainCore } from './sender.mjs';

const [url, key, email, password, folder, seed] = process.argv.slice(2);
const random = chance(Number(seed));
const { createSender, createFolderOutbox } = await loadSender();
const clock = virtualClock(random.next);
const client = clientFor({ url, key });
const say = (message) => process.connected && process.send({ ...message, slept: clock.slept }, () => {});

for (;;) {
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (!error) break;
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const sender = createSender({
  client, url, key, clock,
  core: await plainCore(),
  outbox: await createFolderOutbox(folder),
  retry: { attempts: 12 },
  idleMs: 10_000,
});

/** Waits for a job, and goes on with what it leaves as long as it only had bad luck. */
async function finish(job) {
  for (let round = 0; ; round++) {
    job.on((event) => {
      if (event.type === 'kept') say({ at: 'kept' });
      if (event.type === 'project' || event.type === 'photo') say({ at: 'step', what: `${event.type} ${event.state ?? ''}` });
    });
    try {
      return outcomeOf(await job.done);
    } catch (error) {
      if (!job.kept || round > 20) return { id: job.id, projectId: job.projectId, error: error.code, detail: error.detail };
      if (error.code === 'sign_in_required') await client.auth.signInWithPassword({ email, password });
      const jobs = await sender.resume().catch(() => []);
      const again = jobs.find((each) => each.id === job.id);
      if (again) job = again;
    }
  }
}

const outcomeOf = ({ entryId, projectId, photos }) => ({
  id: entryId,
  projectId,
  photos: photos.map((photo) => ({ id: photo.id, ok: photo.ok, error: photo.error?.code, detail: photo.error?.detail })),
});

async function resumeAll() {
  for (;;) {
    try {
      const jobs = await sender.resume();
      return await Promise.all(jobs.map(finish));
    } catch (error) {
      if (!['network', 'sign_in_required', 'server_error'].includes(error.code)) throw error;
      await client.auth.signInWithPassword({ email, password });
    }
  }
}

process.on('disconnect', () => process.exit());
process.on('message', async ({ batch }) => {
  const photos = photosOf(batch.mark, batch.count, { bytes: batch.bytes, thumbnail: batch.thumbnail });
  const job = batch.appendTo
    ? sender.append(batch.appendTo, photos)
    : sender.send({ project: { title_i18n: { en: batch.mark } }, photos, projectId: batch.projectId });
  say({ at: 'begun', ids: job.photoIds, id: job.id });
  say({ at: 'done', ...(await finish(job)) });
});

say({ at: 'ready', resumed: await resumeAll(), pending: (await sender.pending()).length });
