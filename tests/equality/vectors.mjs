// The vectors as documents: the same for the native core, the package and the database.
import { readFileSync } from 'node:fs';

const { smallest, vectors } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));

function fill(text, { userId, projectId }) {
  return text
    .replace(/\{\{(.+?)\*(\d+)\}\}/gu, (_, repeated, count) => repeated.repeat(Number(count)))
    .replaceAll('$USER', userId)
    .replaceAll('$PROJECT', projectId);
}

/** Every vector as `{ table, document, issues, typeOnly, row }` for one caller. */
export function readVectors(ids) {
  return vectors.map((vector) => ({
    table: vector.table,
    document: fill(vector.raw ?? JSON.stringify({ ...smallest[vector.table], ...vector.set }), ids),
    issues: vector.issues ?? [],
    typeOnly: vector.type_only ?? false,
    row: vector.row && JSON.parse(fill(JSON.stringify(vector.row), ids)),
  }));
}
