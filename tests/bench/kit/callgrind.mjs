// What callgrind wrote: instructions by the source file of the function that ran them, with all that is inlined there.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export const hasValgrind = () => spawnSync('valgrind', ['--version']).status === 0;

/** The source file that most of a function's own lines are of: what it inlines comes from headers. */
function homeOf(costs) {
  const all = [...costs].sort((a, b) => b[1] - a[1]);
  return (all.find(([file]) => /\.c(pp)?$/.test(file)) ?? all[0])[0];
}

/** The profile's text → { total, files: Map(base name → instructions) }. */
export function readProfile(text) {
  const names = new Map();
  const functions = new Map();   // id → Map(file → instructions)
  let file = '';
  let costs;
  let total = 0;
  let inclusive = false;
  for (const line of text.split('\n')) {
    const named = /^(c?f[lie]|fn)=\((\d+)\)(?: (.*))?$/.exec(line);
    if (named) {
      const [, kind, id, name] = named;
      if (kind === 'fn') {
        if (!functions.has(id)) functions.set(id, new Map());
        costs = functions.get(id);
      } else {
        if (name !== undefined) names.set(id, path.basename(name));
        if (!kind.startsWith('c')) file = names.get(id);
      }
    } else if (line.startsWith('calls=')) {
      inclusive = true;   // the next line holds what the called function cost, which is counted there
    } else if (/^[-+*\d]/.test(line)) {
      const cost = inclusive ? 0 : Number(line.split(' ')[1] ?? 0);
      inclusive = false;
      total += cost;
      costs.set(file, (costs.get(file) ?? 0) + cost);
    }
  }
  const files = new Map();
  for (const one of functions.values()) {
    if (!one.size) continue;
    const home = homeOf(one);
    files.set(home, [...one.values()].reduce((sum, cost) => sum + cost, files.get(home) ?? 0));
  }
  return { total, files };
}

/** Instructions of one run of the bench's task (`photo`: without the thumbnail); start and reading the file are left out. */
export async function countInstructions(program, file, what = 'prepare') {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'photo-core-callgrind-'));
  try {
    const profile = path.join(folder, 'profile');
    const options = ['--tool=callgrind', `--callgrind-out-file=${profile}`, '--toggle-collect=measured_call'];
    await promisify(execFile)('valgrind', [...options, program, what, '1', file]);
    return readProfile(await readFile(profile, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const steps = {
  entropy: /^(jpeg_(scan|huffman)|jd(huff|phuff|arith|coefct))/,
  IDCT: /^(jpeg_(idct|inverse)|jidct|jddctmgr)/,
  colour: /^(colour|convert_stage|jdcolor|jdmerge)/,
  scale: /^(resample|resize_stage)/,
  encode: /^(jpeg_(encoder|fdct|tokens)|jc[a-z0-9]*\.c|jfdct)/,
};

/** Instructions, or time, by step, the rest included. */
export function byStep({ total, files }) {
  const sums = Object.fromEntries([...Object.keys(steps), 'rest'].map((step) => [step, 0]));
  for (const [file, cost] of files) sums[Object.keys(steps).find((step) => steps[step].test(file)) ?? 'rest'] += cost;
  return { ...sums, total };
}
