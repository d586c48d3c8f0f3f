/**
 * Sentences by code in the seven languages of the database. This file is loaded with the first sentence, and each
 * language when it is first asked for.
 */
import { codeUnits, type ErrorCode, type IssueCode, type WarningCode } from './errors.gen.js';
import type { Language, SentenceFacts } from './types.js';

type Table = Readonly<Record<ErrorCode | IssueCode | WarningCode, string>>;

const loaders: Record<Language, () => Promise<{ default: Table }>> = {
  en: () => import('./messages/en.gen.js'),
  ko: () => import('./messages/ko.gen.js'),
  ja: () => import('./messages/ja.gen.js'),
  zh: () => import('./messages/zh.gen.js'),
  es: () => import('./messages/es.gen.js'),
  fr: () => import('./messages/fr.gen.js'),
  de: () => import('./messages/de.gen.js'),
};

/** Numbers as people read them; two different ones never look the same, nor does a small one look like none. */
function amounts({ code, limit, actual }: SentenceFacts, language: Language): [string, string] {
  const unit = codeUnits[code];
  const texts = (digits: number): [string, string] => {
    const text = (value: number | undefined): string => {
      if (value === undefined) return '';
      const number = (scaled: number): string => scaled.toLocaleString(language, { maximumFractionDigits: digits });
      return unit === 'byte' ? `${number(value / 0x100000)} MB` : unit === 'pixel' ? `${number(value / 1e6)} MP` : number(value);
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

/** The sentence for an error, a warning or a payload's issue. @throws when the language's file does not load */
export async function sentence(facts: SentenceFacts, language: Language): Promise<string> {
  const { default: table } = await loaders[language]();
  const [limit, actual] = amounts(facts, language);
  let text = table[facts.code];
  // A remark in brackets goes when there is nothing to fill it with.
  if (!actual) text = text.replace(/ \([^)]*\{actual\}[^)]*\)/, '');
  if (!facts.detail) text = text.replace(/ \([^)]*\{found\}[^)]*\)/, '');
  return text.replace('{limit}', limit).replace('{actual}', actual).replace('{found}', () => facts.detail ?? '?');
}
