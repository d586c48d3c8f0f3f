// The built package against the native core: the command line prints the same verdicts, byte for byte.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

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

const prepared = (name) => ({
  bytes: 3, mimeType: 'image/webp', width: 1, height: 1, sha256: 'a', photoSha256: 'b', dhash: 'c', thumbhash: 'd', decodedBy: 'core',
  capture: {}, source: { name, bytes: 3, format: 'jpeg' },
});
const facts = { projectId: ids.projectId, fileUrl: `${ids.userId}/${ids.projectId}/a.webp` };

test('a row of a photo is never refused for the name of its file, nor taken with metadata that are no object', async () => {
  const { createPhotoCore } = await import(pathToFileURL(path.join(path.dirname(commandLine), 'index.js')).href);
  const core = await createPhotoCore({ workers: 0 });
  try {
    const named = async (name) => (await core.photoPayload(prepared(name), facts)).original_filename;
    const limits = JSON.parse(await readFile(path.join(repository, 'schema/contract/limits.json'), 'utf8'));
    const blanks = limits.blank_characters.map((code) => String.fromCodePoint(parseInt(code, 16)));
    for (const name of [...blanks, blanks.join(''), '', '\ud800', '\u0000']) assert.equal(await named(name), undefined, JSON.stringify(name));
    assert.equal(await named(`\u3164${'x'.repeat(300)}`), `\u3164${'x'.repeat(254)}`);
    const library = async (name) => (await core.mediaItemPayload(prepared(name), { userId: ids.userId, fileUrl: `${ids.userId}/a.webp` })).original_filename;
    assert.deepEqual([await library(''), await library('\u3164'), await library('b.png')], ['a.webp', 'a.webp', 'b.png']);
    for (const metadata of [[1], 'text', 5, true]) {
      const error = await core.photoPayload(prepared('a.jpg'), { ...facts, metadata }).then(() => undefined, (thrown) => thrown);
      assert.deepEqual(error?.issues.map((issue) => [issue.path, issue.code]), [['/metadata', 'wrong_type']], JSON.stringify(metadata));
    }
    const { metadata } = await core.photoPayload(prepared('a.jpg'), { ...facts, metadata: { album: 'x' } });
    assert.deepEqual([metadata.album, metadata.sha256], ['x', 'a']);
    for (const json of [undefined, {}, new Uint8Array(2)]) {
      const error = await core.checkPayload('project', json).then(() => undefined, (thrown) => thrown);
      assert.deepEqual(error?.issues?.map((issue) => issue.code), ['invalid_json'], String(json));
    }
  } finally {
    core.close();
  }
});
