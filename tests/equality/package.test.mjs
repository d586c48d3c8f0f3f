// The built package against the native core: the command line prints the same verdicts, byte for byte.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

import { repository, startChecker } from './checker.mjs';
import { createGenerator, tables } from './generate_documents.mjs';
import { readVectors } from './vectors.mjs';

const ids = { userId: 'abcdef00-ebad-4dad-8bad-ccccccccccc1', projectId: 'abcdef00-fbad-4dad-8bad-ccccccccccc1' };
const commandLine = process.env.PHOTO_CORE_CLI ?? path.join(repository, 'wasm/dist/cli.js');

/** What `photo-core check TABLE -` prints for these lines. */
function checkByPackage(table, documents) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [commandLine, 'check', table, '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
      return code === 0 || code === 1 ? resolve(lines) : reject(new Error(`photo-core check ended with ${code}`));
    });
    child.stdin.end(documents.map((document) => `${document}\n`).join(''));
  });
}

test('the package answers every vector and 2 000 generated documents as the native core does', async () => {
  const next = createGenerator(7, ids);
  const questions = [...readVectors(ids), ...Array.from({ length: 2000 }, next)];
  const checker = startChecker();
  try {
    for (const table of tables) {
      const documents = questions.filter((question) => question.table === table).map(({ document }) => document);
      const expected = await checker.askText(documents.map((document) => ({ table, document })));
      const found = await checkByPackage(table, documents);
      assert.equal(found.length, documents.length);
      documents.forEach((document, i) => assert.equal(found[i], expected[i], `${table} ${document.slice(0, 300)}`));
    }
  } finally {
    checker.close();
  }
});
