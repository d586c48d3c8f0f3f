import { isPhotoError, type PhotoError } from '../error.js';
import { errorFromRecord, errorOf, Fault, isFault, recordOf, remoteError } from './fault.js';
import type { ItemState, SendJob, SendOutcome, SendResult } from './job.js';
import { Keeper, outboxError } from './keeper.js';
import { storeObject, type ResumableProbe, type UploadSlots } from './objects.js';
import type { Outbox, OutboxEntry, OutboxFile, OutboxItem } from './outbox.js';
import { ProgressCount } from './progress.js';
import type { Supabase } from './service.js';

const stoppingCodes = new Set(['cancelled', 'sign_in_required', 'network', 'rate_limited', 'server_error', 'storage_full', 'outbox_unavailable']);

/** A fault that stops the whole entry and leaves it in the outbox: waiting, signing in or trying later can help. */
export function stopsEntry(error: unknown): boolean {
  if (isFault(error)) return error.remedy === 'later' || error.code === 'sign_in_required';
  return isPhotoError(error) ? stoppingCodes.has(error.code) : true;
}

/** A request that was cut off may still be at work on the server: who gives up looks again so much later, in milliseconds. */
export const lateMs = 2_000;

/** What another tab has given up is failed here too, and the rest goes on. */
export const elsewhere = (): Fault => new Fault('cancelled', 'never', { detail: 'The entry was given up elsewhere' });

/** A refusal that no service wrote (a portal, a firewall): a word about one request, and no verdict about a batch. */
export const isStrangers = (error: unknown): boolean => isFault(error) && error.remedy === 'once';

/**
 * Removes what nobody needs any more. A service that says no for good is left with it: to ask again with every `resume`
 * would not change its mind, and would keep from the caller what did arrive.
 */
export async function tidy(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isFault(error) || error.remedy !== 'never' || error.code === 'sign_in_required') throw error;
  }
}

/**
 * Finishes one entry: project, quota, objects, rows, and the removal of what failed. Each step is idempotent and its outcome
 * is in the outbox before the next one begins, so that a run may end anywhere and another one goes on.
 */
export class Run {
  protected readonly keeper: Keeper;
  protected readonly count: ProgressCount;
  #shownFraction = -1;

  constructor(
    protected readonly entry: OutboxEntry,
    protected readonly supabase: Supabase,
    private readonly outbox: Outbox,
    private readonly probe: ResumableProbe,
    private readonly slots: UploadSlots,
    protected readonly job: SendJob | null,
  ) {
    this.keeper = new Keeper(outbox, entry);
    this.count = new ProgressCount(entry);
  }

  /** Items without an outcome, in order. */
  protected waiting(): OutboxItem[] {
    return this.entry.items.filter((item) => item.state === 'waiting');
  }

  async storeAll(): Promise<void> {
    const jobs = this.waiting().flatMap((item) => item.files.filter((file) => !file.stored).map((file) => ({ item, file })));
    let stopped: { error: unknown } | undefined;
    const worker = async () => {
      for (let next = jobs.shift(); next && !stopped; next = jobs.shift()) {
        const { item, file } = next;
        if (item.state !== 'waiting') continue; // its other object has failed
        try {
          await this.slots.run(this.supabase.errand.signal, () => this.#store(item, file));
        } catch (error) {
          if (stopsEntry(error)) stopped ??= { error };
          else await this.fail(item, error, file.type);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.slots.count, jobs.length) }, worker));
    if (stopped) throw stopped.error;
  }

