// The tables of a run.
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
    'Steps of ours, ms (medians), and its WebAssembly memory, MiB; rest: scaling, SHA-256, whatever the core does not time',
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

function batches({ batch }) {
  return table(
    'Chromium, batch of 20 photos, elapsed ms, median (smallest–largest)',
    ['workers', 'ours', 'canvas', 'canvas ÷ ours', 'ours against 1 worker'],
    Object.entries(batch).map(([workers, { ours, canvas }]) => [
      workers,
      `${ms(ours.median)} (${range(ours, ms)})`,
      `${ms(canvas.median)} (${range(canvas, ms)})`,
      times(canvas.median / ours.median),
      times(batch[1].ours.median / ours.median),
    ]),
  );
}

export const browserReport = (part) =>
  [perPhoto(part, 'Chromium'), speed(part), quality(part), steps(part), batches(part)].filter(Boolean).join('\n');
