// When do the core and the database disagree about a document?
import { readFileSync } from 'node:fs';

import { acceptedState } from './database.mjs';

const errors = JSON.parse(readFileSync(new URL('../../schema/contract/errors.json', import.meta.url), 'utf8'));

/**
 * What only the database can know of a payload that the core accepts: whether ids are those of existing rows of the
 * caller, whether the folder is the caller's.
 */
export function beyondTheCore(table, payload, { userId, projectId }) {
  if (payload.user_id !== undefined && payload.user_id !== userId) return true;
  if (table === 'photo' && payload.project_id !== projectId) return true;
  for (const column of ['file_url', 'thumbnail_url', 'avatar_url']) {
    const path = payload[column];
    if (typeof path === 'string' && !path.startsWith('https://') && !path.startsWith(`${userId}/`)) return true;
  }
  return false;
}

/** Whether the core refuses for a JSON type alone, which PostgreSQL may turn into the column's. */
export function isOnlyOfType(issues) {
  return issues.length > 0 && issues.every(({ code, path }) => code === 'wrong_type' && path.split('/').length <= 2);
}

/**
 * The sentence that says how the two disagree, or null. `attempt` is the database's answer to the document as it was,
 * `payloadAttempt` to the payload that the core made of it, where it made one.
 */
export function disagreement({ table, document }, verdict, attempt, payloadAttempt, ids) {
  const accepted = attempt.state === acceptedState;
  if (!verdict.ok) {
    if (accepted) return isOnlyOfType(verdict.issues) ? null : 'the core refuses what the database takes';
    return missingIssue(verdict.issues, attempt, document, ids);
  }
  if (beyondTheCore(table, verdict.payload, ids)) return null;
  if (payloadAttempt.state !== acceptedState) return `the database refuses the core's payload (${payloadAttempt.state} ${payloadAttempt.place})`;
  if (!accepted) return `the database refuses what the core accepts (${attempt.state} ${attempt.place})`;
  if (JSON.stringify(attempt.result) !== JSON.stringify(payloadAttempt.result)) return 'the payload gives another row than the document';
  return null;
}

// The reason that the database names must be among the core's issues.
function missingIssue(issues, { state, place }, document, ids) {
  const has = (path, codes) => issues.some((issue) => issue.path.split('/')[1] === path.slice(1) && (!codes || codes.includes(issue.code)));
  if (state === '23514') {
    const entry = errors.constraints[place];
    if (!entry?.path) return `the contract does not know the constraint ${place}`;
    const paths = place.endsWith('.valid_dimensions') ? ['/width', '/height'] : [entry.path];
    if (paths.some((path) => has(path))) return null;
    // A folder of somebody else, which the core cannot know.
    const isOthers = entry.issue === 'invalid_path' && !String(JSON.parse(document)[entry.path.slice(1)]).startsWith(`${ids.userId}/`);
    return isOthers ? null : `the database fails ${place}, the core has no issue at ${paths.join(' or ')}`;
  }
  if (state === '23502') {
    const column = place.split('.')[1];
    return has(`/${column}`, ['required']) ? null : `the database misses ${place}, the core does not require it`;
  }
  // Values that PostgreSQL cannot read, columns that do not exist or are not for clients, an owner that cannot be told.
  const known = ['22P02', '22P05', '22001', '22003', '22030', '22023', '42703', '42501', '42601', '22021', '54001', '0A000'];
  return known.includes(state) ? null : `the database fails in an unexpected way: ${state} ${place}`;
}
