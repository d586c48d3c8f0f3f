// How the pool scales in Node: batches of 20 by one worker and by two, in turn, both pools warm; beside it what two processes
// that share nothing but the machine reach, since no pool can do better than that.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dist } from './paths.mjs';
import { summary } from './statistics.mjs';
import { our_options } from './task.mjs';

/** What `workers` could reach at best with photos that cost so much each, taken in this order: a share of their sum. */
export function bestRatio(costs, workers) {
  const free = new Array(workers).fill(0);
  for (const cost of costs) {
    const first = free.indexOf(Math.min(...free));
    free[first] += cost;
  }
  return costs.reduce((sum, cost) => sum + cost, 0) / Math.max(...free);
}

export const twentyOf = (files) => Array.from({ length: 20 }, (_, n) => files[n % files.length]);

/** Batches → { [workers]: { ms, cpuMs, busy, photoMs } }; `photoMs` are the medians of each photo's own time. */
export function pooled(batches) {
  return Object.fromEntries(
    Object.entries(batches).map(([workers, all]) => [
      workers,
      {
        ms: summary(all.map((one) => one.ms)),
        cpuMs: summary(all.map((one) => one.cpuMs)),
        busy: summary(all.map((one) => one.photoMs.reduce((sum, ms) => sum + ms, 0) / (one.ms * Number(workers)))),
        photoMs: all[0].photoMs.map((_, n) => summary(all.map((one) => one.photoMs[n])).median),
      },
    ]),
  );
}

/** How many times faster `two` was than `one`, batch by batch: the pairs ran one after the other. */
export const pairedRatio = (one, two) => summary(one.map((batch, n) => batch.ms / two[n].ms));

/** Batches of 20 of these files with the built package: `core(workers)` to run them on, `run(core)` one batch. */
export function openBatches(files) {
  const loaded = new Map(files.map((file) => [file, new File([readFileSync(file)], path.basename(file), { type: 'image/jpeg' })]));
  const photos = twentyOf(files).map((file) => loaded.get(file));
  return {
    async core(workers) {
      const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
      return createPhotoCore({ workers });
    },
    async run(core) {
      const cpu = process.cpuUsage();
      const started = performance.now();
      const photoMs = [];
      for await (const result of core.prepareAll(photos, our_options)) {
        if (!result.ok) throw result.error;
        photoMs.push(result.photo.timings.total);
      }
      const elapsed = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      return { ms: elapsed, cpuMs: (user + system) / 1000, photoMs };
    },
  };
}

/** Two processes of one worker each: `alone()` a batch in one of them, `together()` one in each at once. */
async function openProcesses(files) {
  const both = await Promise.all(
    [0, 1].map(async () => {
      const child = fork(fileURLToPath(new URL('pool_alone.mjs', import.meta.url)), [JSON.stringify(files)]);
      await once(child, 'message');
      return child;
    }),
  );
  const batch = async (children) => {
    const started = performance.now();
    await Promise.all(children.map((child) => (child.send('batch'), once(child, 'message'))));
    return { ms: performance.now() - started };
  };
  return { alone: () => batch([both[0]]), together: () => batch(both), close: () => both.forEach((child) => child.disconnect()) };
}

export async function runPool({ files, runs, say }) {
  say('Node: batches of 20');
  const own = openBatches(files);
  const pools = { 1: await own.core(1), 2: await own.core(2) };
  const processes = await openProcesses(files);
  const batches = { 1: [], 2: [] };
  const machine = { alone: [], together: [] };
  for (const core of Object.values(pools)) await own.run(core); // warm
  for (let round = 0; round < runs; round++) {
    for (const workers of round % 2 ? [2, 1] : [1, 2]) batches[workers].push(await own.run(pools[workers]));
    for (const how of round % 2 ? ['together', 'alone'] : ['alone', 'together']) machine[how].push(await processes[how]());
  }
  for (const core of Object.values(pools)) core.close();
  processes.close();
  const { median, min, max } = pairedRatio(machine.alone, machine.together);
  return { workers: pooled(batches), gain: pairedRatio(batches[1], batches[2]), machine: { median: 2 * median, min: 2 * min, max: 2 * max, runs } };
}
