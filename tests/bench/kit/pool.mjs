// How the pool scales in Node: batches of 20 by one worker and by two, in turn, both pools warm.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
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

export async function runPool({ files, runs, say }) {
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  const loaded = new Map(files.map((file) => [file, new File([readFileSync(file)], path.basename(file), { type: 'image/jpeg' })]));
  const photos = twentyOf(files).map((file) => loaded.get(file));
  const pools = { 1: await createPhotoCore({ workers: 1 }), 2: await createPhotoCore({ workers: 2 }) };
  const batch = async (core) => {
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
  };
  const batches = { 1: [], 2: [] };
  say('Node: batches of 20');
  for (const core of Object.values(pools)) await batch(core);
  for (let round = 0; round < runs; round++) {
    for (const workers of round % 2 ? [2, 1] : [1, 2]) batches[workers].push(await batch(pools[workers]));
  }
  for (const core of Object.values(pools)) core.close();
  return pooled(batches);
}
