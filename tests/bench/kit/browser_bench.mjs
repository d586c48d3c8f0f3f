// The contenders that run in Chromium, driven from here: one call of the page a run, in turn.
import { copyFile, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { launchChromium } from '../../browser/kit/chromium.mjs';
import { serve } from '../../browser/kit/server.mjs';
import { dist, out, rivalFile, rivalVersion, root } from './paths.mjs';
import { pairedRatio, pooled, twentyOf } from './pool.mjs';
import { judgeOf } from './quality.mjs';
import { summary } from './statistics.mjs';

const names = ['ours', 'canvas', 'pica', 'browser-image-compression'];

async function openSite(files) {
  const site = path.join(out, 'site');
  await rm(site, { recursive: true, force: true });
  await mkdir(path.join(site, 'photos'), { recursive: true });
  await symlink(dist, path.join(site, 'photo-core'));
  await symlink(rivalFile('pica/dist'), path.join(site, 'pica'));
  await symlink(rivalFile('browser-image-compression/dist'), path.join(site, 'browser-image-compression'));
  for (const file of files) await copyFile(file, path.join(site, 'photos', path.basename(file)));
  return serve({ folders: [path.join(root, 'tests/bench/browser/page'), site] });
}

/** CPU time of all processes under this one, in ms; 0 where there is no /proc. */
function cpuOfChildren() {
  const parents = new Map();
  const ticks = new Map();
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
        parents.set(pid, fields[1]);
        ticks.set(pid, Number(fields[11]) + Number(fields[12]));
      } catch {
        // It ended while the list was read.
      }
    }
  } catch {
    return 0;
  }
  const below = (pid) => pid && pid !== '0' && (parents.get(pid) === String(process.pid) || below(parents.get(pid)));
  let sum = 0;
  for (const [pid, own] of ticks) if (below(pid)) sum += own;
  return sum * 10;
}

export async function runBrowser({ files, runs, say }) {
  const site = await openSite(files);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => say(`page: ${error}`));
    await page.goto(`${site.origin}/`);
    await page.waitForFunction('globalThis.benchReady', null, { timeout: 60_000 });
    const call = (name, photo, keep = false) => page.evaluate(([a, b, c]) => globalThis.bench.run(a, b, c), [name, photo, keep]);

    const photos = [];
    for (const file of files) {
      const photo = path.basename(file);
      say(`Chromium: ${photo}`);
      const judge = judgeOf(file);
      const results = {};
      for (const name of names) {
        const { image, photoBytes, thumbnailBytes } = await call(name, photo, true);
        results[name] = { photoBytes, thumbnailBytes, jpeg: await judge(Buffer.from(image, 'base64')), runs: [], cpu: 0 };
      }
      for (let round = 0; round < runs; round++) {
        for (const name of names) {
          const before = cpuOfChildren();
          results[name].runs.push(await call(name, photo));
          results[name].cpu += cpuOfChildren() - before;
        }
      }
      for (const one of Object.values(results)) {
        one.ms = summary(one.runs.map((run) => run.ms));
        // The clock ticks every 10 ms: the mean of the runs says more than their median.
        if (one.cpu) one.cpuMs = { median: one.cpu / runs };
        const { timings } = one.runs[0];
        if (timings) {
          one.steps = Object.fromEntries(
            Object.keys(timings).map((step) => [step, summary(one.runs.map((run) => run.timings[step] ?? 0)).median]),
          );
        }
        delete one.runs;
        delete one.cpu;
      }
      photos.push({ photo, results });
    }

    say('Chromium: batches of 20');
    const twenty = twentyOf(files).map((file) => path.basename(file));
    const batches = { ours: { 1: [], 2: [] }, canvas: { 1: [], 2: [] } };
    const batch = async (name, workers) => {
      const before = cpuOfChildren();
      const made = await page.evaluate(([a, b, c]) => globalThis.bench.batch(a, b, c), [name, workers, twenty]);
      return { ...made, cpuMs: cpuOfChildren() - before };
    };
    for (let round = 0; round <= Math.min(runs, 5); round++) {
      for (const name of Object.keys(batches)) {
        for (const workers of round % 2 ? [2, 1] : [1, 2]) {
          const made = await batch(name, workers);
          if (round) batches[name][workers].push(made);   // the first one warms everything up
        }
      }
    }
    const pool = Object.fromEntries(Object.entries(batches).map(([name, all]) => [name, { workers: pooled(all), gain: pairedRatio(all[1], all[2]) }]));

    const { version } = JSON.parse(await readFile(path.join(dist, '../package.json'), 'utf8'));
    const versions = { ours: version, canvas: `Chromium ${browser.version().split('.')[0]}` };
    const contenders = names.map((name) => ({ name, version: versions[name] ?? rivalVersion(name) }));
    return { contenders, photos, pool };
  } finally {
    await browser.close();
    await site.close();
  }
}
