// One file of documents, asked of the core and of the database.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startChecker } from './checker.mjs';
import { acceptedState, startDatabase } from './database.mjs';
import { readVectors } from './vectors.mjs';

let database, connection, checker, vectors;

before(async () => {
  database = await startDatabase();
  connection = await database.connect();
  checker = startChecker();
  vectors = readVectors(connection);
});
after(async () => {
  checker?.close();
  await connection?.close();
  await database?.stop();
});

const short = ({ table, document }) => `${table} ${document.slice(0, 300)}`;

test('the core has exactly the issues of every vector', async () => {
  const verdicts = await checker.ask(vectors);
  vectors.forEach((vector, i) => {
    const found = verdicts[i].issues.map(({ path, code }) => `${path} ${code}`).sort();
    assert.deepEqual(found, [...vector.issues].sort(), short(vector));
    assert.equal(verdicts[i].ok, vector.issues.length === 0, short(vector));
  });
});

test('the database takes what has no issue and nothing else', async () => {
  const attempts = await connection.attempt(vectors);
  vectors.forEach((vector, i) => {
    const { state, place, result } = attempts[i];
    if (vector.typeOnly) return;
    assert.equal(state === acceptedState, vector.issues.length === 0, `${short(vector)}: ${state} ${place}`);
    for (const [column, value] of Object.entries(vector.row ?? {})) assert.deepEqual(result[column], value, short(vector));
  });
});

test('what the core writes gives the same row as the document', async () => {
  const accepted = vectors.filter(({ issues }) => issues.length === 0);
  const payloads = (await checker.ask(accepted)).map(({ payload }, i) => ({ table: accepted[i].table, document: JSON.stringify(payload) }));
  // Through JSON.parse a number of more than 15 digits is another: those vectors are the differential run's.
  const [documents, written] = [await connection.attempt(accepted), await connection.attempt(payloads)];
  accepted.forEach((vector, i) => {
    if (/\d{16}|e400|e131071|e-16383/.test(vector.document)) return;
    assert.equal(written[i].state, acceptedState, short(vector));
    assert.deepEqual(written[i].result, documents[i].result, short(vector));
  });
});
