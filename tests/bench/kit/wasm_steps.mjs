// Where the time goes in the package's binary: the engine's own samples, by the source file of the function they hit.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { byStep } from './callgrind.mjs';
import { dist, root } from './paths.mjs';
import { our_options } from './task.mjs';

const sample_us = 100;

const emscripten = (command) =>
  execFileSync(path.join(root, 'wasm/toolchain/emscripten.sh'), command, {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'],
  });

/** The linker writes a name's other characters than letters, digits and underscores as `\xx`. */
const plain = (name) => name.replace(/\\([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** The source file of each function of the package's binary, by its index. */
export function readNames() {
  const folder = path.join(root, 'build/wasm');
  const objects = readdirSync(path.join(folder, 'core'), { recursive: true }).filter((name) => name.endsWith('.o'));
  const files = new Map();
  for (const line of emscripten(['emnm', '-C', '-A', '--defined-only', ...objects.map((name) => path.join(folder, 'core', name))]).split('\n')) {
    const found = /\/([^/]+)\.o: [0-9a-f]+ [TtWw] (.*)$/.exec(line);
    if (found && !files.has(found[2])) files.set(found[2], found[1]);
  }
  const fileOf = new Map();
  for (const line of readFileSync(path.join(folder, 'photo-core.mjs.symbols'), 'utf8').split('\n')) {
    const [, index, name] = /^(\d+):(.*)$/.exec(line) ?? [];
    if (index) fileOf.set(Number(index), files.get(plain(name)) ?? plain(name));
  }
  return fileOf;
}

/** Microseconds of a profile by source file; what is not of the binary (reading, hashing, idling) is left out. */
export function filesOf(profile, fileOf) {
  const functions = new Map(profile.nodes.map((node) => [node.id, /^wasm-function\[(\d+)\]$/.exec(node.callFrame.functionName)?.[1]]));
  const files = new Map();
  let total = 0;
  for (const [at, id] of profile.samples.entries()) {
    const index = functions.get(id);
    if (index === undefined) continue;
    const of = fileOf.get(Number(index)) ?? 'unknown';
    // The linker makes the entropy decoder a part of its only caller.
    const file = of === 'jpeg_decoder.cpp' ? 'jpeg_scan.cpp' : of;
    files.set(file, (files.get(file) ?? 0) + profile.timeDeltas[at]);
    total += profile.timeDeltas[at];
  }
  return { total, files };
}

export async function runWasmSteps({ files, runs, say }) {
  const fileOf = readNames();
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  const core = await createPhotoCore({ workers: 0 });
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: sample_us });
  const photos = [];
  for (const file of files) {
    say(`WebAssembly: ${path.basename(file)}`);
    const source = new File([readFileSync(file)], path.basename(file), { type: 'image/jpeg' });
    for (let run = 0; run < 2; run++) await core.prepare(source, our_options);   // until the engine has optimised it
    await session.post('Profiler.start');
    for (let run = 0; run < runs; run++) await core.prepare(source, our_options);
    const { profile } = await session.post('Profiler.stop');
    const { total, files: times } = filesOf(profile, fileOf);
    photos.push({ photo: path.basename(file), ms: total / 1000 / runs, time: byStep({ total, files: times }) });
  }
  session.disconnect();
  core.close();
  return { photos };
}
