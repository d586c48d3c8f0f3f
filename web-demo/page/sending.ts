/** Sending, and going on after a reload. */
import { isPhotoError, messageFor } from '@photomemory/photo-core';
import { createIndexedDbOutbox, createMemoryOutbox, createSender, type Outbox, type SendJob, type SendResult, type Sender } from '@photomemory/photo-core/supabase';
import type { Account } from './account.js';
import { byId, endNotice, make, notice, onPress, show } from './dom.js';
import type { Item, Photos } from './photos.js';
import type { Project } from './project.js';
import { sentenceOf } from './said.js';
import { bytesText, isolated, language, text } from './texts.js';

/** Where this browser keeps what is being sent: the disk, or where it refuses that the memory, and it is said so. @returns also whether it outlasts the page */
export async function openOutbox(): Promise<{ outbox: Outbox; lasting: boolean }> {
  try {
    const outbox = createIndexedDbOutbox();
    await outbox.list('');
    return { outbox, lasting: true };
  } catch {
    notice(() => text('notKept'));
    return { outbox: createMemoryOutbox(), lasting: false };
  }
}

const elsewhere = (): string => text('elsewhere');
const nothing = (): string => text('nothing');
const signIn = (): Promise<string> => messageFor('sign_in_required', language());

export class Sending {
  readonly #sender: Sender;
  #jobs = new Set<SendJob>();
  /** What is not sent is being given up; Stop ends the waiting for it. */
  #discarding: AbortController | null = null;
  /** Photos in the outbox that are not confirmed. */
  #left = 0;
  /** Those of them that this page has not sent itself. */
  #earlier = 0;
  readonly #own = new Set<string>();
  /** Send was pressed and waits for photos or the session. */
  #starting = false;
  /** What the status line says, in whatever language the page has by then. */
  #status: () => string | Promise<string> = () => '';

