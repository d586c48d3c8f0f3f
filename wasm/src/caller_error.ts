/** Errors whose turn is a developer's: built from what was expected and what came, without the table of sentences. */
import { PhotoError } from './error.js';

/** A value as a sentence shows it. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) {
    const { name } = value.constructor ?? {};
    return Array.isArray(value) ? `an array of ${value.length}` : name && name !== 'Object' ? `an instance of ${name}` : 'an object';
  }
  return String(value);
}

/** "Expected X for Y but received Z", from this one place. */
export function invalidOption(option: string, expected: string, value: unknown): PhotoError {
  const received = show(value);
  return new PhotoError('invalid_option', `Expected ${expected} for ${option} but received ${received}.`, {
    option,
    expected,
    received,
    detail: `${option}: expected ${expected}, received ${received}`,
  });
}

/** A file of the package that did not arrive, and how. */
export const asset = (detail: string): PhotoError =>
  new PhotoError('asset_unavailable', `A file of photo core could not be loaded: ${detail.replace(/\.$/, '')}.`, { detail });

/** What the environment lacks. */
export const environment = (lacking: string): PhotoError =>
  new PhotoError('unsupported_environment', `Photo core cannot run here: ${lacking} is missing.`, { detail: lacking });
