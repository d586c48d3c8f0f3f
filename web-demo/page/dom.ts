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

/** What concerns the whole page, above everything else; `''` takes it away. */
export function notice(words: string): void {
  byId('notice').textContent = words;
  byId('notice').hidden = words === '';
}

/** An element with class and text; text is never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', content = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content) element.textContent = content;
  return element;
}

export function button(label: string, icon: string, act: () => void): HTMLButtonElement {
  const element = make('button', 'quiet', icon);
  element.type = 'button';
  element.setAttribute('aria-label', label);
  element.title = label;
  element.addEventListener('click', act);
  return element;
}