  constructor(readonly photos: Photos, readonly project: Project, readonly account: Account, outbox: Outbox) {
    this.#sender = createSender({ client: account.client, url: account.config.url, key: account.config.key, core: photos.core, outbox });
    onPress('send', () => void this.send().catch((error: unknown) => this.#sayError(error)));
    onPress('stop', () => {
      this.#jobs.forEach((job) => job.cancel());
      this.#discarding?.abort();
    });
    onPress('resume', () => void this.resume());
    onPress('discard', () => {
      // What this page has prepared is free again; what an earlier visit left is gone, and nothing brings it back.
      const count = this.#earlier;
      if (count === 0 || confirm(text('discardSure', { count }))) void this.discard();
    });
    byId('payloads').addEventListener('toggle', () => void this.showPayloads());
    photos.onChange(() => {
      void this.showPayloads();
      if (this.#status === nothing && (photos.preparing || photos.ready().length > 0)) void this.#say(() => '');
    });
    byId('project').addEventListener('input', () => void this.showPayloads());
    account.onChange(() => {
      void this.showPending();
      if (account.email && this.#status === signIn) void this.#say(() => '');
    });
    // Who comes back to this tab, or to its window, sees what another one has done in the meantime.
    for (const [target, event] of [[document, 'visibilitychange'], [window, 'focus']] as const) target.addEventListener(event, () => void this.#lookAgain());
  }

  async send(): Promise<void> {
    if (this.#busy) return;
    this.#starting = true;
    try {
      await this.#send();
    } finally {
      this.#starting = false;
      await this.showPending();
    }
  }

  async #send(): Promise<void> {
    this.#drawButtons();
    if (!(await this.project.check())) return this.project.focusIssue();
    if (this.photos.preparing) await this.#say(() => text('first'));
    await this.photos.settled();
    await this.account.lookAgain();
    if (!this.account.email) await this.#say(() => text('asked'));
    await this.account.start();
    await this.#say(() => '');
    const items = this.photos.ready();
    const kept = this.photos.kept().length > 0;
    if (items.length === 0 && !kept) return this.#say(nothing);
    if (!this.account.email) {
      if (this.account.unreachable) return this.#say(() => text('noAnswer'));
      return this.#askToSignIn('send');
    }
    // What was stopped goes on in its own project: sent anew it would be there twice.
    if (items.length === 0) return this.resume();
    const job = this.#sender.send({ project: this.project.draft(), photos: items.map(({ photo }) => photo) }, { removeEmptyProject: true });
    items.forEach((item, place) => (item.sentAs = job.photoIds[place] ?? null));
    job.photoIds.forEach((id) => this.#own.add(id));
    await this.#follow([job]);
    if (items.every(({ state }) => state === 'sent')) this.project.forget();
  }

  async #askToSignIn(wanted: 'send' | 'resume'): Promise<void> {
    await this.#say(signIn);
    const dialog = byId<HTMLDialogElement>('sign-in');
    // Who signs in there has asked already for what comes after it.
    dialog.addEventListener('close', () => this.account.email && byId(wanted).click(), { once: true });
    dialog.showModal();
  }

  /** Finishes what an earlier visit, a lost network or Stop left. */
  async resume(): Promise<void> {
    await this.account.start();
    if (!this.account.email) return this.account.unreachable ? this.#say(() => text('noAnswer')) : this.#askToSignIn('resume');
    try {
      const jobs = await this.#sender.resume();
      await this.#follow(jobs);
      const freed = await this.#settleKept();
      const left = jobs.length === 0 ? await this.showPending() : 0;
      if (freed || jobs.length === 0) await this.#say(left > 0 ? elsewhere : () => (freed ? text('freed') : ''));
    } catch (error) {
      await this.#sayError(error);
    }
  }

  async discard(): Promise<void> {
    this.#discarding = new AbortController();
    this.#drawButtons();
    let items: Item[] = [];
    try {
      await this.#say(() => text('discarding'));
      for (const { id, photos } of await this.#sender.pending()) {
        items = this.photos.sentAs(photos.map((photo) => photo.id));
        const { photos: outcomes } = await this.#sender.discard(id, { removeEmptyProject: true, signal: this.#discarding.signal });
        const stored = new Set(outcomes.filter(({ ok }) => ok).map((outcome) => outcome.id));
        this.photos.mark(items.filter(({ sentAs }) => stored.has(sentAs ?? '')), 'sent');
        this.photos.mark(items, 'accepted');
      }
      await this.#say(() => '');
    } catch (error) {
      // Given up all the same: what is left to remove is removed by Resume, or the next visit.
      if (isPhotoError(error) && ['cancelled', 'network', 'server_error', 'rate_limited', 'sign_in_required'].includes(error.code)) this.photos.mark(items, 'accepted');
      await this.#sayError(error);
    }
    this.#discarding = null;
    await this.showPending();
  }

  /** Another tab may have sent or discarded what this page stopped, or the browser have lost it: the database knows. @returns whether some are free again */
  async #settleKept(): Promise<boolean> {
    const waiting = new Set((await this.#sender.pending()).flatMap(({ photos }) => photos.map(({ id }) => id)));
    const gone = this.photos.kept().filter(({ sentAs }) => !waiting.has(sentAs ?? ''));
    if (gone.length === 0) return false;
    const { data, error } = await this.account.client.from('photos').select('id').in('id', gone.map(({ sentAs }) => sentAs ?? ''));
    if (error) return false;
    const stored = new Set(data.map(({ id }) => String(id)));
    this.photos.mark(gone.filter(({ sentAs }) => stored.has(sentAs ?? '')), 'sent');
    this.photos.mark(gone, 'accepted');
    return gone.some(({ state }) => state === 'accepted');
  }

  /** After the start of the page: goes on by itself with what is waiting. */
  async start(): Promise<void> {
    const count = await this.showPending();
    if (count === 0) return;
    const words = (): string => text('pending', { count });
    notice(words);
    await this.resume();
    endNotice(words);
  }

  /** Says again, in the language that the page has now, what the status line says. */
  showLanguage(): void {
    void this.#say(this.#status);
    void this.showPayloads();
  }

  async #lookAgain(): Promise<void> {
    if (this.#busy || document.hidden) return;
    await this.account.lookAgain();
    const left = await this.showPending();
    if (left === 0 && this.#status === elsewhere) await this.#say(() => '');
  }

  async showPending(): Promise<number> {
    let left: string[] = [];
    try {
      const entries = this.account.email ? await this.#sender.pending() : [];
      left = entries.flatMap(({ photos }) => photos.filter(({ confirmed }) => !confirmed).map(({ id }) => id));
    } catch {
      // Not signed in any more, or no store: nothing to go on with.
    }
    this.#left = left.length;
    this.#earlier = left.filter((id) => !this.#own.has(id)).length;
    this.#drawButtons();
    return this.#left;
  }

  get #busy(): boolean {
    return this.#jobs.size > 0 || this.#starting || this.#discarding !== null;
  }

  /** Send stays what it is while it waits, so that who pressed it by keyboard still has the focus. */
  #drawButtons(): void {
    byId<HTMLButtonElement>('send').disabled = false;
    byId('send').setAttribute('aria-disabled', String(this.#busy));
    show('stop', this.#jobs.size > 0 || this.#discarding !== null, 'send');
    // Without a session nobody knows what is left, but for what this page has seen stop.
    show('resume', (this.#left > 0 || this.photos.kept().length > 0) && !this.#busy, 'send');
    show('discard', this.#left > 0 && !this.#busy, 'send');
  }

  async #follow(jobs: SendJob[], renewed = false): Promise<void> {
    if (jobs.length === 0) return;
    for (const job of jobs) {
      this.#jobs.add(job);
      this.photos.mark(this.photos.sentAs(job.photoIds), 'sending');
    }
    byId('upload').hidden = false;
    this.#draw(jobs);
    await this.#say(() => '');
    await this.showPending();
    let stored = 0;
    let failed = 0;
    let stopped: unknown = null;
    let paused = false;
    await Promise.all(
      jobs.map(async (job) => {
        for await (const event of job) {
          if (event.type === 'progress') {
            this.#draw(jobs);
            if (paused) await this.#say(() => '');
            paused = false;
          }
          if (event.type === 'pause') {
            const { reason } = event;
            await this.#say(() => (reason === 'rate_limited' || reason === 'server_error' ? messageFor(reason, language()) : text('paused')));
            paused = true;
          }
          if (event.type === 'stopped') {
            stopped = event.error;
            this.photos.mark(this.photos.sentAs(job.photoIds), event.kept ? 'kept' : 'accepted');
          }
          if (event.type !== 'done') continue;
          this.#settle(event.result);
          stored += event.result.photos.filter(({ ok }) => ok).length;
          for (const photo of event.result.photos) {
            if (photo.ok) continue;
            failed += 1;
            stopped = photo.error;
          }
          if (event.result.projectId && event.result.photos.some(({ ok }) => ok)) await this.#showStored(event.result.projectId);
        }
        this.#jobs.delete(job);
      }),
    );
    byId('upload').hidden = true;
    const left = await this.showPending();
    if (isPhotoError(stopped) && stopped.code === 'sign_in_required' && (await this.account.renew()) && !renewed) {
      const again = await this.#sender.resume();
      if (again.length > 0) return this.#follow(again, true);
      // The guest is another one, who has nothing of the one before, or nothing was kept.
      await this.#settleKept();
      return this.#say(() => text('freed'));
    }
    const partly = failed > 0 && stored > 0 ? () => `${text('partly', { count: stored, failed })} ` : () => '';
    if (stopped) await this.#sayError(stopped, left > 0 || this.photos.kept().length > 0, partly);
    else await this.#say(() => text('sent', { count: stored }));
  }

  /** Each card says what became of its photo. */
  #settle({ photos }: SendResult): void {
    for (const outcome of photos) {
      const [item] = this.photos.sentAs([outcome.id]);
      if (!item) continue;
      item.state = outcome.ok ? 'sent' : 'failed';
      item.error = outcome.ok ? null : outcome.error;
    }
    this.photos.changed();
  }

  #draw(jobs: readonly SendJob[]): void {
    const sum = { bytesDone: 0, bytesTotal: 0, photosDone: 0, photosTotal: 0, fraction: 0 };
    for (const { progress } of jobs) {
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += progress[key];
    }
    byId<HTMLProgressElement>('upload-progress').value = sum.fraction / jobs.length;
    byId('upload-text').textContent = text('uploading', {
      done: sum.photosDone, total: sum.photosTotal, bytes: bytesText(sum.bytesDone), all: bytesText(sum.bytesTotal),
    });
  }

  /** Reads back what the database and Storage hold now. */
  async #showStored(projectId: string): Promise<void> {
    const { data } = await this.account.client
      .from('photos').select('id,upload_order,original_filename,thumbnail_url,width,height').eq('project_id', projectId).order('upload_order');
    const list = byId('stored-list');
    list.replaceChildren();
    byId('stored').hidden = false;
    byId('stored').dataset['projectId'] = projectId;
    byId('stored-id').textContent = projectId;
    for (const row of data ?? []) {
      const entry = make('li');
      const image = make('img');
      image.alt = row.original_filename ?? '';
      image.draggable = false;
      entry.append(image, make('span', '', `${row.upload_order + 1}. ${isolated(row.original_filename ?? '')} · ${row.width} × ${row.height}`));
      list.append(entry);
      if (!row.thumbnail_url) continue;
      const { data: file } = await this.account.client.storage.from('photos').download(row.thumbnail_url);
      if (!file) continue;
      image.addEventListener('load', () => URL.revokeObjectURL(image.src));
      image.src = URL.createObjectURL(file);
    }
  }

  async showPayloads(): Promise<void> {
    if (!byId<HTMLDetailsElement>('payloads').open) return;
    const { core } = this.photos;
    const shown: Record<string, unknown> = {};
    try {
      shown['video_projects'] = await core.projectPayload(this.project.draft());
    } catch (error) {
      shown['video_projects'] = isPhotoError(error) ? { error: error.code, issues: error.issues } : String(error);
    }
    const projectId = '00000000-0000-7000-8000-000000000000';
    const folder = `00000000-0000-7000-8000-000000000001/${projectId}`;
    shown['photos'] = await Promise.all(
      this.photos.accepted().map((photo, order) => {
        const extension = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' }[photo.mimeType];
        return core.photoPayload(photo, {
          projectId, fileUrl: `${folder}/${order}.${extension}`, thumbnailUrl: `${folder}/${order}.thumb.webp`, uploadOrder: order,
        }).catch((error: unknown) => (isPhotoError(error) ? { error: error.code, issues: error.issues } : String(error)));
      }),
    );
    byId('payload-text').textContent = JSON.stringify(shown, null, 2);
  }

  async #say(words: () => string | Promise<string>): Promise<void> {
    this.#status = words;
    const said = await words();
    if (this.#status === words) byId('send-status').textContent = said;
  }

  async #sayError(error: unknown, kept = false, before: () => string = () => ''): Promise<void> {
    await this.#say(async () => {
      const code = isPhotoError(error) ? error.code : null;
      // The package's sentences for these two promise a further try: by now there is none.
      const last = code === 'server_error' || code === 'network' ? text('gaveUp') : kept && code === 'cancelled' ? text('stopped') : null;
      return `${before()}${last ?? (await sentenceOf(error))}${kept ? ` ${text('keptSafe')}` : ''}`;
    });
  }
}
