/** What few pages need at once is loaded with its first use: sentences, rows, placeholders. */
import { invalidOption } from './caller_error.js';
import { values } from './limits.gen.js';
import type { Language, Placeholder, SentenceFacts } from './types.js';

/** The languages of the database, in which sentences exist. */
export const languages: readonly Language[] = values.languages;

/**
 * The sentence for an error, a warning or a payload's issue in any of the languages. Of a bare code it has no figures.
 *
 * @throws PhotoError `invalid_option`
 */
export async function messageFor(facts: SentenceFacts | SentenceFacts['code'], language: Language): Promise<string> {
  const known = typeof facts === 'string' ? { code: facts } : facts;
  if (!known?.code) throw invalidOption('facts', 'an error or its code', facts);
  if (!languages.includes(language)) throw invalidOption('language', languages.join(' or '), language);
  try {
    return await (await import('./sentences.js')).sentence(known, language);
  } catch {
    // Offline, or the files of another version: the code and its detail have to do.
    return known.detail ? `${known.code}: ${known.detail}` : known.code;
  }
}

/**
 * Pixels of a ThumbHash (`PreparedPhoto.thumbhash`), for a canvas: a placeholder that needs neither a request of its own
 * nor a `data:` URL.
 *
 * @throws RangeError when it is no ThumbHash
 */
export async function thumbHashToPixels(thumbhash: string | Uint8Array): Promise<Placeholder> {
  return (await import('./thumbhash.js')).thumbHashToPixels(thumbhash);
}
