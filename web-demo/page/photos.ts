/** The photos that were picked: their way through the core, their order, their cards. */
import { isPhotoError, type PhotoCore, type PhotoError, type PhotoProgress, type PreparedPhoto } from '@photomemory/photo-core';
import { byId } from './dom.js';
import { drawCard } from './card.js';
import { bytesText, text } from './texts.js';

export interface Item {
  readonly id: number;
  readonly file: File;
  state: 'waiting' | 'working' | 'accepted' | 'rejected' | 'cancelled' | 'sent' | 'failed';
  fraction: number;
  photo: PreparedPhoto | null;
  error: PhotoError | null;
  thumbnailUrl: string | null;
  stop: AbortController;
  readonly card: HTMLLIElement;
}

export class Photos {
  readonly items: Item[] = [];
  #nextId = 1;
  #running = 0;
  #listeners = new Set<() => void>();

  constructor(readonly core: PhotoCore) {
    const input = byId<HTMLInputElement>('files');
    input.addEventListener('change', () => {
      void this.add([...(input.files ?? [])]);
      input.value = '';
    });
    const drop = byId('drop');
    for (const name of ['dragenter', 'dragover'] as const) {
      drop.addEventListener(name, (event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        drop.classList.add('over');
      });
    }
    for (const name of ['dragleave', 'drop'] as const) drop.addEventListener(name, () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      void this.add([...(event.dataTransfer?.files ?? [])]);
    });
    // A file dropped beside the box must not replace the page.
    for (const name of ['dragover', 'drop'] as const) window.addEventListener(name, (event) => event.preventDefault());
    window.addEventListener('paste', (event) => void this.add([...(event.clipboardData?.files ?? [])]));
    byId('cancel-all').addEventListener('click', () => this.items.forEach((item) => item.stop.abort()));
    byId('clear').addEventListener('click', () => this.clear());
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What is ready and not yet sent, in the order shown. */
  ready(): (Item & { photo: PreparedPhoto })[] {
    return this.items.filter((item): item is Item & { photo: PreparedPhoto } => item.state === 'accepted' && item.photo !== null);
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
  async retry(item: Item): Promise<void> {
    item.state = 'waiting';
    item.error = null;
    item.fraction = 0;
    item.stop = new AbortController();
    await this.#prepare([item]);
  }

  remove(item: Item): void {
    item.stop.abort();
    const place = this.items.indexOf(item);
    if (place >= 0) this.items.splice(place, 1);
    if (item.thumbnailUrl) URL.revokeObjectURL(item.thumbnailUrl);
    const next = this.items[Math.min(place, this.items.length - 1)];
    this.changed();
    (next ? next.card : byId('files')).focus();
  }

  clear(): void {
    for (const item of this.items) {
      item.stop.abort();
      if (item.thumbnailUrl) URL.revokeObjectURL(item.thumbnailUrl);
    }
    this.items.length = 0;
    this.changed();
  }

  /** Moves a photo to another place and says so. */
  move(item: Item, place: number): void {
    const to = Math.max(0, Math.min(place, this.items.length - 1));
    this.items.splice(this.items.indexOf(item), 1);
    this.items.splice(to, 0, item);
    this.changed();
    item.card.focus();
    byId('send-status').textContent = text('moved', { name: item.file.name, place: to + 1 });
  }

  /** Draws everything anew; cards keep their elements, so focus and pictures stay. */
  changed(): void {
    const list = byId('list');
    this.items.forEach((item, place) => {
      drawCard(this, item, place);
      if (list.children[place] !== item.card) list.insertBefore(item.card, list.children[place] ?? null);
    });
    while (list.children.length > this.items.length) list.lastElementChild?.remove();
    const count = this.accepted().length;
    const room = this.core.limits.max_photos_per_project;
    byId('count').textContent = this.items.length ? `${count} / ${room}` : '';
    byId('clear').hidden = this.items.length === 0;
    byId('cancel-all').hidden = this.#running === 0;
    byId('list-hint').hidden = this.items.length < 2;
    for (const listener of this.#listeners) listener();
  }

  #item(file: File): Item {
    const card = document.createElement('li');
    return { id: this.#nextId++, file, state: 'waiting', fraction: 0, photo: null, error: null, thumbnailUrl: null, stop: new AbortController(), card };
  }

  async #prepare(items: Item[]): Promise<void> {
    this.#running += 1;
    this.changed();
    byId('batch').hidden = false;
    const existingCount = this.accepted().length;
    try {
      const results = this.core.prepareAll(items.map((item) => item.file), {
        existingCount,
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
          item.state = 'accepted';
          item.thumbnailUrl = result.photo.thumbnail ? URL.createObjectURL(result.photo.thumbnail) : null;
        } else {
          item.error = result.error;
          item.state = result.error.code === 'cancelled' ? 'cancelled' : 'rejected';
        }
        this.changed();
      }
    } catch (error) {
      for (const item of items.filter(({ state }) => state === 'waiting' || state === 'working')) {
        item.state = 'rejected';
        item.error = isPhotoError(error) ? error : null;
      }
    } finally {
      this.#running -= 1;
      if (this.#running === 0) byId('batch').hidden = true;
      this.changed();
    }
  }

  #follow(item: Item | undefined, progress: PhotoProgress): void {
    if (!item || (item.state !== 'waiting' && item.state !== 'working')) return;
    item.state = progress.state === 'working' ? 'working' : item.state;
    item.fraction = progress.fraction;
    const bar = item.card.querySelector('progress');
    if (bar) bar.value = progress.fraction;
  }
}

/** "4.1 MB → 620 KB, 4032 × 3024 → 2000 × 1500". */
export function sizesText(photo: PreparedPhoto): string {
  const { source } = photo;
  return `${bytesText(source.bytes)} → ${bytesText(photo.bytes)} · ${source.width} × ${source.height} → ${photo.width} × ${photo.height}`;
}
