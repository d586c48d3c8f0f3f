/** Choices kept between visits; where the browser keeps nothing, as long as the page is open. */
const here = new Map<string, string>();

export function keptValue(key: string): string | null {
  try {
    return localStorage.getItem(key);
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
  } catch {
    here.set(key, value);
  }
}
