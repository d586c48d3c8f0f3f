/** A sentence from its template and the facts: figures as people read them, and nothing where there is none. */
import { codeUnits, type ErrorCode, type IssueCode, type WarningCode } from './errors.gen.js';
import { limits } from './limits.gen.js';
import type { Language, SentenceFacts } from './types.js';

export type Table = Readonly<Record<ErrorCode | IssueCode | WarningCode, string>>;

/** Numbers as people read them; two different ones never look the same, nor does a small one look like none. */
function amounts({ code, limit, actual }: SentenceFacts, language: Language): [string, string] {
  const unit = codeUnits[code];
  const texts = (digits: number): [string, string] => {
    const text = (value: number | undefined): string => {
      if (value === undefined) return '';
      const number = (scaled: number): string => scaled.toLocaleString(language, { maximumFractionDigits: digits });
      return unit === 'byte' ? `${number(value / 0x100000)} ${language === 'fr' ? 'Mo' : 'MB'}` : unit === 'pixel' ? `${number(value / 1e6)} MP` : number(value);
    };
    return [text(limit), text(actual)];
  };
  for (const digits of [1, 3]) {
    const pair = texts(digits);
    const vanishes = [limit, actual].some((value, index) => value && !/[1-9]/.test(pair[index]!));
    if (pair[0] !== pair[1] && !vanishes) return pair;
  }
  return texts(6);
}

/** The template without what says `{name}`: brackets, the rest of a sentence after its colon, or a sentence among others. */
function without(name: string, text: string): string {
  const own = `\\{${name}\\}`;
  const rest = text
    .replace(new RegExp(`[ \u00a0]?[(（][^)）]*${own}[^)）]*[)）]`), '')
    .replace(new RegExp(`[ \u00a0]?[:：][^:：.。]*${own}[^.。]*(?=[.。])`), '');
  const sentences = rest.match(/[^.。]+[.。] ?/g) ?? [];
  return sentences.filter((one) => !one.includes(`{${name}}`)).join('').trimEnd() || rest;
}

/** The sentence of a language's table. */
export function filled(table: Table, facts: SentenceFacts, language: Language): string {
  // Without a figure of its own this one would have nothing to say.
  const { limit = facts.code === 'too_many_photos' ? limits.max_photos_per_project : undefined } = facts;
  const [most, actual] = amounts({ ...facts, limit }, language);
  // A kind that the core has no name for tells a developer that it has none, and a person nothing.
  const found = facts.detail === 'unknown' ? '' : (facts.detail ?? '');
  const values = { limit: most, actual, found };
  let text = table[facts.code];
  for (const [name, value] of Object.entries(values)) {
    if (!value) text = without(name, text);
  }
  return text.replace(/\{(limit|actual|found)\}/g, (_, name: keyof typeof values) => values[name] || '?');
}
