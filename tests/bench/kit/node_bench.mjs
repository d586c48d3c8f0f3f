// The contenders that run in Node: interleaved runs, each contender in its own process.
import path from 'node:path';
import { startContender } from './contender.mjs';
import { judgeOf } from './quality.mjs';
import { summary } from './statistics.mjs';

export const node_contenders = ['ours', 'sharp', 'wasm_vips', 'sharp_wasm32', 'jsquash', 'photon'];

/** One photo: a run to warm up whose output is judged, then `runs` rounds of everybody in turn. */
async function onePhoto(file, contenders, runs) {
  const judge = judgeOf(file);
  const results = {};
  for (const contender of contenders) {
    const { image, photoBytes, thumbnailBytes } = await contender.run({ file, keep: true });
    results[contender.name] = { photoBytes, thumbnailBytes, jpeg: await judge(image, { upright: contender.upright }), runs: [] };
    if (['ours', 'sharp'].includes(contender.name)) {
      const resized = await contender.run({ file, measure: 'resized' });
      results[contender.name].resized = await judge(resized.image, { storedColours: true });
    }
    if (contender.name === 'ours') results.ours.heapBytes = (await contender.run({ file, measure: 'heap' })).heapBytes;
  }
  for (let round = 0; round < runs; round++) {
    for (const contender of contenders) results[contender.name].runs.push(await contender.run({ file }));
  }
  for (const one of Object.values(results)) {
    one.ms = summary(one.runs.map((run) => run.ms));
    one.cpuMs = summary(one.runs.map((run) => run.cpuMs));
    one.peakBytes = Math.max(...one.runs.map((run) => run.peakBytes));
    if (one.runs[0].timings) {
      one.steps = Object.fromEntries(
        Object.keys(one.runs[0].timings).map((step) => [step, summary(one.runs.map((run) => run.timings[step] ?? 0)).median]),
      );
    }
    delete one.runs;
  }
  return { photo: path.basename(file), results };
}

export async function runNode({ files, runs, only, say }) {
  const contenders = [];
  for (const name of node_contenders.filter((one) => !only || one === 'ours' || only.includes(one))) {
    try {
      contenders.push(await startContender(name));
    } catch (error) {
      say(`${name} does not start and is left out: ${error.message.split('\n')[0]}`);
    }
  }
  const photos = [];
  for (const file of files) {
    say(path.basename(file));
    photos.push(await onePhoto(file, contenders, runs));
  }
  for (const contender of contenders) contender.close();
  return { contenders: contenders.map(({ name, version, upright }) => ({ name, version, upright })), photos };
}
