import { invalidOption } from '../caller_error.js';
import type { PreparedPhoto } from '../types.js';
import { buildAvatar, buildMedia, buildPhotos, draftEntry, type Built } from './build.js';
import { anyOf, connectivityTo, systemClock } from './clock.js';
import { errorOf, isFault, remoteError } from './fault.js';
import { deviceIds, isUuid, uuidV7 } from './ids.js';
import { SendJob, type SendResult } from './job.js';
import { outboxError } from './keeper.js';
import { ResumableProbe, UploadSlots } from './objects.js';
import { checkBatch, checkOptions, checkPhoto, checkPhotos, checkSendOptions, policyOf, type PendingEntry, type SendBatch, type SenderOptions, type SendOptions } from './options.js';
import { createMemoryOutbox, type Outbox, type OutboxEntry } from './outbox.js';
import { createIndexedDbOutbox } from './outbox_indexeddb.js';
import { ProgressCount } from './progress.js';
import { withRetry, type Pause } from './retry.js';
import { Supabase, type Row, type Wiring } from './service.js';
import { Session } from './session.js';
import { Story } from './stories.js';
import { chooseTransport } from './transport.js';
import { Turns } from './turns.js';

/** Sends what is prepared to a Supabase project, and finishes later what could not be sent now. See the functions below. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #wiring: Wiring;
  readonly #outbox: Outbox;
  readonly #probe = new ResumableProbe();
  readonly #slots: UploadSlots;
  readonly #turns: Turns;
  readonly #closing = new AbortController();
  #lastCreatedAt = 0;

  /** @internal */
  constructor(options: SenderOptions) {
    checkOptions(options);
    this.#options = options;
    this.#outbox = options.outbox ?? (typeof indexedDB === 'object' ? createIndexedDbOutbox() : createMemoryOutbox());
    this.#slots = new UploadSlots(options.uploads ?? 4);
    const idleMs = options.idleMs ?? 60_000;
    this.#wiring = {
      url: new URL(options.url).href.replace(/\/+$/, ''),
      key: options.key,
      session: new Session(options.client, idleMs),
      transport: chooseTransport(options.fetch),
      clock: options.clock ?? systemClock,
      connectivity: options.connectivity ?? connectivityTo(options.url),
      policy: policyOf(options.retry),
      idleMs,
    };
    this.#turns = new Turns(this.#outbox, this.#wiring.clock);
  }

  /** A new project with its photos: the project row, then all objects, then the rows in one insert. */
  send(batch: SendBatch, options: SendOptions = {}): SendJob<string> {
    checkBatch(batch);
    const { project, photos, projectId = this.#id() } = batch;
    this.#needId('projectId', projectId);
    return this.#start({ kind: 'photos', projectId, projectRow: project as Row }, photos, options, (owner, ids) =>
      buildPhotos(this.#options.core, { owner, projectId, draft: project as Row, photos, ids }),
    ) as SendJob<string>;
  }

  /** More photos for a project, after those that it has. */
  append(projectId: string, photos: readonly PreparedPhoto[], options: SendOptions = {}): SendJob<string> {
    this.#needId('projectId', projectId);
    checkPhotos('photos', photos);
    return this.#start({ kind: 'photos', projectId }, photos, options, (owner, ids) =>
      buildPhotos(this.#options.core, { owner, projectId, draft: null, photos, ids }),
    ) as SendJob<string>;
  }

  /** Another photo in the place of one. The old one is removed only when the new one is there. */
  replace(photoId: string, photo: PreparedPhoto, options: SendOptions = {}): SendJob {
    this.#needId('photoId', photoId);
    checkPhoto('photo', photo);
    return this.#start({ kind: 'replace', projectId: null }, [photo], options, async (owner, ids) => {
      const [old] = await this.#known('photos', [photoId], owner);
      const projectId = String(old?.row['project_id']);
      const built = await buildPhotos(this.#options.core, { owner, projectId, draft: null, photos: [photo], ids });
      return { ...built, kind: 'replace', removes: old ? [old] : [] };
    });
  }

  /** A photo for the media library. */
  sendMediaItem(photo: PreparedPhoto, options: SendOptions = {}): SendJob {
    checkPhoto('photo', photo);
    return this.#start({ kind: 'media', projectId: null }, [photo], options, (owner, ids) =>
      buildMedia(this.#options.core, { owner, photos: [photo], ids }),
    );
  }

  /** A new picture of the person; the old one is removed when the profile names the new one. */
  sendAvatar(photo: PreparedPhoto, options: SendOptions = {}): SendJob {
    checkPhoto('photo', photo);
    return this.#start({ kind: 'avatar', projectId: null }, [photo], options, async (owner, ids) => buildAvatar({ owner, photo, id: ids[0] ?? '' }));
  }

  /** Removes photos of a project, rows first and then their objects. @throws PhotoError `not_found`, `project_busy`, … */
  async remove(photoIds: string | readonly string[], options: SendOptions = {}): Promise<void> {
    await this.#removeRows('photos', photoIds, options);
  }

  /** Removes items of the media library. */
  async removeMediaItem(itemIds: string | readonly string[], options: SendOptions = {}): Promise<void> {
    await this.#removeRows('media_items', itemIds, options);
  }

  /** Puts the photos of a project into the order of their ids, each named once. */
  async reorder(projectId: string, photoIds: readonly string[], options: SendOptions = {}): Promise<void> {
    checkSendOptions(options);
    this.#needId('projectId', projectId);
    if (!Array.isArray(photoIds)) throw invalidOption('photoIds', 'an array of ids', photoIds);
    await this.#asPerson((owner) =>
      this.#quick(owner, (supabase) => supabase.call('reorder_photos', { project: projectId, ids: photoIds }), options.signal),
    );
  }

  /** Changes title, description, style, duration, prompt or metadata. @param changes fields as for `core.projectPayload` */
  async updateProject(projectId: string, changes: object, options: SendOptions = {}): Promise<void> {
    checkSendOptions(options);
    this.#needId('projectId', projectId);
    if (typeof changes !== 'object' || changes === null) throw invalidOption('changes', 'an object', changes);
    await this.#asPerson(async (owner) => {
      const payload = await this.#options.core.projectPayload(changes);
      const asked = Object.fromEntries(Object.entries(payload).filter(([name]) => name in changes));
      const rows = await this.#quick(owner, (supabase) => supabase.update('video_projects', `id=eq.${projectId}`, asked, 'id'), options.signal);
      if (rows.length === 0) throw remoteError('not_found', { detail: 'No such project of this person' });
    });
  }

  /**
   * What the outbox holds for the person who is signed in; nobody else's. Oldest first. An entry of the kind `damaged` cannot
   * be sent any more: `discard` removes it.
   */
  async pending(): Promise<PendingEntry[]> {
    return this.#asPerson(async (owner) => (await this.#entries(owner)).map(pendingOf));
  }

  /**
   * Goes on with everything in the outbox of the person who is signed in, oldest first: after a reload, a crash, or a new
   * sign-in. Entries at which another tab or process is working are left to it.
   */
  async resume(options: SendOptions = {}): Promise<SendJob[]> {
    checkSendOptions(options);
    return this.#asPerson(async (owner) => {
      const jobs: SendJob[] = [];
      for (const { id, kind } of await this.#entries(owner)) {
        if (kind === 'damaged') continue;
        const taken = await this.#take(owner, id);
        if (!taken?.entry) continue;
        const { entry, release } = taken;
        entry.uncertain = true; // requests of the run that was cut off may have arrived, or be on their way still
        const job = this.#job(entry.id, entry.projectId, entry, options, (self, signal) => this.#work(entry, self, signal, release));
        jobs.push(this.#turns.add(job, entry));
      }
      return jobs;
    });
  }

  /**
   * Gives up what an entry has not yet confirmed: its objects and rows are removed, its project too with
   * `removeEmptyProject` when nothing is in it. When that cannot be finished now, the next `resume` goes on with it.
   * @throws PhotoError `not_found` when there is no such entry, `project_busy` when another tab is sending it
   */
  async discard(entryId: string, options: SendOptions = {}): Promise<SendResult> {
    checkSendOptions(options);
    const { removeEmptyProject = false, signal } = options;
    this.#needId('entryId', entryId);
    return this.#asPerson(async (owner) => {
      const taken = await this.#take(owner, entryId);
      if (!taken) throw remoteError('project_busy', { detail: 'Another tab or call is sending this entry' });
      if (!taken.entry) throw remoteError('not_found', { detail: 'No such entry' });
      const { entry, release } = taken;
      entry.givenUp = true;
      entry.removeEmptyProject ||= removeEmptyProject;
      const job = this.#job(entry.id, entry.projectId, entry, signal ? { signal } : {}, async (self, stop) => {
        if (entry.kind === 'damaged') {
          await this.#outbox.remove(owner, entryId).finally(release);
          return { entryId, projectId: null, photos: [], ok: false };
        }
        await this.#outbox.update(entry).catch(async (error: unknown) => {
          await release();
          throw outboxError(error);
        });
        return this.#work(entry, self, stop, release);
      });
      return job.done;
    });
  }

  /** Stops every job of this sender. What is not confirmed stays in the outbox. */
  close(): void {
    this.#closing.abort(remoteError('cancelled'));
  }

  #id(): string {
    return uuidV7(this.#options.ids ?? deviceIds);
  }

  #needId(name: string, id: unknown): void {
    if (!isUuid(id)) throw invalidOption(name, 'a UUID in lower case', id);
  }

  async #asPerson<T>(work: (owner: string) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#wiring.session.owner());
    } catch (error) {
      throw errorOf(outboxError(error));
    }
  }

  #quick<T>(owner: string, work: (supabase: Supabase) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const stop = signal ? anyOf(signal, this.#closing.signal) : this.#closing.signal;
    return work(new Supabase(this.#wiring, { owner, signal: stop, onPause: () => {} }));
  }

  async #entries(owner: string): Promise<OutboxEntry[]> {
    const entries = (await this.#outbox.list(owner)).filter(
      (entry) => entry.owner === owner && (entry.target === this.#wiring.url || entry.kind === 'damaged'),
    );
    // A clock that was set back since the last visit makes no call older than what is there.
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt, ...entries.map((entry) => entry.createdAt));
    return entries;
  }

  /** An entry as it is now that nobody else works on it, with what ends that: null when somebody does, no entry when it is gone. */
  async #take(owner: string, id: string): Promise<{ entry: OutboxEntry; release: () => Promise<void> } | { entry: null } | null> {
    const release = await this.#outbox.lock(owner, id);
    if (!release) return null;
    let entry: OutboxEntry | null = null;
    try {
      entry = await this.#outbox.get(owner, id);
    } finally {
      if (!entry) await release();
    }
    return entry ? { entry, release } : { entry };
  }

  /** Rows with the paths of their objects, as an entry keeps them. @throws when one is not there */
  async #known(table: 'photos' | 'media_items', ids: readonly string[], owner: string): Promise<OutboxEntry['removes'][number][]> {
    const columns = `id,${table === 'photos' ? 'project_id,upload_order,' : 'user_id,file_type,'}file_url,thumbnail_url,original_filename,file_size_bytes,mime_type,width,height,metadata`;
    const rows = await this.#quick(owner, (supabase) => supabase.byIds(table, ids, columns));
    if (rows.length < new Set(ids).size) throw remoteError('not_found', { detail: 'No such row of this person' });
    const bucket = table === 'photos' ? 'photos' : 'media';
    return rows.map((row) => ({
      id: String(row['id']),
      row,
      bucket,
      paths: [row['file_url'], row['thumbnail_url']].filter((path): path is string => typeof path === 'string'),
    }));
  }

  async #removeRows(table: 'photos' | 'media_items', given: string | readonly string[], options: SendOptions): Promise<void> {
    const ids = typeof given === 'string' ? [given] : given;
    if (!Array.isArray(ids)) throw invalidOption('ids', 'an id or an array of ids', given);
    if (ids.length === 0) return;
    for (const id of ids) this.#needId('id', id);
    await this.#start({ kind: 'remove', projectId: null }, [], options, async (owner) => ({
      kind: 'remove',
      table,
      projectId: null,
      projectRow: null,
      items: [],
      files: new Map(),
      removes: await this.#known(table, ids, owner),
    })).done;
  }

  #job(
    id: string,
    projectId: string | null,
    entry: OutboxEntry,
    options: SendOptions,
    work: (job: SendJob, signal: AbortSignal) => Promise<SendResult>,
  ): SendJob {
    const ids = entry.items.map((item) => item.id);
    return new SendJob(id, projectId, ids, new ProgressCount(entry).snapshot(), work, options.signal);
  }

  /** Prepares an entry, stores it, and works on it. */
  #start(
    { kind, projectId, projectRow = null }: { kind: OutboxEntry['kind']; projectId: string | null; projectRow?: Row | null },
    photos: readonly PreparedPhoto[],
    options: SendOptions,
    build: (owner: string, ids: readonly string[]) => Promise<Built>,
  ): SendJob {
    checkSendOptions(options);
    const id = this.#id();
    const ids = photos.map(() => this.#id());
    const draft = draftEntry(photos, ids);
    // Let go of when the outbox has the photos: a job that waits for the network keeps none of them in memory.
    let make: typeof build | null = build;
    // Two calls have two moments: entries go on in the order of the calls.
    const createdAt = (this.#lastCreatedAt = Math.max(this.#wiring.clock.now(), this.#lastCreatedAt + 1));
    const work = async (job: SendJob, signal: AbortSignal) => {
      const owner = await this.#whoSends(job, signal);
      const { files, items, ...built } = await make!(owner, ids);
      make = null;
      signal.throwIfAborted();
      const entry: OutboxEntry = {
        ...built,
        items,
        id,
        owner,
        target: this.#wiring.url,
        createdAt,
        projectMade: false,
        quotaAsked: false,
        removeEmptyProject: options.removeEmptyProject ?? false,
        givenUp: false,
        uncertain: false,
        step: 0,
        removes: built.removes ?? [],
      };
      const release = await this.#outbox.lock(owner, id).catch((error: unknown) => {
        throw outboxError(error);
      });
      if (!release) throw remoteError('internal', { detail: 'A new entry is locked' });
      try {
        await this.#outbox.put(entry, files);
      } catch (error) {
        await release();
        throw outboxError(error);
      }
      job.kept = true;
      job.emit({ type: 'kept', entryId: id });
      return this.#work(entry, job, signal, release);
    };
    return this.#turns.add(new SendJob(id, projectId, ids, new ProgressCount(draft).snapshot(), work, options.signal), { kind, projectId, projectRow, createdAt });
  }

  /** The person whose photos these are. Waits for the network when only it can tell. */
  #whoSends(job: SendJob, signal: AbortSignal): Promise<string> {
    const errand = { owner: '', signal: anyOf(signal, this.#closing.signal), onPause: (pause: Pause) => job.emit({ type: 'pause', ...pause }) };
    const context = new Supabase(this.#wiring, errand).retryContext(() => ({}));
    return withRetry(context, () => this.#wiring.session.owner(errand.signal));
  }

  async #work(entry: OutboxEntry, job: SendJob, signal: AbortSignal, release: () => Promise<void>): Promise<SendResult> {
    job.kept = true;
    const errand = {
      owner: entry.owner,
      signal: anyOf(signal, this.#closing.signal),
      onPause: (pause: Pause) => job.emit({ type: 'pause', ...pause }),
    };
    try {
      if (!entry.givenUp) await this.#turns.wait(entry, errand.signal);
      const supabase = new Supabase(this.#wiring, errand);
      return await new Story(entry, supabase, this.#outbox, this.#probe, this.#slots, job).tell();
    } catch (error) {
      throw isFault(error) ? error : outboxError(error);
    } finally {
      await release();
    }
  }
}

function pendingOf(entry: OutboxEntry): PendingEntry {
  const { bytesTotal, bytesDone } = new ProgressCount(entry).snapshot();
  return {
    id: entry.id,
    kind: entry.kind,
    projectId: entry.projectId,
    createdAt: entry.createdAt,
    photos: entry.items.map(({ index, id, name, state }) => ({ index, id, name, confirmed: state === 'confirmed' })),
    bytesTotal,
    bytesDone,
  };
}

/** The sender for one client and one Supabase project. @throws PhotoError `invalid_option` */
export function createSender(options: SenderOptions): Sender {
  return new Sender(options);
}
