// What is expected of the corpus (PHOTO_CORPUS): its manifest, and for what that leaves open decisions.tsv beside this file.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const rows = (text) => text.split('\n').filter(Boolean).map((line) => line.split('\t'));

/**
 * @param {string} corpus folder with manifest.tsv
 * @returns {Promise<{file: string, verdict: string}[]>} `accept`, `reject` (any code but `internal`), or a code
 */
export async function readExpectations(corpus) {
  const decisions = new Map(rows(await readFile(new URL('decisions.tsv', import.meta.url), 'utf8')));
  const [heads, ...files] = rows(await readFile(path.join(corpus, 'manifest.tsv'), 'utf8'));
  const column = (name) => heads.indexOf(name);
  return files.map((fields) => {
    const file = fields[column('path')];
    const verdict = fields[column('verdict')];
    return { file, verdict: verdict === 'unclear' ? (decisions.get(file) ?? 'undecided') : verdict };
  });
}
