/** Choices kept between visits; where the browser keeps nothing, as long as the page is open. */
const here = new Map<string, string>();

export function keptValue(key: string): string | null {
  try {
    return here.get(key) ?? localStorage.getItem(key);
  } catch {
    return here.get(key) ?? null;
  }
}

export function dropValue(key: string): void {
  here.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing is kept there.
  }
}

export function keepValue(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
    here.delete(key);
  } catch {
    // Refused, or full.
    here.set(key, value);
  }
}

/** The draft of this tab, until it is sent or the tab is closed; where the browser keeps nothing it is lost with the page. */
export const draftStore = {
  kept: (): string | null => tab((storage) => storage.getItem('photo-core-draft')),
  keep: (draft: string): void => void tab((storage) => storage.setItem('photo-core-draft', draft)),
  drop: (): void => void tab((storage) => storage.removeItem('photo-core-draft')),
};

function tab<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
