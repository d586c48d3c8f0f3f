import type { ItemState, SendProgress } from './job.js';
import type { OutboxEntry, OutboxItem } from './outbox.js';

const rank: Readonly<Record<ItemState, number>> = { waiting: 0, sending: 1, stored: 2, confirmed: 3, failed: 3 };

/**
 * Counts bytes so that nothing runs backwards: of each object the most that ever left counts, whatever a repetition does,
 * and a photo that has its outcome counts whole.
 */
export class ProgressCount {
  readonly #items: { readonly item: OutboxItem; readonly total: number; readonly sent: Map<string, number>; state: ItemState }[];

  constructor(entry: OutboxEntry) {
    this.#items = entry.items.map((item) => {
      const sent = new Map(item.files.filter((file) => file.stored).map((file) => [file.path, file.bytes]));
      const total = item.files.reduce((sum, file) => sum + file.bytes, 0);
      return { item, total, sent, state: stateOf(item) };
    });
  }

  /** @returns whether the number grew */
  sent(item: OutboxItem, path: string, bytes: number): boolean {
    const counted = this.#items.find((candidate) => candidate.item === item);
    const file = item.files.find((candidate) => candidate.path === path);
    if (!counted || !file) return false;
    const before = counted.sent.get(path) ?? 0;
    const now = Math.min(bytes, file.bytes);
    if (now <= before) return false;
    counted.sent.set(path, now);
    return true;
  }

  /** @returns whether the state moved on; it never moves back */
  moved(item: OutboxItem, state: ItemState): boolean {
    const counted = this.#items.find((candidate) => candidate.item === item);
    if (!counted || rank[state] <= rank[counted.state]) return false;
    counted.state = state;
    return true;
  }

  snapshot(finished = false): SendProgress {
    const photos = this.#items.map(({ item, total, sent, state }) => ({
      index: item.index,
      id: item.id,
      state,
      bytesTotal: total,
      bytesDone: rank[state] >= 2 ? total : [...sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    }));
    const bytesTotal = photos.reduce((sum, photo) => sum + photo.bytesTotal, 0);
    const bytesDone = photos.reduce((sum, photo) => sum + photo.bytesDone, 0);
    const share = bytesTotal === 0 ? 0 : bytesDone / bytesTotal;
    return {
      bytesDone,
      bytesTotal,
      fraction: finished ? 1 : Math.min(share, 0.99),
      photosDone: photos.filter((photo) => rank[photo.state] === 3).length,
      photosTotal: photos.length,
      photos,
    };
  }
}

function stateOf(item: OutboxItem): ItemState {
  if (item.state === 'confirmed') return 'confirmed';
  if (item.state === 'failed' || item.state === 'cleaned') return 'failed';
  return item.files.every((file) => file.stored) ? 'stored' : 'waiting';
}
