// `make bench-compare BASE=revision`: that revision's package, built in build/bench-base, against this checkout's, in turn,
// and the instructions of both natively, by callgrind. BENCH_BASE_DIST names a wasm/dist of it that is built already.
//   --quick   5 runs a photo in place of 15
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { countInstructions, hasValgrind } from './kit/callgrind.mjs';
import { startContender } from './kit/contender.mjs';
import { buildProgram } from './kit/native.mjs';
import { out, root } from './kit/paths.mjs';
import { findPhotos } from './kit/photos.mjs';
import { geometricMean, median } from './kit/statistics.mjs';
import { kib, mib, ms, range, table, times } from './kit/table.mjs';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } });
const runs = options.quick ? 5 : 15;
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const base = git('rev-parse', '--verify', `${positionals[0] ?? 'HEAD'}^{commit}`);
const checkout = path.join(root, 'build/bench-base');

function checkOutBase() {
  if (!existsSync(path.join(checkout, '.git'))) {
    git('worktree', 'prune');
    git('worktree', 'add', '--detach', checkout, base);
  } else if (git('-C', checkout, 'rev-parse', 'HEAD') !== base) {
    git('-C', checkout, 'checkout', '--quiet', '--detach', base);
  }
}

function buildBase() {
  // A make of its own, not a part of the one that may have started this.
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
  execFileSync('make', ['build'], { cwd: checkout, env, stdio: ['ignore', 'ignore', 'inherit'] });
}
const baseDist = process.env.BENCH_BASE_DIST || path.join(checkout, 'wasm/dist');
checkOutBase();
if (!process.env.BENCH_BASE_DIST) buildBase();

/** The native programs of both, or why there is nothing to count. */
function buildPrograms() {
  if (!hasValgrind()) return { why: 'valgrind is not installed' };
  try {
    return { now: buildProgram(), then: buildProgram(checkout) };
  } catch (error) {
    return { why: `the program cannot be built for both: ${error.message.split('\n')[0]}` };
  }
}
const programs = buildPrograms();

const { from, files } = await findPhotos();
console.log(`this checkout against ${git('log', '-1', '--format=%h %s', base)}; ${files.length} photos (${from}), ${runs} pairs each`);
const now = await startContender('ours', { label: 'this checkout' });
const then = await startContender('ours', { label: 'base', env: { BENCH_DIST: baseDist } });

const rows = [];
for (const file of files) {
  const facts = {};
  for (const one of [now, then]) {
    await one.run({ file });
    const { heapBytes } = await one.run({ file, measure: 'heap' });
    facts[one.name] = { heapBytes, runs: [] };
  }
  // Who goes first changes with every pair.
  for (let n = 0; n < runs; n++) {
    for (const one of n % 2 ? [now, then] : [then, now]) facts[one.name].runs.push(await one.run({ file }));
  }
  const [after, before] = [facts[now.name], facts[then.name]];
  const ratio = (value) => after.runs.map((run, n) => value(run) / value(before.runs[n]));
  const elapsed = ratio((run) => run.ms);
  const middle = [...elapsed].sort((a, b) => a - b).slice(Math.floor(runs / 4), Math.ceil((runs * 3) / 4));
  const instructions = programs.why
    ? undefined
    : [(await countInstructions(programs.then, file)).total, (await countInstructions(programs.now, file)).total];
  rows.push({
    photo: path.basename(file),
    before: median(before.runs.map((run) => run.ms)),
    after: median(after.runs.map((run) => run.ms)),
    elapsed: median(elapsed),
    spread: { min: middle[0], max: middle.at(-1) },
    cpu: median(ratio((run) => run.cpuMs)),
    instructions,
    heapBytes: [before.heapBytes, after.heapBytes],
    photoBytes: [before.runs[0].photoBytes, after.runs[0].photoBytes],
  });
}
now.close();
then.close();

console.log(
  table(
    'Paired runs: this checkout ÷ base, median of the pairs (the middle half of them); below 1 is faster',
    ['photo', 'base ms', 'now ms', 'elapsed', 'middle half', 'CPU', 'instructions', 'heap MiB', 'photo KiB'],
    rows.map((row) => [
      row.photo.slice(0, 28),
      ms(row.before),
      ms(row.after),
      row.elapsed.toFixed(3),
      range(row.spread, (value) => value.toFixed(3)),
      row.cpu.toFixed(3),
      row.instructions ? (row.instructions[1] / row.instructions[0]).toFixed(4) : '',
      row.heapBytes.map(mib).join(' → '),
      row.photoBytes.map(kib).join(' → '),
    ]),
  ),
);
const over = (pick) => geometricMean(rows.map(pick));
const counted = programs.why ?? over((row) => row.instructions[1] / row.instructions[0]).toFixed(4);
console.log(
  `\ngeometric mean: elapsed ${over((row) => row.elapsed).toFixed(3)}, CPU ${over((row) => row.cpu).toFixed(3)}, native instructions ${counted}; base ${times(1)}`,
);
await mkdir(out, { recursive: true });
await writeFile(path.join(out, 'compare.json'), `${JSON.stringify({ base, photos: from, runs, rows }, null, 1)}\n`);
