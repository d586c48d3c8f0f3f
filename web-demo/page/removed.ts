/** What was taken off the list comes back by Undo, or by the keys that undo everywhere, to the place where it was. */
import { byId, show } from './dom.js';
import type { Item } from './photos.js';
import { text } from './texts.js';

export interface Taken {
  readonly item: Item;
  readonly place: number;
  /** It was not ready yet, and has to be prepared again. */
  readonly underWay: boolean;
}

const forgetThumbnail = ({ item }: Taken): void => {
  if (item.thumbnailUrl) URL.revokeObjectURL(item.thumbnailUrl);
};

/** Keys that are pressed in a field undo what was typed there. */
const isTyping = ({ target }: Event): boolean => target instanceof Element && target.matches('input:not([type=file]), textarea');

export class Removed {
  /** The last is undone first. */
  #steps: (readonly Taken[])[] = [];

  constructor(bringBack: (taken: readonly Taken[]) => void) {
    const undo = (): void => {
      const taken = this.#steps.pop();
      if (!taken) return;
      bringBack(taken);
      this.show();
    };
    byId('undo').addEventListener('click', undo);
    byId('forget').addEventListener('click', () => {
      (byId('list').lastElementChild as HTMLElement | null ?? byId('files')).focus({ preventScroll: true });
      this.forget();
    });
    window.addEventListener('keydown', (event) => {
      const undoes = event.key.toLowerCase() === 'z' && event.ctrlKey !== event.metaKey && !event.shiftKey && !event.altKey;
      if (!undoes || this.#steps.length === 0 || isTyping(event) || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      undo();
    });
  }

  add(taken: readonly Taken[]): void {
    if (taken.length === 0) return;
    this.#steps.push(taken);
    this.show();
    byId('moved').textContent = `${this.#words(taken)}. ${text('undoHint')}`;
  }

  forget(): void {
    this.#steps.flat().forEach(forgetThumbnail);
    this.#steps = [];
    this.show();
  }

  /** The last step, in the language that the page has now. */
  show(): void {
    const last = this.#steps.at(-1);
    if (last) byId('removed-text').textContent = this.#words(last);
    show('removed', last !== undefined, 'files');
  }

  #words(taken: readonly Taken[]): string {
    const [first] = taken;
    return first && taken.length === 1 ? text('removed', { name: first.item.file.name }) : text('removedCount', { count: taken.length });
  }
}
