// The tables of a run.
import { bestRatio } from './pool.mjs';
import { geometricMean, mean, ratios } from './statistics.mjs';
import { db, kib, mib, ms, range, table, times } from './table.mjs';

const column = (part, name, pick) => part.photos.map(({ results }) => pick(results[name]));

/** Ratios of every contender's median time to ours, over the photos. */
export const speedRows = (part, value = (one) => one.ms.median) =>
  part.contenders.map(({ name }) => ({ name, ratio: ratios(column(part, name, value), column(part, 'ours', value)) }));

function perPhoto(part, where) {
  const names = part.contenders.map(({ name }) => name);
  return table(
    `${where}: elapsed ms, median of the runs (smallest–largest)`,
    ['photo', ...names],
    part.photos.map(({ photo, results }) => [
      photo.slice(0, 28),
      ...names.map((name) => `${ms(results[name].ms.median)} (${range(results[name].ms, ms)})`),
    ]),
  );
}

function speed(part) {
  const elapsed = speedRows(part);
  const hasCpu = part.photos[0].results.ours.cpuMs;
  const cpu = hasCpu && speedRows(part, (one) => one.cpuMs.median);
  return table(
    'Speed over the photos: times of ours, geometric mean (nearest–farthest photo)',
    ['contender', 'version', 'ms, geo. mean', 'elapsed ÷ ours', 'spread', ...(cpu ? ['CPU ms', 'CPU ÷ ours', 'spread'] : [])],
    part.contenders.map(({ name, version }, n) => [
      name,
      version,
      ms(geometricMean(column(part, name, (one) => one.ms.median))),
      times(elapsed[n].ratio.mean),
      range(elapsed[n].ratio),
      ...(cpu ? [ms(geometricMean(column(part, name, (one) => one.cpuMs.median))), times(cpu[n].ratio.mean), range(cpu[n].ratio)] : []),
    ]),
  );
}

const summed = (values) => values.reduce((sum, value) => sum + value, 0);

function quality(part) {
  return table(
    'Quality against full decode and exact Lanczos3 (dB over all photos), and bytes',
    ['contender', 'resize only, mean', 'lowest', 'as JPEG, mean', 'lowest', 'photos KiB', 'thumbnails KiB'],
    part.contenders.map(({ name, upright }) => {
      const jpeg = column(part, name, (one) => one.jpeg.db);
      const resized = column(part, name, (one) => one.resized?.db).filter((value) => value !== undefined);
      return [
        name + (upright === false ? ' (not upright)' : ''),
        resized.length ? db(mean(resized.map(capped))) : '',
        resized.length ? db(Math.min(...resized)) : '',
        db(mean(jpeg)),
        db(Math.min(...jpeg)),
        kib(summed(column(part, name, (one) => one.photoBytes))),
        kib(summed(column(part, name, (one) => one.thumbnailBytes))),
      ];
    }),
  );
}

/** Photos that are not scaled can come out the same: they count as 60 dB in a mean. */
const capped = (value) => Math.min(value, 60);

/** On how many photos ours is farther from the reference than sharp. */
function belowSharp(part, pick) {
  const below = part.photos.filter(({ results: { ours, sharp } }) => pick(ours) < pick(sharp));
  return `${below.length} of ${part.photos.length} photos${below.length ? ` (${below.map(({ photo }) => photo.slice(0, 28)).join(', ')})` : ''}`;
}

function qualityPerPhoto(part) {
  if (!part.photos[0].results.ours.resized) return '';
  const rows = table(
    'Ours beside sharp, photo by photo (dB, KiB of the photo)',
    ['photo', 'size', 'ours resize', 'sharp resize', 'ours JPEG', 'sharp JPEG', 'ours KiB', 'sharp KiB'],
    part.photos.map(({ photo, results: { ours, sharp } }) => [
      photo.slice(0, 28),
      `${ours.jpeg.width}x${ours.jpeg.height}`,
      db(ours.resized.db, 2),
      sharp ? db(sharp.resized.db, 2) : '',
      db(ours.jpeg.db, 2),
      sharp ? db(sharp.jpeg.db, 2) : '',
      kib(ours.photoBytes),
      sharp ? kib(sharp.photoBytes) : '',
    ]),
  );
  if (!part.photos[0].results.sharp) return rows;
  return `${rows}\nOurs below sharp: resize only on ${belowSharp(part, (one) => one.resized.db)}, as JPEG on ${belowSharp(part, (one) => one.jpeg.db)}\n`;
}

function memory(part) {
  if (!part.photos[0].results.ours.peakBytes) return '';
  return table(
    'Memory: highest resident size of the process, Node and the source included, MiB',
    ['contender', 'lowest photo', 'mean', 'highest photo', 'wasm heap, highest'],
    part.contenders.map(({ name }) => {
      const peaks = column(part, name, (one) => one.peakBytes);
      return [
        name,
        mib(Math.min(...peaks)),
        mib(mean(peaks)),
        mib(Math.max(...peaks)),
        name === 'ours' ? mib(Math.max(...column(part, name, (one) => one.heapBytes))) : '',
      ];
    }),
  );
}

function steps(part) {
  const first = part.photos[0].results.ours.steps;
  if (!first) return '';
  const names = Object.keys(first).filter((name) => name !== 'total');
  const rest = ({ steps: all }) => all.total - names.reduce((sum, name) => sum + (all[name] ?? 0), 0);
  return table(
    'Steps of ours in WebAssembly, ms (medians), and its memory, MiB; rest: scaling, colour, SHA-256 of the photo',
    ['photo', ...names, 'rest', 'total', 'heap'],
    part.photos.map(({ photo, results: { ours } }) => [
      photo.slice(0, 28),
      ...names.map((name) => (ours.steps[name] ?? 0).toFixed(1)),
      rest(ours).toFixed(1),
      ours.steps.total.toFixed(1),
      ours.heapBytes ? mib(ours.heapBytes) : '',
    ]),
  );
}

