// Ours natively: the same core and task in a small program, built by the release preset of any checkout.
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { byStep, countInstructions, hasValgrind } from './callgrind.mjs';
import { root } from './paths.mjs';
import { median, summary } from './statistics.mjs';

/** Builds the program for the core of `checkout` → its path. `-g1` names functions' files and changes no code. */
export function buildProgram(checkout = root) {
  const folder = path.join(checkout, 'build/bench-native');
  const include = path.join(root, 'tests/bench/native/program.cmake');
  const flags = ['-DPHOTO_BUILD_TESTS=OFF', '-DCMAKE_C_FLAGS=-g1', '-DCMAKE_CXX_FLAGS=-g1', `-DCMAKE_PROJECT_photo_core_INCLUDE=${include}`];
  const options = { cwd: checkout, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync('cmake', ['--preset', 'release', '-B', folder, ...flags], options);
  execFileSync('cmake', ['--build', folder, '--target', 'photo_core_bench'], options);
  return path.join(folder, 'photo_core_bench');
}

const mediansOf = (runs) =>
  Object.fromEntries(Object.keys(runs[0].steps).map((step) => [step, median(runs.map((run) => run.steps[step]))]));

/** By step, and what thumbnail and hashes cost over the photo alone, as shares of it. */
async function instructionsOf(program, file) {
  const whole = await countInstructions(program, file);
  const alone = await countInstructions(program, file, 'photo');
  const hashes = alone.files.get('hashes.cpp') ?? 0;
  const photo = alone.total - hashes;
  return { instructions: byStep(whole), beside: { thumbnail: (whole.total - alone.total) / photo, hashes: hashes / photo } };
}

export async function runNative({ files, runs, say }) {
  say('native: building');
  const program = buildProgram();
  const counted = hasValgrind();
  if (!counted) say('native: no valgrind, so no instructions');
  const photos = [];
  for (const file of files) {
    say(`native: ${path.basename(file)}`);
    const { stdout } = await promisify(execFile)(program, ['prepare', String(runs + 1), file]);
    const measured = JSON.parse(stdout).runs.slice(1);   // the first one warms up
    photos.push({
      photo: path.basename(file),
      ms: summary(measured.map((run) => run.ms)),
      cpuMs: summary(measured.map((run) => run.cpuMs)),
      steps: mediansOf(measured),
      ...(counted ? await instructionsOf(program, file) : {}),
    });
  }
  return { photos };
}
