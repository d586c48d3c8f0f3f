/**
 * Sentences by code in the seven languages of the database. This file is loaded with the first sentence, and each
 * language when it is first asked for.
 */
import { filled, type Table } from './fill_sentence.js';
import type { Language, SentenceFacts } from './types.js';

const loaders: Record<Language, () => Promise<{ default: Table }>> = {
  en: () => import('./messages/en.gen.js'),
  ko: () => import('./messages/ko.gen.js'),
  ja: () => import('./messages/ja.gen.js'),
  zh: () => import('./messages/zh.gen.js'),
  es: () => import('./messages/es.gen.js'),
  fr: () => import('./messages/fr.gen.js'),
  de: () => import('./messages/de.gen.js'),
};

/** The sentence for an error, a warning or a payload's issue. @throws when the language's file does not load */
export async function sentence(facts: SentenceFacts, language: Language): Promise<string> {
  const { default: table } = await loaders[language]();
  return filled(table, facts, language);
}
