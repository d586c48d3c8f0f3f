// How soon the package works: in a process of its own, from its import to a core that is ready and to its first answers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dist } from './paths.mjs';
import { summary } from './statistics.mjs';

const own = fileURLToPath(import.meta.url);

/** Milliseconds of each step, once, in this process. */
async function measured(file) {
  const bytes = readFileSync(file);
  const times = {};
  const timed = async (step, work) => {
    const started = performance.now();
    const result = await work();
    times[step] = performance.now() - started;
    return result;
  };
  const { createPhotoCore } = await timed('import', () => import(pathToFileURL(path.join(dist, 'index.js')).href));
  const core = await timed('ready', () => createPhotoCore({ workers: 0 }));
  await timed('firstProbe', () => core.probe(bytes));
  for (let n = 0; n < 20; n++) await core.probe(bytes);
  await timed('probe', () => core.probe(bytes));
  const pool = await createPhotoCore({ workers: 1 });
  await timed('firstByWorker', () => pool.probe(bytes));
  return times;
}

if (process.argv[1] === own) {
  process.send(await measured(process.argv[2]), () => process.exit());
}

/** { import, ready, firstProbe, probe, firstByWorker }: milliseconds over so many processes. */
export async function runStart({ files: [file], runs, say }) {
  say('Node: start');
  const all = [];
  for (let run = 0; run < runs; run++) {
    const [times] = await once(fork(own, [file]), 'message');
    all.push(times);
  }
  return Object.fromEntries(Object.keys(all[0]).map((step) => [step, summary(all.map((times) => times[step]))]));
}
