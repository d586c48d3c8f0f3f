// `make bench`: the same task, the same photos, ours and the others, in turn. Tables on the terminal, files in build/bench.
//   --quick        3 runs a photo in place of 7
//   --runs=N       that many runs
//   --only=a,b     ours against these alone
//   --no-node, --no-native, --no-browser
//   --curves       time and memory against pixels, bytes, number of photos and of thumbnails as well
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runBrowser } from './kit/browser_bench.mjs';
import { chart } from './kit/chart.mjs';
import { curvesReport, runCurves } from './kit/curves.mjs';
import { runNative } from './kit/native.mjs';
import { runNode } from './kit/node_bench.mjs';
import { out } from './kit/paths.mjs';
import { findOthers, findPhotos } from './kit/photos.mjs';
import { runPool } from './kit/pool.mjs';
import { browserReport, nativeReport, nodeReport, othersReport, poolReport, speedRows, startReport, wasmReport } from './kit/report.mjs';
import { runStart } from './kit/start.mjs';
import { runWasmSteps } from './kit/wasm_steps.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    'no-node': { type: 'boolean', default: false },
    'no-native': { type: 'boolean', default: false },
    'no-browser': { type: 'boolean', default: false },
    curves: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs ?? (options.quick ? 3 : 7));
if (!Number.isInteger(runs) || runs < 1) throw new Error(`Expected a positive whole number for --runs but received ${options.runs}`);
const only = options.only?.split(',');
const say = (line) => process.stderr.write(`  ${line}\n`);

const { from, files } = await findPhotos();
const report = {
  machine: { cpu: os.cpus()[0].model, cores: os.cpus().length, node: process.version, load: os.loadavg().map((value) => Number(value.toFixed(2))) },
  task: '2048 px JPEG quality 82 and 320 px JPEG quality 75, upright, metadata removed',
  photos: from,
  runs,
};
const { machine } = report;
console.log(`${files.length} photos (${from}), ${runs} runs each, in turn; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load[0]}`);
if (machine.load[0] > 0.7 * machine.cores) console.log('The machine is busy: trust the CPU columns more than the elapsed ones.');

const groups = [];
await mkdir(out, { recursive: true });
const save = async () => {
  await writeFile(path.join(out, 'bench.json'), `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(path.join(out, 'chart.svg'), chart('Time for one photo and its thumbnail, times of ours', groups));
};

if (!options['no-node']) {
  report.node = await runNode({ files, runs, only, say });
  console.log(nodeReport(report.node));
  groups.push({ title: 'Node, one thread', rows: speedRows(report.node) });
  await save();
  const others = await findOthers(files);
  report.others = await runNode({ files: others.files, runs, only: ['sharp', 'wasm_vips'], say });
  console.log(othersReport(report.others, others.from));
  report.start = await runStart({ files, runs: Math.max(runs, 5), say });
  console.log(startReport(report.start));
  report.pool = await runPool({ files, runs: Math.min(runs, 5), say });
  console.log(poolReport('Node', report.pool));
  await save();
  report.wasm = await runWasmSteps({ files, runs, say });
  console.log(wasmReport(report.wasm));
  await save();
}
if (!options['no-native']) {
  report.native = await runNative({ files, runs, say });
  console.log(nativeReport(report.native, report.node));
  await save();
}
if (!options['no-browser']) {
  report.chromium = await runBrowser({ files, runs, say });
  console.log(browserReport(report.chromium));
  groups.push({ title: 'Chromium, one worker', rows: speedRows(report.chromium) });
  await save();
}
if (options.curves) {
  report.curves = await runCurves({ files, runs: Math.min(runs, 3), say });
  console.log(curvesReport(report.curves));
  await save();
}
console.log('\nwritten: build/bench/bench.json, build/bench/chart.svg');
