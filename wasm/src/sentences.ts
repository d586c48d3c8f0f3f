/** Sentences by code in the seven languages of the database, each language loaded when it is first asked for. */
import { codeUnits, type ErrorCode, type IssueCode, type WarningCode } from './errors.gen.js';

export type Language = 'en' | 'ko' | 'ja' | 'zh' | 'es' | 'fr' | 'de';

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

export const languages = Object.keys(loaders) as Language[];

/** What a sentence is made from; a `PhotoError` is one. */
export interface SentenceFacts {
  readonly code: ErrorCode | IssueCode | WarningCode;
  readonly limit?: number | undefined;
  readonly actual?: number | undefined;
  readonly detail?: string | undefined;
}

/** Numbers as people read them; two different ones never look the same. */
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
    if (pair[0] !== pair[1]) return pair;
  }
  return texts(6);
}

/** The table of one language, or null when it cannot be loaded. */
export const loadSentences = (language: Language): Promise<Table | null> =>
  loaders[language]().then(
    (module) => module.default,
    () => null,
  );

/** Fills the sentence of a code; without a table the code and its detail have to do. */
export function sentence(table: Table | null, language: Language, facts: SentenceFacts): string {
  const text = table?.[facts.code];
  if (!text) return facts.detail ? `${facts.code}: ${facts.detail}` : facts.code;
  const [limit, actual] = amounts(facts, language);
  return text.replace('{limit}', limit).replace('{actual}', actual).replace('{found}', () => facts.detail ?? '?');
}

/** The sentence for an error, a warning or a payload's issue in any of the languages. */
export async function messageFor(facts: SentenceFacts | WarningCode, language: Language): Promise<string> {
  return sentence(await loadSentences(language), language, typeof facts === 'string' ? { code: facts } : facts);
}
