import { limits } from '../limits.gen.js';
import { errorOf, Fault, figure, isFault, remoteError } from './fault.js';
import type { SendResult } from './job.js';
import { elsewhere, isStrangers, lateMs, Run, stopsEntry, tidy } from './run.js';
import type { OutboxEntry, OutboxItem } from './outbox.js';

const filterOf = (path: string): string => `eq.${encodeURIComponent(path)}`;

/** What each kind of entry does, in order. */
export class Story extends Run {
  tell(): Promise<SendResult> {
    // A new photo that is there already stays, in the place of the old one: to give up what follows would leave both.
    const inPlace = this.entry.kind === 'replace' && this.entry.items.some((item) => item.state === 'confirmed');
    if (this.entry.givenUp && !inPlace) return this.#giveUp();
    switch (this.entry.kind) {
      case 'photos':
      case 'media':
        return this.#photos();
      case 'replace':
        return this.#replace();
      case 'avatar':
        return this.#avatar();
      case 'remove':
        return this.#remove();
      case 'damaged':
        throw remoteError('internal', { detail: 'The record of this entry cannot be read' });
    }
  }

  /** `discard`: everything that is not confirmed is given up, and what it had displaced comes back. */
  async #giveUp(): Promise<SendResult> {
    const { entry, supabase } = this;
    const [picture] = this.waiting();
    if (entry.kind === 'avatar' && picture?.files.every((file) => file.stored)) {
      await this.#avatarReadBack(picture);
      if (picture.state === 'waiting') {
        await supabase.wiring.clock.sleep(lateMs, supabase.errand.signal);
        const named = await this.#avatarReadBack(picture);
        // It may have been named, and displaced by a later one: then what it had displaced is nobody's.
        const isNobodys = ({ paths: [path = ''] }: OutboxEntry['removes'][number]) => named !== null && named !== filterOf(path);
        for (const { bucket, paths } of entry.removes.filter(isNobodys)) await tidy(() => supabase.removeObjects(bucket, paths));
      }
    } else if (this.waiting().length && entry.step > 0) await this.readBack();
    entry.uncertain = true; // whatever an earlier run had under way
    for (const item of this.waiting()) await this.fail(item, remoteError('cancelled'));
    const [old] = entry.removes;
    if (entry.kind === 'replace' && old) {
      if (entry.items.some((item) => item.state === 'confirmed')) return this.#replace(); // read back just now
      if (entry.step === 2) await this.#bringBack(old);
    }
    if (entry.kind === 'remove') {
      // Rows that are gone have left their objects; rows that are there keep them.
      const there = new Set((await supabase.byIds(entry.table, entry.removes.map((row) => row.id), 'id')).map((row) => row['id']));
      for (const { id, bucket, paths } of entry.removes) if (!there.has(id)) await tidy(() => supabase.removeObjects(bucket, paths));
    }
    if (entry.kind === 'avatar' && entry.items.some((item) => item.state === 'confirmed')) return this.#avatar();
    await this.cleanUp();
    return this.finish();
  }

  async #photos(): Promise<SendResult> {
    try {
      await this.#ready();
    } catch (error) {
      if (stopsEntry(error) || isStrangers(error)) throw error;
      // The batch as a whole was refused. Before its first byte there is nothing to clean up.
      const begun = this.#begun();
      for (const item of this.waiting()) await this.fail(item, error);
      if (begun) await this.cleanUp();
      await this.finish();
      throw errorOf(error);
    }
    await this.storeAll();
    await this.insertAll();
    await this.cleanUp();
    return this.finish();
  }

  /** Whether bytes may have left in this or an earlier run. */
  #begun(): boolean {
    return this.entry.uncertain || this.entry.items.some((item) => item.files.some((file) => file.stored || file.resumeUrl));
  }

  /** Quota and project, before any byte. */
  async #ready(): Promise<void> {
    const { entry, supabase, keeper } = this;
    if (!entry.quotaAsked) {
      await this.#askQuota();
      entry.quotaAsked = true;
      if (!entry.projectId) await keeper.save();
    }
    if (!entry.projectId || entry.projectMade) return;
    if (entry.projectRow) await this.#makeProject();
    else {
      const [project] = await supabase.select(`/video_projects?id=eq.${entry.projectId}&select=id,status`);
      if (!project) throw remoteError('not_found', { detail: 'No such project of this person' });
      if (project['status'] === 'processing') throw remoteError('project_busy');
    }
    entry.projectMade = true;
    await keeper.save();
    this.job?.emit({ type: 'project', projectId: entry.projectId });
  }

  async #askQuota(): Promise<void> {
    const amount = this.entry.items.reduce((sum, item) => sum + Number(item.row['file_size_bytes'] ?? 0), 0);
    if (amount === 0) return;
    let answer: unknown;
    try {
      answer = await this.supabase.call('check_quota', { resource: 'storage_bytes', amount });
    } catch (error) {
      if (isFault(error) && error.facts.serviceCode === 'PGRST202') return; // a database without the function: its triggers decide
      throw error;
    }
    const [verdict] = (Array.isArray(answer) ? answer : [answer]) as ({ allowed?: boolean; used?: unknown; quota?: unknown } | null)[];
    if (verdict?.allowed === false) {
      throw new Fault('quota_exceeded', 'never', {
        limit: figure(verdict.quota),
        actual: figure(verdict.used) + amount,
        detail: 'storage_bytes',
      });
    }
  }

  async #makeProject(): Promise<void> {
    const { entry, supabase } = this;
    try {
      await supabase.insert('video_projects', [entry.projectRow ?? {}]);
    } catch (error) {
      if (stopsEntry(error)) throw error;
      // Whatever the refusal says, an earlier try may have arrived (and may be what filled the quota). Our own project is
      // seen here; somebody else's with this id is not, and stays an error.
      const mine = await supabase.byIds('video_projects', [String(entry.projectId)], 'id');
      if (mine.length === 0) throw error;
    }
  }

  /**
   * The new photo is appended, the old one removed, the order restored. In a full project the old row makes room first, and
   * comes back when the new one is refused.
   */
  async #replace(): Promise<SendResult> {
    const { entry, supabase, keeper } = this;
    const [old] = entry.removes;
    const [item] = entry.items;
    if (!old || !item) throw remoteError('internal', { detail: 'An entry without photos' });
    if (entry.step < 2) {
      await this.storeAll();
      const [project] = await supabase.select(`/video_projects?id=eq.${entry.projectId}&select=photo_count`);
      if (entry.step === 0 && Number(project?.['photo_count']) >= limits.max_photos_per_project) {
        entry.step = 2;
        await keeper.save(); // before the old row goes: whoever goes on from here knows that it may have to come back
      } else await this.insertAll();
      if (item.state === 'failed' && item.error?.code === 'too_many_photos') {
        item.state = 'waiting';
        delete item.error;
        entry.step = 2;
        await keeper.save();
      } else if (item.state === 'confirmed') {
        entry.step = 3;
        await keeper.save();
      }
    }
    if (entry.step === 2) {
      await supabase.delete('photos', `id=eq.${old.id}`);
      await this.insertAll();
      if (item.state === 'failed') await this.#bringBack(old);
      else entry.step = 3;
      await keeper.save();
    }
    if (entry.step === 3) {
      await supabase.delete('photos', `id=eq.${old.id}`);
      await this.#putInPlace(item.id, Number(old.row['upload_order']));
      await tidy(() => supabase.removeObjects(old.bucket, old.paths));
    }
    await this.cleanUp();
    return this.finish();
  }

  /** The service removes the objects of rows that are gone every few minutes: a row does not come back without them. */
  async #bringBack({ row, bucket, paths: [file = ''] }: OutboxEntry['removes'][number]): Promise<void> {
    if (await this.supabase.isGone(bucket, file)) return;
    try {
      await this.supabase.insert('photos', [row]);
    } catch (error) {
      const isBeingRemoved = isFault(error) && error.facts.constraint === 'photos.valid_file_url';
      if (!isFault(error) || !(isBeingRemoved || error.code === 'already_exists')) throw error;
    }
  }

  async #putInPlace(id: string, place: number): Promise<void> {
    const { entry, supabase } = this;
    const rows = await supabase.select(`/photos?project_id=eq.${entry.projectId}&select=id,upload_order&order=upload_order`);
    const others = rows.filter((row) => row['id'] !== id);
    const before = others.filter((row) => Number(row['upload_order']) < place).length;
    const ids = others.map((row) => String(row['id']));
    ids.splice(before, 0, id);
    await supabase.call('reorder_photos', { project: entry.projectId, ids });
  }

  /**
   * What the profile names, in the words of a filter; null without a profile. When that is the new picture (an earlier run got
   * so far), it is confirmed; else the old one is noted.
   */
  async #avatarReadBack(item: OutboxItem): Promise<string | null> {
    const { entry, keeper, supabase } = this;
    const [profile] = await supabase.byIds('users', [entry.owner], 'avatar_url');
    if (!profile) return null;
    const old = profile['avatar_url'];
    if (typeof old !== 'string') return 'is.null';
    if (old === item.row['avatar_url']) await this.confirm([item]);
    // A sign-in provider's address is not ours to remove.
    else if (old.startsWith(`${entry.owner}/`) && !entry.removes.some(({ paths }) => paths.includes(old))) {
      entry.removes.push({ id: entry.owner, row: {}, bucket: 'avatars', paths: [old] });
      await keeper.save(); // before the profile forgets it
    }
    return filterOf(old);
  }

  /** The new picture in the place of the one that was read: a request that comes late displaces none that came after it. */
  async #nameAvatar(item: OutboxItem): Promise<void> {
    const { entry, supabase } = this;
    for (let round = 0; ; round++) {
      const old = await this.#avatarReadBack(item);
      if (item.state === 'confirmed') return;
      if ((await this.givenUpOf([item])).length) throw elsewhere();
      if (old === null) throw remoteError('not_found', { detail: 'No profile' });
      if (round > 3) throw new Fault('server_error', 'later', { detail: 'The profile does not take another picture' });
      const changed = await supabase.update('users', `id=eq.${entry.owner}&avatar_url=${old}`, item.row, 'id');
      if (changed.length) {
        if ((await this.givenUpOf([item])).length && (await this.isBare(item))) return this.#takeBackAvatar(item);
        return this.confirm([item]);
      }
    }
  }

  /** The entry was given up while the profile was told: it names no picture that is gone, and the one before it again. */
  async #takeBackAvatar(item: OutboxItem): Promise<never> {
    const { entry, supabase } = this;
    const avatar_url = entry.removes.at(-1)?.paths[0] ?? null;
    await supabase.update('users', `id=eq.${entry.owner}&avatar_url=${filterOf(String(item.row['avatar_url']))}`, { avatar_url }, 'id');
    throw elsewhere();
  }

  protected override async arrived(item: OutboxItem): Promise<boolean> {
    if (this.entry.kind !== 'avatar') return super.arrived(item);
    await this.#avatarReadBack(item);
    return item.state === 'confirmed';
  }

  async #avatar(): Promise<SendResult> {
    const { entry, supabase } = this;
    await this.storeAll();
    const [item] = this.waiting();
    if (item) {
      try {
        await this.#nameAvatar(item);
      } catch (error) {
        if (stopsEntry(error) || isStrangers(error)) throw error;
        await this.fail(item, error);
      }
    }
    const confirmed = entry.items.some((each) => each.state === 'confirmed');
    if (confirmed) for (const old of entry.removes) await tidy(() => supabase.removeObjects(old.bucket, old.paths));
    await this.cleanUp();
    return this.finish();
  }

  async #remove(): Promise<SendResult> {
    const { entry, supabase } = this;
    try {
      await supabase.deleteByIds(entry.table, entry.removes.map((row) => row.id));
    } catch (error) {
      if (!stopsEntry(error)) await this.finish(); // refused: nothing was done and nothing is left to do
      throw error;
    }
    for (const { bucket, paths } of entry.removes) await tidy(() => supabase.removeObjects(bucket, paths));
    return this.finish();
  }
}
