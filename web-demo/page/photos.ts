/** The photos that were picked: their way through the core, their order, their cards. */
import { isPhotoError, type PhotoCore, type PhotoError, type PhotoProgress, type PreparedPhoto } from '@photomemory/photo-core';
import { canRetry, drawCard, focusTool, hasItsPlace, onItsWay } from './card.js';
import { byId, endNotice, notice, onPress, show } from './dom.js';
import { letDrag } from './dragged.js';
import { droppedFiles } from './dropped.js';
import { Removed, type Taken } from './removed.js';
import { bytesText, text } from './texts.js';

export interface Item {
  readonly id: number;
  readonly file: File;
  /** `sending` and `kept`: a job, or the outbox after one that was stopped, has it already; nobody else may send it. */
  state: 'waiting' | 'working' | 'accepted' | 'sending' | 'kept' | 'rejected' | 'cancelled' | 'sent' | 'failed';
  /** The photo's id in the job that has it. */
  sentAs: string | null;
  fraction: number;
  photo: PreparedPhoto | null;
  /** The photo of the page that this one repeats. */
  twin: Item | null;
  error: PhotoError | null;
  /** The file itself was not to be had, whatever the bytes of it that were read told. */
  unreadable: boolean;
  thumbnailUrl: string | null;
  stop: AbortController;
  readonly card: HTMLLIElement;
}

/** A file that was moved, changed or deleted since it was picked is empty or damaged to who reads it. */
async function isUnreadable(file: File, { code }: PhotoError): Promise<boolean> {
  if (code !== 'corrupt_image' && code !== 'empty_file') return false;
  return (file.size > 0 ? file.slice(0, 1) : file).arrayBuffer().then(() => false, () => true);
}

const isUnderWay = ({ state }: Item): boolean => state === 'waiting' || state === 'working';

const noPhotos = (): string => text('noPhotos');
const noFile = (): string => text('noFile');

/** Words that come to a field belong to it: a picture of them, which some programs add, is no photo. */
const isForField = ({ target }: Event, carried: DataTransfer | null): boolean =>
  target instanceof Element && target.matches('input:not([type=file]), textarea') && (carried?.types.includes('text/plain') ?? false);

/** Files that are dragged have words beside them too, and are not meant for a field. */
const areDraggedWords = (event: DragEvent): boolean => isForField(event, event.dataTransfer) && !event.dataTransfer?.types.includes('Files');

/** A card of the list, which alone takes it. */
const isDraggedPhoto = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('text/x-photo') ?? false;

export class Photos {
  readonly items: Item[] = [];
  /** What waits to be sent is still there after the page is left. */
  outboxLasts = true;
  #nextId = 1;
  #running = 0;
  /** One batch after the other: each counts what those before it accepted. */
  #batches: Promise<void> = Promise.resolve();
  #listeners = new Set<() => void>();
  #redraw: ReturnType<typeof setTimeout> | undefined;
  readonly #removed = new Removed((taken) => this.#bringBack(taken));