  async #store(item: OutboxItem, file: OutboxItem['files'][number]): Promise<void> {
    const { entry, outbox } = this;
    const bytes = await outbox.file(entry.owner, entry.id, file.path);
    if (bytes?.size !== file.bytes) {
      // Where nobody can lock, another tab may have brought the photo, and taken the entry out of the outbox.
      if (await this.arrived(item)) return;
      throw remoteError('internal', { detail: 'The outbox has lost the bytes' });
    }
    this.#move(item, 'sending');
    await this.#bring(item, file, bytes);
  }

  async #bring(item: OutboxItem, file: OutboxFile, bytes: Blob): Promise<void> {
    const { entry, keeper } = this;
    await storeObject(this.supabase, this.probe, file, bytes, {
      onSent: (sent) => {
        if (this.count.sent(item, file.path, sent)) this.#show();
      },
      onLost: () => void (entry.uncertain = true),
      onResumeUrl: (url) => {
        if (url) file.resumeUrl = url;
        else delete file.resumeUrl;
        return keeper.save();
      },
    });
    file.stored = true;
    this.count.sent(item, file.path, file.bytes);
    await keeper.save();
    if (item.files.every((each) => each.stored)) this.#move(item, 'stored');
    this.#show();
  }

  /** Inserts the rows of all stored items: one statement, or one by one when a row is refused for a fault of its own. */
  async insertAll(): Promise<void> {
    const { entry, keeper } = this;
    const isAgain = this.waiting().length > 0 && entry.step > 0; // an earlier run may have asked already
    if (isAgain) await this.readBack();
    for (const item of await this.givenUpOf(this.waiting())) await this.fail(item, elsewhere());
    if (isAgain && (await this.outbox.get(entry.owner, entry.id))) await this.#storeAgain();
    if (this.waiting().length === 0) return;
    if (entry.step === 0) {
      entry.step = 1;
      await keeper.save();
    }
    let closedUp = false;
    for (let round = 0; this.waiting().length > 0; round++) {
      const items = this.waiting();
      try {
        await this.supabase.insert(entry.table, items.map((item) => item.row), this.#lost);
        await this.#takeBackBare(items);
        await this.confirm(this.waiting());
      } catch (error) {
        if (stopsEntry(error)) throw error;
        const fault = error as Fault;
        const present = fault.code === 'already_exists' || entry.uncertain ? await this.readBack() : 0;
        if (present > 0 && round < 3) continue;
        if (fault.facts.serviceCode === '22003' && entry.table === 'photos' && !closedUp) {
          closedUp = true;
          await this.#closeUp();
          continue;
        }
        if (['not_allowed', 'not_found', 'project_busy'].includes(fault.code) && !isStrangers(fault)) {
          for (const item of this.waiting()) await this.fail(item, fault);
        } else await this.#insertEach();
      }
    }
  }

  /** Rows that had arrived and were removed since, by another device, have taken their objects along. */
  async #storeAgain(): Promise<void> {
    const files = this.waiting().flatMap((item) => item.files);
    for (const file of files) if (await this.supabase.isGone(file.bucket, file.path)) file.stored = false;
    if (files.some((file) => !file.stored)) await this.storeAll();
  }

  /** Where nobody can lock, another tab may give the entry up while it is sent here. Of an entry that is gone, what has lost an object. */
  protected async givenUpOf(items: readonly OutboxItem[]): Promise<readonly OutboxItem[]> {
    const { owner, id, givenUp } = this.entry;
    const kept = givenUp ? this.entry : await this.outbox.get(owner, id);
    if (kept) return kept.givenUp && !givenUp ? items : [];
    const bare: OutboxItem[] = [];
    for (const item of items) if (await this.isBare(item)) bare.push(item);
    return bare;
  }

  protected async isBare(item: OutboxItem): Promise<boolean> {
    for (const { bucket, path } of item.files) if (await this.supabase.isGone(bucket, path)) return true;
    return false;
  }

  /** Rows that were on their way while the entry was given up do not stay without their objects. */
  async #takeBackBare(items: readonly OutboxItem[]): Promise<void> {
    for (const item of await this.givenUpOf(items)) {
      if (!(await this.isBare(item))) continue;
      await this.supabase.deleteByIds(this.entry.table, [item.id]);
      await this.fail(item, elsewhere());
    }
  }

  /** Some client gave the last photo the largest place that there is: places are counted anew, so that there is one after it. */
  async #closeUp(): Promise<void> {
    const { entry, supabase } = this;
    const rows = await supabase.select(`/photos?project_id=eq.${entry.projectId}&select=id&order=upload_order`);
    try {
      await supabase.call('reorder_photos', { project: entry.projectId, ids: rows.map((row) => row['id']) });
    } catch (error) {
      if (stopsEntry(error)) throw error; // any other refusal: the next insert tells what is wrong
    }
  }

  async #insertEach(): Promise<void> {
    let full: Fault | undefined;
    const blocked: { item: OutboxItem; fault: Fault }[] = [];
    for (const item of this.waiting()) {
      if (full) {
        await this.fail(item, full);
        continue;
      }
      try {
        await this.supabase.insert(this.entry.table, [item.row], this.#lost);
        await this.#takeBackBare([item]);
        if (item.state === 'waiting') await this.confirm([item]);
      } catch (error) {
        if (stopsEntry(error)) throw error;
        const fault = error as Fault;
        const known = fault.code === 'already_exists' || this.entry.uncertain;
        if (known && (await this.readBack([item])) > 0) continue;
        if (fault.code === 'too_many_photos') full = fault;
        if (isStrangers(fault)) blocked.push({ item, fault });
        else await this.fail(item, fault);
      }
    }
    // A firewall that dislikes one row lets the others pass. One that lets none pass may be gone tomorrow.
    const [first] = blocked;
    if (first && !this.entry.items.some((item) => item.state === 'confirmed')) throw first.fault;
    for (const { item, fault } of blocked) await this.fail(item, fault);
  }

  readonly #lost = () => void (this.entry.uncertain = true);

  /** The truth about rows whose insert may have happened. @returns how many were there */
  protected async readBack(items = this.waiting()): Promise<number> {
    const rows = await this.supabase.byIds(this.entry.table, items.map((item) => item.id), 'id');
    const ids = new Set(rows.map((row) => row['id']));
    const present = items.filter((item) => ids.has(item.id));
    if (present.length) await this.confirm(present);
    return present.length;
  }

  /** Whether somebody else has finished this photo. */
  protected async arrived(item: OutboxItem): Promise<boolean> {
    return (await this.readBack([item])) > 0;
  }

  protected async confirm(items: readonly OutboxItem[]): Promise<void> {
    for (const item of items) item.state = 'confirmed';
    await this.keeper.save();
    for (const item of items) this.#move(item, 'confirmed');
    this.#show();
  }

  /** This photo is given up; the rest goes on. @param type of what was refused: the sentence names it, not the server's words */
  protected async fail(item: OutboxItem, thrown: unknown, type = item.files[0]?.type): Promise<void> {
    if (item.state !== 'waiting') return;
    const isType = isFault(thrown) && thrown.code === 'unsupported_type';
    const error = isType ? remoteError('unsupported_type', { ...(type ? { detail: type } : {}), cause: thrown }) : errorOf(thrown);
    item.state = 'failed';
    item.error = recordOf(error);
    await this.keeper.save();
    this.#move(item, 'failed', error);
    this.#show();
  }

  /** Removes the objects of failed items, and the project when asked and nothing is in it. */
  async cleanUp(): Promise<void> {
    const { entry, supabase, keeper } = this;
    const failed = entry.items.filter((item) => item.state === 'failed');
    const remove = async () => {
      // Rows first: none exists without its objects.
      if (entry.uncertain && entry.table !== 'users') await supabase.deleteByIds(entry.table, failed.map((item) => item.id));
      const buckets = new Map<string, string[]>();
      for (const { bucket, path } of failed.flatMap((item) => item.files)) {
        buckets.set(bucket, [...(buckets.get(bucket) ?? []), path]);
      }
      for (const [bucket, paths] of buckets) await supabase.removeObjects(bucket, paths);
    };
    if (failed.length) {
      await tidy(remove);
      if (entry.uncertain) {
        await supabase.wiring.clock.sleep(lateMs, supabase.errand.signal);
        await tidy(remove);
      }
      for (const item of failed) item.state = 'cleaned';
      await keeper.save();
    }
    const empty = entry.items.every((item) => item.state === 'cleaned');
    if (empty && entry.removeEmptyProject && entry.projectRow && entry.projectId) {
      await tidy(() => supabase.delete('video_projects', `id=eq.${entry.projectId}&photo_count=eq.0`));
    }
  }

  /** The entry leaves the outbox. */
  async finish(): Promise<SendResult> {
    const { entry } = this;
    await this.outbox.remove(entry.owner, entry.id).catch((error: unknown) => {
      throw outboxError(error);
    });
    if (this.job) this.job.kept = false;
    this.job?.emit({ type: 'progress', progress: this.count.snapshot(true) });
    const photos = entry.items.map(outcomeOf);
    return { entryId: entry.id, projectId: entry.projectId, photos, ok: photos.every((photo) => photo.ok) };
  }

  #move(item: OutboxItem, state: ItemState, error?: PhotoError): void {
    if (this.count.moved(item, state)) {
      this.job?.emit({ type: 'photo', index: item.index, id: item.id, ...(error ? { state: 'failed', error } : { state: state as Exclude<ItemState, 'failed'> }) });
    }
  }

  /** At most a thousand steps of progress a job, and one at each outcome. */
  #show(): void {
    const progress = this.count.snapshot();
    const mark = Math.floor(progress.fraction * 1000) + progress.photosDone * 1000;
    if (mark === this.#shownFraction) return;
    this.#shownFraction = mark;
    this.job?.emit({ type: 'progress', progress });
  }
}

function outcomeOf(item: OutboxItem): SendOutcome {
  const { index, id } = item;
  if (item.error) return { index, id, ok: false, error: errorFromRecord(item.error) };
  const path = (role: string) => item.files.find((file) => file.role === role)?.path ?? null;
  return { index, id, ok: true, fileUrl: path('photo') ?? '', thumbnailUrl: path('thumbnail') };
}
