/** One photo as a card of the list. */
import { messageFor, thumbHashToPixels, type CaptureData, type PreparedPhoto } from '@photomemory/photo-core';
import { button, make } from './dom.js';
import type { Item, Photos } from './photos.js';
import { sentenceOf } from './said.js';
import { bytesText, language, text } from './texts.js';

/** What a card shows is drawn again only when this changes. */
function stateOf(photos: Photos, item: Item, place: number): string {
  return [item.state, place, photos.items.length, language(), item.error?.code, twinOf(photos, item)?.file.name].join();
}

/** The photo that this one repeats, while it is on the list. */
const twinOf = (photos: Photos, { twin }: Item): Item | null => (twin && photos.items.includes(twin) ? twin : null);

/** Taken from the list it would be sent nevertheless: it stays until it has arrived, or is discarded. */
export const onItsWay = ({ state }: Item): boolean => state === 'sending' || state === 'kept';

/** Its place has gone with it: moved, it would stand here where it does not stand in its project. */
export const hasItsPlace = (item: Item): boolean => onItsWay(item) || item.state === 'sent';

/** Another try may help: the network is back, somebody has changed their mind or made room. */
export const canRetry = ({ state, error }: Item): boolean =>
  state === 'cancelled' || ((state === 'rejected' || state === 'failed') && error !== null && (error.retryable || error.code === 'too_many_photos'));

/** Where the photo is, in the words that tests and other pages read. */
function statusOf({ state }: Item): 'working' | 'accepted' | 'rejected' | 'sent' | 'failed' {
  if (state === 'waiting' || state === 'working') return 'working';
  if (state === 'sending' || state === 'kept') return 'accepted';
  return state === 'cancelled' ? 'rejected' : state;
}

function stateText({ state }: Item): string {
  if (state === 'sent') return text('sentPhoto');
  if (state === 'sending') return text('sendingPhoto');
  return text(state === 'kept' ? 'keptPhoto' : state);
}

export function drawCard(photos: Photos, item: Item, place: number): void {
  const { card } = item;
  const state = stateOf(photos, item, place);
  if (card.dataset['state'] === state) return;
  card.dataset['state'] = state;
  card.classList.add('photo');
  card.setAttribute('data-testid', 'photo-card');
  card.dataset['status'] = statusOf(item);
  card.dataset['code'] = item.error?.code ?? '';
  card.tabIndex = 0;
  card.draggable = !hasItsPlace(item);
  card.setAttribute('aria-label', `${place + 1}. ${item.file.name}: ${stateText(item)}`);
  if (!card.dataset['ready']) prepareCard(photos, item);
  const focused = card.contains(document.activeElement) && document.activeElement !== card ? document.activeElement : null;
  const picture = card.querySelector('.picture') ?? make('div', 'picture');
  drawPicture(picture, item, place);
  // What is as it was stays: a button that is pressed at this moment is let go as itself.
  for (const [at, piece] of [picture, about(photos, item), tools(photos, item, place)].entries()) {
    const before = card.children[at];
    if (!before) card.append(piece);
    else if (!before.isEqualNode(piece)) before.replaceWith(piece);
  }
  if (focused instanceof HTMLElement) focusTool(card, focused.dataset['tool']);
}

/** Names may repeat, so a button is known by what it does. One that is gone or has nothing to do leaves the focus to its card. */
export function focusTool(card: HTMLElement, tool: string | undefined): void {
  (card.querySelector<HTMLElement>(`[data-tool="${tool}"]:enabled`) ?? card).focus();
}

function prepareCard(photos: Photos, item: Item): void {
  const { card } = item;
  card.dataset['ready'] = 'yes';
  card.addEventListener('keydown', (event) => {
    // On its buttons too: there Alt + ← would leave the page.
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    photos.move(item, photos.items.indexOf(item) + step);
  });
}

