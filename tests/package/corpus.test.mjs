// Every file of the corpus through the built package in Node: the same verdicts as natively, from the same two tables.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { createPhotoCore, isPhotoError } from '@photomemory/photo-core';
import { readExpectations } from '../corpus/expectations.mjs';

const corpus = process.env.PHOTO_CORPUS;

test('every file of the corpus gets its verdict', { skip: corpus ? false : 'PHOTO_CORPUS is not set', timeout: 600_000 }, async () => {
  const core = await createPhotoCore({ workers: 2 });
  const wrong = [];
  const files = await readExpectations(corpus);
  const waiting = [...files];
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { file, verdict } = next;
      const name = path.basename(file);
      const data = await readFile(path.join(corpus, file));
      const code = await core.prepare({ data, name }, { transfer: true }).then(() => 'accept', (error) => (isPhotoError(error) ? error.code : String(error)));
      const agrees = verdict === 'reject' ? code !== 'accept' && code !== 'internal' : code === verdict;
      if (!agrees) wrong.push({ file, verdict, code });
    }
  };
  await Promise.all([work(), work(), work()]);
  core.close();
  assert.deepEqual(wrong, []);
  assert.ok(files.length > 1000);
});
