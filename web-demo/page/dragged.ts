/** Photos are dragged to another place: by a mouse, or after a long press by a finger where the browser lets it. */
import type { Item, Photos } from './photos.js';

interface Point {
  readonly clientX: number;
  readonly clientY: number;
}

/** How far a point is from a box; 0 in it. */
function distance({ clientX: x, clientY: y }: Point, { left, right, top, bottom }: DOMRect): number {
  return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
}

/** The place that a photo has once it is dropped: of the one under the point or, between two, between them; behind the last, the last. */
function placeAt(items: readonly Item[], from: number, event: DragEvent): number {
  const target = event.target as Node;
  const over = (target instanceof Element ? target : target.parentElement)?.closest('.photo'); // text, where a browser names that
  if (over) return items.findIndex(({ card }) => card === over);
  const boxes = items.map(({ card }) => card.getBoundingClientRect());
  const far = boxes.map((box) => distance(event, box));
  const near = far.indexOf(Math.min(...far));
  const box = boxes[near];
  const gap = box && (event.clientX > box.right || event.clientY > box.bottom) ? near + 1 : near;
  return gap > from ? gap - 1 : gap;
}

export function letDrag(list: HTMLElement, photos: Photos): void {
  // Not told by what is carried: that may come from another tab, whose photos have the same numbers.
  let dragged: Item | null = null;
  let target: Item | null = null;
  const aimAt = (next: Item | null): void => {
    if (target === next) return;
    target?.card.classList.remove('target');
    next?.card.classList.add('target');
    target = next;
  };
  const end = (): void => {
    dragged?.card.classList.remove('dragged');
    dragged = null;
    aimAt(null);
  };
  list.addEventListener('dragend', end);
  // The end of one that is removed meanwhile is not heard here.
  photos.onChange(() => {
    if (dragged && !photos.items.includes(dragged)) end();
    if (target && !photos.items.includes(target)) aimAt(null);
  });
  list.addEventListener('dragstart', (event) => {
    dragged = photos.items.find(({ card }) => card === event.target) ?? null;
    if (!dragged || !event.dataTransfer) return;
    // Firefox drags nothing where nothing is carried.
    event.dataTransfer.setData('text/x-photo', String(dragged.id));
    event.dataTransfer.effectAllowed = 'move';
    dragged.card.classList.add('dragged');
  });
  list.addEventListener('dragover', (event) => {
    if (!dragged) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'move';
    const next = photos.items[placeAt(photos.items, photos.items.indexOf(dragged), event)];
    aimAt(!next || next === dragged ? null : next);
  });
  list.addEventListener('dragleave', (event) => {
    if (!list.contains(event.relatedTarget as Node | null)) aimAt(null);
  });
  list.addEventListener('drop', (event) => {
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    if (target) photos.move(dragged, photos.items.indexOf(target));
  });
}
