/** The elements of the page, by id. */
export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element #${id}`);
  return element as E;
}

/** Shows an element or hides it; what had the focus and is hidden hands it to `next`. */
export function show(id: string, shown: boolean, next: string): void {
  const element = byId(id);
  const focused = element.contains(document.activeElement);
  element.hidden = !shown;
  if (focused && !shown) byId(next).focus();
}

let last = { id: '', at: -Infinity };

/**
 * Acts when a button is pressed. Of two quick presses the second, and a key that is held, may find another button in the
 * place of the first, or with its focus: that one was not meant.
 */
export function onPress(id: string, act: () => void): void {
  const element = byId(id);
  element.addEventListener('keydown', (event) => {
    if (event.repeat && event.key === 'Enter') event.preventDefault();
  });
  element.addEventListener('click', ({ detail, timeStamp }) => {
    // A key's click counts none.
    if (last.id !== id && (detail > 1 || (detail === 0 && timeStamp - last.at < 500))) return;
    last = { id, at: timeStamp };
    act();
  });
}

const nothing = (): string => '';
let noticed = nothing;

/** What concerns the whole page, above everything else, in whatever language it has by then. */
export function notice(words: () => string): void {
  noticed = words;
  showNotice();
}

/** Takes a notice away, unless another one has come in its place. */
export function endNotice(words: () => string): void {
  if (noticed === words) notice(nothing);
}

export function showNotice(): void {
  byId('notice').textContent = noticed();
  byId('notice').hidden = byId('notice').textContent === '';
}

/** An element with class and text; text is never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', content = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content) element.textContent = content;
  return element;
}

export function button(label: string, icon: string, act: (event: MouseEvent) => void): HTMLButtonElement {
  const element = make('button', 'quiet', icon);
  element.type = 'button';
  element.setAttribute('aria-label', label);
  element.title = label;
  element.addEventListener('click', act);
  return element;
}