function drawPicture(picture: Element, item: Item, place: number): void {
  const tag = picture.querySelector('.place') ?? picture.appendChild(make('span', 'place'));
  tag.textContent = String(place + 1);
  if (!item.photo || picture.querySelector('img')) return;
  // The placeholder stands until the thumbnail is decoded.
  const canvas = make('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  picture.prepend(canvas);
  void thumbHashToPixels(item.photo.thumbhash).then(({ width, height, pixels }) => {
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  });
  if (!item.thumbnailUrl) return;
  const image = make('img');
  image.alt = item.file.name;
  image.draggable = false;
  image.addEventListener('load', () => canvas.remove());
  // Once: it would flicker whenever its card is drawn anew.
  image.addEventListener('animationend', () => image.classList.add('appeared'));
  image.src = item.thumbnailUrl;
  canvas.after(image);
}

function about(photos: Photos, item: Item): HTMLElement {
  const box = make('div', 'about');
  const name = make('span', 'name', item.file.name);
  name.dir = 'auto';
  name.title = item.file.name;
  const tone = { accepted: 'good', sending: 'good', kept: 'good', sent: 'good', rejected: 'bad', failed: 'bad' }[item.state as string] ?? 'work';
  const verdict = make('span', `tag ${tone}`, stateText(item));
  const line = make('div', 'verdict');
  line.append(verdict);
  if (item.error && (item.state === 'rejected' || item.state === 'failed')) line.append(make('code', 'code', item.error.code));
  box.append(name, line);
  if (item.state === 'waiting' || item.state === 'working') {
    const bar = make('progress');
    bar.max = 1;
    bar.value = item.fraction;
    bar.setAttribute('aria-label', item.file.name);
    box.append(bar);
  }
  if (item.error && (item.state === 'rejected' || item.state === 'failed')) {
    const sentence = make('p', 'error', item.error.code);
    if (item.unreadable) sentence.textContent = text('unreadable');
    else void sentenceOf(item.error).then((words) => (sentence.textContent = words));
    box.append(sentence);
  }
  if (item.photo) {
    const { photo } = item;
    const remarks = [photo.passedThrough ? text('kept') : '', photo.decodedBy === 'browser' ? text('browserDecoded') : ''].filter(Boolean);
    for (const line of [...sizesText(photo), ...remarks]) box.append(make('p', 'facts', line));
    const capture = captureText(photo.capture);
    if (capture) box.append(make('p', 'facts', capture));
    const twin = twinOf(photos, item);
    // Once the other is off the list, nothing is there twice.
    const codes = photo.warnings.filter((code) => code !== 'duplicate_photo' || twin);
    if (codes.length) box.append(warnings(photo, codes, twin));
  }
  return box;
}

/** What was done as it should be, and needs no attention. */
const notes: ReadonlySet<string> = new Set(['metadata_removed', 'profile_converted']);

function warnings(photo: PreparedPhoto, codes: PreparedPhoto['warnings'], twin: Item | null): HTMLElement {
  const list = make('ul', 'warnings');
  for (const code of codes) {
    const entry = make('li', '', code);
    entry.dataset['tone'] = notes.has(code) ? 'note' : 'warning';
    if (code === 'duplicate_photo' && twin) {
      entry.textContent = text(photo.duplicateOf?.sameBytes ? 'sameFile' : 'lookAlike', { name: twin.file.name });
    } else {
      void messageFor(code, language()).then((words) => (entry.textContent = words));
    }
    list.append(entry);
  }
  return list;
}

/** "4.1 MB → 620 kB" and "4032 × 3024 → 2000 × 1500", or once what is as it was; a number stays with its unit. */
function sizesText(photo: PreparedPhoto): string[] {
  const { source } = photo;
  const change = (from: string, to: string): string => (from === to ? [from] : [from, to]).map((words) => words.replaceAll(' ', '\u00a0')).join(' → ');
  return [
    change(bytesText(source.bytes), bytesText(photo.bytes)),
    change(`${source.width} × ${source.height}`, `${photo.width} × ${photo.height}`),
  ];
}

/** The day and the clock where the photo was taken, wherever one looks from; the day alone where the file knows no clock. */
function timeText(recorded: string): string {
  const clock = recorded.slice('0000-00-00T'.length, '0000-00-00T00:00:00'.length);
  const time = new Date(`${recorded.slice(0, '0000-00-00'.length)}T${clock || '00:00:00'}Z`);
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', ...(clock && { timeStyle: 'short' }), timeZone: 'UTC' }).format(time);
}

function captureText(capture: CaptureData): string {
  const parts: string[] = [];
  if (capture.time) parts.push(timeText(capture.time));
  const camera = capture.model?.startsWith(capture.make ?? '\0') ? capture.model : [capture.make, capture.model].filter(Boolean).join(' ');
  if (camera) parts.push(camera);
  if (capture.focalLengthMm) parts.push(`${capture.focalLengthMm.toFixed(0)}\u00a0mm`);
  if (capture.fNumber) parts.push(`ƒ/${capture.fNumber.toFixed(1)}`);
  const seconds = capture.exposureSeconds;
  // As cameras say it: a quarter is the longest fraction.
  if (seconds) parts.push(`${seconds < 0.2501 ? `1/${Math.round(1 / seconds)}` : Number(seconds.toFixed(1))}\u00a0s`);
  if (capture.iso) parts.push(`ISO\u00a0${capture.iso}`);
  return parts.join(' · ');
}

function tools(photos: Photos, item: Item, place: number): HTMLElement {
  const row = make('div', 'tools');
  const add = (key: 'earlier' | 'later' | 'remove' | 'retry' | 'cancel', icon: string, act: (event: MouseEvent) => void, disabled = false): HTMLElement => {
    // A phone's camera names each photo alike: the number tells their buttons apart.
    const tool = button(`${text(key)}: ${place + 1}. ${item.file.name}`, icon, act);
    tool.dataset['tool'] = key;
    tool.disabled = disabled;
    row.append(tool);
    return tool;
  };
  add('earlier', '←', () => photos.move(item, place - 1), place === 0 || hasItsPlace(item));
  add('later', '→', () => photos.move(item, place + 1), place === photos.items.length - 1 || hasItsPlace(item));
  // The second click of a double one falls on the button, or the card, that has come in this one's place.
  const once = (act: () => void) => ({ detail }: MouseEvent): void => (detail > 1 ? undefined : act());
  if (item.state === 'waiting' || item.state === 'working') add('cancel', text('cancel'), once(() => item.stop.abort()));
  if (canRetry(item)) add('retry', text('retry'), once(() => void photos.retry(item)));
  add('remove', '✕', once(() => photos.remove(item)), onItsWay(item)).classList.add('last');
  return row;
}
