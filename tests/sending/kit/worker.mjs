/**
 * The process that sends in a soak or a test of sudden death. It signs in as one person, finishes what its outbox holds, and
 * then works on what it is told over the IPC channel. It may be killed at any moment.
 *
 *   argv: url, key, email, password, outbox folder, seed
 *   in:   a chore of chores.mjs
 *   out:  { at: 'ready' | 'begun' | 'kept' | 'step' | 'done', … }
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

const passing = ['network', 'server_error', 'rate_limited', 'sign_in_required', 'cancelled'];

function watch(job) {
  job.on((event) => {
    if (event.type === 'kept') say({ at: 'kept' });
    if (event.type === 'project' || event.type === 'photo') say({ at: 'step', what: `${event.type} ${event.state ?? ''}` });
  });
  return job.done;
}

/** Waits for a job, and goes on with what it leaves as long as it only had bad luck. */
async function finish(job) {
  for (let round = 0; ; round++) {
    try {
      return outcomeOf(await watch(job));
    } catch (error) {
      if (!job.kept || round > 20) return { id: job.id, projectId: job.projectId, error: error.code, detail: error.detail };
      if (error.code === 'sign_in_required') await signIn();
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

async function signIn() {
  await client.auth.signInWithPassword({ email, password });
}

async function resumeAll() {
  for (;;) {
    try {
      const jobs = await sender.resume();
      return await Promise.all(jobs.map(finish));
    } catch (error) {
      if (!passing.includes(error.code)) throw error;
      await signIn();
    }
  }
}

/** A call without a job: again until it had no bad luck. What is not there any more was removed by a try before. */
async function insist(call) {
  for (let round = 0; ; round++) {
    try {
      await call();
      return { photos: [] };
    } catch (error) {
      if (error.code === 'not_found' && round > 0) return { photos: [] };
      if (!passing.includes(error.code) || round > 20) return { error: error.code, detail: error.detail };
      if (error.code === 'sign_in_required') await signIn();
      await resumeAll();
    }
  }
}

/** Sends, cancels after some signs of life, and gives up what is not confirmed. */
async function discard(job, { cancelAfter }) {
  let signs = 0;
  job.on((event) => event.type !== 'progress' && ++signs >= cancelAfter && job.cancel());
  try {
    return outcomeOf(await watch(job));
  } catch (error) {
    if (error.code !== 'cancelled') return { photos: null };
    if (!job.kept) return { photos: job.photoIds.map((id) => ({ id, ok: false })) };
  }
  try {
    return outcomeOf(await sender.discard(job.id, { removeEmptyProject: true }));
  } catch {
    await resumeAll(); // it goes on with the giving up
    return { photos: null };
  }
}

function begin(chore) {
  const { kind, mark, projectId, photoId } = chore;
  const photos = photosOf(mark, chore.count, { bytes: chore.bytes, thumbnail: chore.thumbnail });
  switch (kind) {
    case 'append':
      return sender.append(projectId, photos);
    case 'replace':
      return sender.replace(photoId, photos[0]);
    case 'media':
      return sender.sendMediaItem(photos[0]);
    case 'avatar':
      return sender.sendAvatar(photos[0]);
    case 'remove':
      return () => sender.remove(photoId);
    case 'removeMedia':
      return () => sender.removeMediaItem(photoId);
    case 'reorder':
      return () => sender.reorder(projectId, chore.order);
    default:
      return sender.send({ project: { title_i18n: { en: mark } }, photos, projectId });
  }
}

process.on('disconnect', () => process.exit());
process.on('message', async (chore) => {
  const job = begin(chore);
  say({ at: 'begun', ids: job.photoIds ?? [], id: job.id });
  const outcome = typeof job === 'function' ? await insist(job) : chore.kind === 'discard' ? await discard(job, chore) : await finish(job);
  say({ at: 'done', ...outcome });
});

say({ at: 'ready', resumed: await resumeAll(), pending: (await sender.pending()).length });