  constructor(readonly core: PhotoCore) {
    this.changed();
    const input = byId<HTMLInputElement>('files');
    input.addEventListener('change', () => {
      void this.add([...(input.files ?? [])]);
      input.value = '';
    });
    // Files may be dropped anywhere: beside the box they must not replace the page.
    const drop = byId('drop');
    window.addEventListener('dragover', (event) => {
      if (areDraggedWords(event) || isDraggedPhoto(event)) return;
      event.preventDefault();
      drop.classList.toggle('over', event.dataTransfer?.types.includes('Files') ?? false);
    });
    window.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) drop.classList.remove('over');
    });
    window.addEventListener('drop', (event) => {
      if (areDraggedWords(event)) return;
      event.preventDefault();
      drop.classList.remove('over');
      void droppedFiles(event.dataTransfer).then(({ files, emptyFolders, address }) => {
        endNotice(noPhotos);
        endNotice(noFile);
        if (files.length === 0 && emptyFolders > 0) notice(noPhotos);
        else if (files.length === 0 && address) notice(noFile);
        return this.add(files);
      });
    });
    window.addEventListener('paste', (event) => {
      if (isForField(event, event.clipboardData)) return;
      endNotice(noFile);
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 && /^https?:\/\/\S+$/.test(event.clipboardData?.getData('text/plain').trim() ?? '')) notice(noFile);
      void this.add(files);
    });
    // What is prepared and not sent is in this page alone: who leaves it is asked.
    window.addEventListener('beforeunload', (event) => {
      const here = (item: Item): boolean => ['waiting', 'working', 'accepted'].includes(item.state) || (onItsWay(item) && !this.outboxLasts);
      if (this.items.some(here)) event.preventDefault();
    });
    letDrag(byId('list'), this);
    onPress('cancel-all', () => this.items.forEach((item) => item.stop.abort()));
    byId('clear').addEventListener('click', () => this.clear());
    onPress('retry-all', () => void this.retry(...this.#failed()));
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What is ready and not yet sent, in the order shown. */
  ready(): (Item & { photo: PreparedPhoto })[] {
    return this.items.filter((item): item is Item & { photo: PreparedPhoto } => item.state === 'accepted' && item.photo !== null);
  }

  /** Those that a job with these ids has, or all that the outbox keeps. */
  sentAs(ids: readonly string[]): Item[] {
    return this.items.filter(({ sentAs }) => sentAs !== null && ids.includes(sentAs));
  }

  kept(): Item[] {
    return this.items.filter(({ state }) => state === 'kept');
  }

  /** What became of photos on their way; `accepted` sets them free to be sent anew. */
  mark(items: readonly Item[], state: 'accepted' | 'sending' | 'kept' | 'sent'): void {
    for (const item of items) {
      if (item.state === 'sent' || item.state === 'failed') continue;
      item.state = state;
      if (state === 'accepted') item.sentAs = null;
    }
    this.changed();
  }

  get preparing(): boolean {
    return this.#running > 0;
  }

  /** Resolves when nothing is being prepared any more. */
  async settled(): Promise<void> {
    while (this.preparing) await this.#batches;
  }

  accepted(): PreparedPhoto[] {
    return this.ready().map(({ photo }) => photo);
  }

  async add(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const items = files.map((file) => this.#item(file));
    this.items.push(...items);
    await this.#prepare(items);
  }

  /** Prepares again what failed or was cancelled. */
  async retry(...items: Item[]): Promise<void> {
    for (const item of items) {
      this.#forget(item);
      item.state = 'waiting';
      item.stop = new AbortController();
    }
    await this.#prepare(items);
  }

  /** What another try may help; for what found no room it does not, unless somebody makes room. */
  #failed(): Item[] {
    return this.items.filter((item) => canRetry(item) && item.error?.code !== 'too_many_photos');
  }

  remove(item: Item): void {
    const [taken] = this.#take([item]);
    const next = this.items[Math.min(taken?.place ?? 0, this.items.length - 1)];
    (next ? next.card : byId('files')).focus();
  }

  clear(): void {
    this.#take(this.items.filter((each) => !onItsWay(each)));
  }

  /** Off the list, until Undo. @returns where they were */
  #take(items: readonly Item[]): readonly Taken[] {
    const taken = items.map((item) => ({ item, place: this.items.indexOf(item), underWay: isUnderWay(item) }));
    for (const { item } of taken) {
      item.stop.abort();
      this.items.splice(this.items.indexOf(item), 1);
    }
    this.changed();
    this.#removed.add(taken);
    return taken;
  }

  /** Each to the place where it was. What was not ready is prepared anew, as is what has no room any more: it is told so. */
  #bringBack(taken: readonly Taken[]): void {
    const again: Item[] = [];
    const back = taken.map(({ item, place, underWay }) => {
      const full = item.state === 'accepted' && this.ready().length >= this.core.limits.max_photos_per_project;
      // The old one's batch may still be about to tell that it was cancelled.
      const one = underWay || full ? this.#item(item.file) : item;
      if (one !== item) again.push(one);
      this.items.splice(place, 0, one);
      return one;
    });
    this.changed();
    if (again.length > 0) void this.#prepare(again);
    const [first] = back;
    if (!first) return;
    first.card.focus();
    this.#say(back.length === 1 ? text('moved', { name: first.file.name, place: this.items.indexOf(first) + 1 }) : text('broughtBack', { count: back.length }));
  }

  /** Moves a photo to another place and says so; what was sent while it was dragged stays. */
  move(item: Item, place: number): void {
    if (hasItsPlace(item)) return;
    const to = Math.max(0, Math.min(place, this.items.length - 1));
    const tool = item.card.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset['tool'] : undefined;
    this.items.splice(this.items.indexOf(item), 1);
    this.items.splice(to, 0, item);
    this.changed();
    focusTool(item.card, tool);
    this.#say(text('moved', { name: item.file.name, place: to + 1 }));
  }

  /** Draws everything anew; cards keep their elements, so focus and pictures stay. */
  changed(): void {
    clearTimeout(this.#redraw);
    this.#redraw = undefined;
    const list = byId('list');
    const shown = new Set<Element>(this.items.map(({ card }) => card));
    for (const entry of [...list.children]) if (!shown.has(entry)) entry.remove();
    this.items.forEach((item, place) => {
      drawCard(this, item, place);
      if (list.children[place] !== item.card) list.insertBefore(item.card, list.children[place] ?? null);
    });
    // A class, since a selector that counts is asked anew with every change in the list.
    list.classList.toggle('long', this.items.length > 60);
    const { max_photos_per_project: room, max_source_bytes: largest } = this.core.limits;
    const ready = this.accepted().length;
    byId('count').textContent = ready ? `${ready} / ${room}` : '';
    byId('limits-hint').textContent = text('limitsHint', { count: room, size: bytesText(largest) });
    this.#summarize();
    // The one takes the other's place, and its focus.
    const again = !this.preparing && this.#failed().length > 1;
    if (again) show('retry-all', again, 'files');
    show('batch', this.preparing, again ? 'retry-all' : 'files');
    show('retry-all', again, this.preparing ? 'cancel-all' : 'files');
    show('clear', !this.items.every(onItsWay), 'files');
    byId('skip-list').hidden = this.items.length === 0;
    byId('list-hint').hidden = this.items.length < 2;
    this.#removed.show();
    for (const listener of this.#listeners) listener();
  }

  /** For what comes by itself: of a folder with a thousand photos each verdict would draw a thousand cards. */
  #changedSoon(): void {
    this.#redraw ??= setTimeout(() => this.changed(), 50);
  }

  /** To who does not see it. */
  #say(words: string): void {
    byId('moved').textContent = words;
  }

  /** What came of an earlier try. */
  #forget(item: Item): void {
    if (item.thumbnailUrl) URL.revokeObjectURL(item.thumbnailUrl);
    Object.assign(item, { sentAs: null, fraction: 0, photo: null, twin: null, error: null, unreadable: false, thumbnailUrl: null });
  }

  /** What came of the photos; said once it is known of all of them. */
  #summarize(): void {
    const count = (...states: Item['state'][]): number => this.items.filter(({ state }) => states.includes(state)).length;
    const counts = [['readyCount', count('accepted', 'sending', 'kept')], ['sentCount', count('sent')], ['refusedCount', count('rejected', 'failed')]] as const;
    const parts = counts.filter(([, number]) => number > 0).map(([key, number]) => text(key, { count: number }));
    const summary = this.#running ? '' : parts.join(' · ');
    if (byId('summary').textContent !== summary) byId('summary').textContent = summary;
  }

  #item(file: File): Item {
    const card = document.createElement('li');
    return { id: this.#nextId++, file, state: 'waiting', sentAs: null, fraction: 0, photo: null, twin: null, error: null, unreadable: false, thumbnailUrl: null, stop: new AbortController(), card };
  }

  #prepare(items: Item[]): Promise<void> {
    this.#running += 1;
    this.changed();
    this.#batches = this.#batches.then(() => this.#prepareBatch(items));
    return this.#batches;
  }

  async #prepareBatch(items: Item[]): Promise<void> {
    byId<HTMLProgressElement>('batch-progress').value = 0;
    byId('batch-text').textContent = text('batch', { done: 0, total: items.length });
    const earlier = this.items.filter(({ photo }) => photo !== null);
    const existingCount = this.accepted().length;
    try {
      const results = this.core.prepareAll(items.map((item) => item.file), {
        existingCount,
        knownPhotos: earlier.map(({ photo }) => photo!),
        photoSignal: (index) => items[index]?.stop.signal,
        onProgress: (progress) => {
          byId<HTMLProgressElement>('batch-progress').value = progress.fraction;
          byId('batch-text').textContent = text('batch', { done: progress.done, total: progress.total });
          progress.photos.forEach((photo, index) => this.#follow(items[index], photo));
        },
      });
      for await (const result of results) {
        const item = items[result.index];
        if (!item) continue;
        if (result.ok) {
          item.photo = result.photo;
          const twin = result.photo.duplicateOf;
          item.twin = (twin && (twin.of === 'batch' ? items : earlier)[twin.index]) ?? null;
          item.state = 'accepted';
          item.thumbnailUrl = result.photo.thumbnail ? URL.createObjectURL(result.photo.thumbnail) : null;
        } else {
          item.error = result.error;
          item.unreadable = await isUnreadable(item.file, result.error);
          item.state = result.error.code === 'cancelled' ? 'cancelled' : 'rejected';
        }
        this.#changedSoon();
      }
    } catch (error) {
      for (const item of items.filter(({ state }) => state === 'waiting' || state === 'working')) {
        item.state = 'rejected';
        item.error = isPhotoError(error) ? error : null;
      }
    } finally {
      this.#running -= 1;
      this.changed();
    }
  }

  #follow(item: Item | undefined, progress: PhotoProgress): void {
    if (!item || !isUnderWay(item) || (progress.state !== 'working' && progress.fraction === item.fraction)) return;
    item.fraction = progress.fraction;
    if (item.state !== 'working' && progress.state === 'working') {
      item.state = 'working';
      this.#changedSoon();
    }
    const bar = item.card.querySelector('progress');
    if (bar) bar.value = progress.fraction;
  }
}
