// The core's verdict against the database's, over many generated documents:
//   N=100000 SEED=1 node tests/equality/differential.mjs
// Prints every disagreement (the first twenty) and the rate; exit 1 when there is one.
import { pathToFileURL } from 'node:url';

import { startChecker } from './checker.mjs';
import { disagreement, isOnlyOfType } from './compare.mjs';
import { acceptedState, startDatabase } from './database.mjs';
import { createGenerator } from './generate_documents.mjs';

const batchSize = 500;
// As many accounts at a time, each with documents of its own: one account's writes wait for each other.
const lanes = 2;

/** Compares `count` documents of one seed; resolves to the counts and what disagreed. */
export async function runDifferential({ count, seed, database }) {
  const checker = startChecker(); // first: where it does not build, no database is left running
  const own = database ?? (await startDatabase());
  const totals = { documents: 0, accepted: 0, refused: 0, ofType: 0, disagreements: [] };
  const start = performance.now();

  async function work(lane) {
    let left = Math.floor((count + lane) / lanes);
    const connection = await own.connect();
    const next = createGenerator(seed * lanes + lane, connection);
    while (left > 0) {
      const questions = Array.from({ length: Math.min(batchSize, left) }, next);
      left -= questions.length;
      const verdicts = await checker.ask(questions);
      // The payload is tried as the core wrote it, so its text is asked for and not written again by JavaScript.
      const payloads = [];
      const texts = await checker.askText(questions.filter((_, i) => verdicts[i].ok));
      verdicts.forEach((verdict, i) => {
        if (verdict.ok) payloads.push({ table: questions[i].table, document: payloadText(texts[payloads.length]) });
      });
      const attempts = await connection.attempt([...questions, ...payloads]);
      let nextPayload = questions.length;
      verdicts.forEach((verdict, i) => {
        const payloadAttempt = verdict.ok ? attempts[nextPayload++] : undefined;
        const found = disagreement(questions[i], verdict, attempts[i], payloadAttempt, connection);
        if (found) totals.disagreements.push({ why: found, ...questions[i], verdict, attempt: attempts[i] });
        if (attempts[i].state === acceptedState) totals.accepted += 1;
        else totals.refused += 1;
        if (!verdict.ok && isOnlyOfType(verdict.issues)) totals.ofType += 1;
        totals.documents += 1;
      });
    }
    await connection.close();
  }

  try {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
  } finally {
    checker.close();
    if (!database) await own.stop();
  }
  const seconds = (performance.now() - start) / 1000;
  return { ...totals, seconds, perSecond: Math.round(totals.documents / seconds) };
}

/** The payload's own text within an accepting answer of the checker. */
function payloadText(answer) {
  const start = '{"ok":true,"payload":';
  const end = ',"issues":[]}';
  if (!answer.startsWith(start) || !answer.endsWith(end)) throw new Error(`unexpected answer: ${answer.slice(0, 80)}`);
  return answer.slice(start.length, -end.length);
}

export function describeDisagreement({ why, table, document, verdict, attempt }) {
  const short = document.length > 600 ? `${document.slice(0, 600)}… (${document.length} characters)` : document;
  return `${why}\n  ${table} ${short}\n  core: ${JSON.stringify(verdict.ok ? verdict.payload : verdict.issues).slice(0, 600)}\n  database: ${attempt.state} ${attempt.place}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const count = Number(process.env.N ?? 100_000);
  const seed = Number(process.env.SEED ?? 1);
  const totals = await runDifferential({ count, seed });
  for (const one of totals.disagreements.slice(0, 20)) console.log(describeDisagreement(one));
  console.log(
    `seed ${seed}: ${totals.documents} documents in ${totals.seconds.toFixed(1)} s, ${totals.perSecond} a second; ` +
      `the database takes ${totals.accepted}, refuses ${totals.refused}; ${totals.ofType} refused for a JSON type alone; ` +
      `${totals.disagreements.length} disagreements`,
  );
  process.exitCode = totals.disagreements.length > 0 ? 1 : 0;
}