export const nodeReport = (part) =>
  [perPhoto(part, 'Node'), speed(part), quality(part), qualityPerPhoto(part), memory(part), steps(part)].filter(Boolean).join('\n');

const runsOf = (summary, show = ms) => `${show(summary.median)} (${range(summary, show)})`;

/** `pool` as pool.mjs makes it; `canvas` the same of the canvas pipeline. */
export const poolReport = (where, { workers: pool, gain, machine }, canvas) =>
  table(
    `${where}: batch of 20 photos, ms, median (smallest–largest). At best: what the photos' own times in this order allow;
CPU: of all threads; busy: share of the time that a worker was at work on a photo`,
    ['workers', 'elapsed', 'at best', 'CPU', 'cores in use', 'busy', ...(canvas ? ['canvas', 'canvas ÷ ours'] : [])],
    Object.entries(pool).map(([workers, one]) => [
      workers,
      runsOf(one.ms),
      times(bestRatio(pool[1].photoMs, Number(workers))),
      one.cpuMs.median ? ms(one.cpuMs.median) : '',
      one.cpuMs.median ? times(one.cpuMs.median / one.ms.median) : '',
      times(one.busy.median),
      ...(canvas ? [runsOf(canvas.workers[workers].ms), times(canvas.workers[workers].ms.median / one.ms.median)] : []),
    ]),
  ) +
  `\nTwo workers against one, batch after batch, median (smallest–largest): ${runsOf(gain, times)}` +
  (canvas ? `; canvas ${runsOf(canvas.gain, times)}` : '') +
  (machine ? `; two processes that share nothing against one: ${runsOf(machine, times)}` : '') +
  '\n';

/** `start` as start.mjs makes it. */
export const startReport = (start) => {
  const of = (step) => runsOf(start[step], (value) => value.toFixed(1));
  return `
Start in Node, ms, median over ${start.ready.runs} processes (smallest–largest): import ${of('import')}, ready ${of('ready')}; the first probe ${of('firstProbe')} on
the calling thread, ${of('firstByWorker')} with the start of a worker; a probe then ${runsOf(start.probe, (value) => value.toFixed(2))}
`;
};

export const othersReport = (part, from) =>
  [
    table(
      `PNG and WebP (${from}) to the same JPEGs: elapsed ms, median of the runs (smallest–largest), and dB as JPEG`,
      ['file', ...part.contenders.map(({ name }) => name), ...part.contenders.map(({ name }) => `${name} dB`)],
      part.photos.map(({ photo, results }) => [
        photo.slice(0, 40),
        ...part.contenders.map(({ name }) => runsOf(results[name].ms)),
        ...part.contenders.map(({ name }) => db(results[name].jpeg.db, 2)),
      ]),
    ),
    speed(part),
    memory(part),
    qualityPerPhoto(part),
  ].join('\n');

export function nativeReport({ photos }, node) {
  const names = Object.keys(photos[0].steps).filter((name) => name !== 'total');
  const rest = ({ steps: all }) => all.total - names.reduce((sum, name) => sum + (all[name] ?? 0), 0);
  const inWasm = (photo) => node?.photos.find((one) => one.photo === photo)?.results.ours;
  const tables = [
    table(
      'Steps of ours natively, ms (medians); rest: scaling, colour',
      ['photo', ...names, 'rest', 'total', 'CPU', ...(node ? ['WebAssembly CPU', '÷ native'] : [])],
      photos.map((one) => [
        one.photo.slice(0, 28),
        ...names.map((name) => (one.steps[name] ?? 0).toFixed(1)),
        rest(one).toFixed(1),
        ms(one.ms.median),
        ms(one.cpuMs.median),
        ...(node ? [ms(inWasm(one.photo).cpuMs.median), times(inWasm(one.photo).cpuMs.median / one.cpuMs.median)] : []),
      ]),
    ),
  ];
  if (photos[0].instructions) {
    const steps = Object.keys(photos[0].instructions).filter((name) => name !== 'total');
    tables.push(
      table(
        'Where the instructions go natively, percent, by callgrind; rest: turning upright, headers, hashes',
        ['photo', ...steps, 'in all, millions', 'thumbnail, % over the photo alone', 'hashes'],
        photos.map(({ photo, instructions, beside }) => [
          photo.slice(0, 28),
          ...steps.map((step) => ((100 * instructions[step]) / instructions.total).toFixed(1)),
          (instructions.total / 1e6).toFixed(0),
          (100 * beside.thumbnail).toFixed(1),
          (100 * beside.hashes).toFixed(1),
        ]),
      ),
    );
  }
  return tables.join('\n');
}

export function wasmReport({ photos }) {
  const steps = Object.keys(photos[0].time).filter((name) => name !== 'total');
  return table(
    "Where the time goes in the WebAssembly binary, percent, by the engine's samples; rest: headers, memory, hashes",
    ['photo', ...steps, 'in all, ms'],
    photos.map(({ photo, ms: all, time }) => [
      photo.slice(0, 28),
      ...steps.map((step) => ((100 * time[step]) / time.total).toFixed(1)),
      all.toFixed(1),
    ]),
  );
}

export const browserReport = (part) =>
  [perPhoto(part, 'Chromium'), speed(part), quality(part), steps(part), poolReport('Chromium', part.pool.ours, part.pool.canvas)].filter(Boolean).join('\n');
