/** What an error tells the person in front of the page. What only its developer can use goes to the console. */
import { isPhotoError, messageFor } from '@photomemory/photo-core';
import { language, text } from './texts.js';

/** The server of the page itself is not there. */
export class NoAnswer extends Error {}

export async function sentenceOf(error: unknown): Promise<string> {
  if (error instanceof NoAnswer) return text('noAnswer');
  if (!isPhotoError(error)) {
    console.error(error);
    return messageFor('internal', language());
  }
  if (error.code !== 'unsupported_environment' && error.code !== 'asset_unavailable') return messageFor(error, language());
  console.error(error);
  return text(error.code === 'asset_unavailable' ? 'notLoaded' : 'tooOld');
}
