// How cost grows: time and memory of ours against pixels, bytes, number of photos and of thumbnails, with sharp beside it;
// how straight each curve is, and why where it is not.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startContender } from './contender.mjs';
import { dist, out, requireRival } from './paths.mjs';
import { line, median } from './statistics.mjs';
import { mib, ms, table } from './table.mjs';
import { our_options, photo_edge } from './task.mjs';

const megapixels = [1, 2, 4, 8, 12, 24, 48, 120];
const qualities = [40, 60, 75, 85, 92, 96, 99];
const photo_counts = [1, 5, 10, 20, 40];
const thumbnail_counts = [0, 1, 2, 4, 8];

/** One photo mirrored again and again to each size, so that every pixel costs the same number of bytes at one quality. */
async function mirrored(file, million, { progressive = false, quality = 90 } = {}) {
  // Rounded down: 120 megapixels are the most that a source may have.
  const width = Math.floor(Math.sqrt((million * 1e6 * 4) / 3) / 16) * 16;
  const height = Math.floor((width * 3) / 4 / 16) * 16;
  const target = path.join(out, 'curves', `${path.basename(file, '.jpg')}-${width}x${height}-${quality}${progressive ? '-progressive' : ''}.jpg`);
  if (!existsSync(target)) {
    const sharp = requireRival('sharp');
    const tile = await sharp(file).autoOrient().resize(800, 600, { fit: 'cover' }).png().toBuffer();
    const image = sharp(tile).extend({ right: width - 800, bottom: height - 600, extendWith: 'mirror' });
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, await image.jpeg({ quality, progressive, optimiseCoding: true }).toBuffer());
  }
  return target;
}

async function measured(contenders, file, runs, options) {
  const cost = new Map(contenders.map((one) => [one.name, []]));
  for (const one of contenders) await one.run({ file, options });
  for (let n = 0; n < runs; n++) for (const one of contenders) cost.get(one.name).push(await one.run({ file, options }));
  return Object.fromEntries(
    [...cost].map(([name, all]) => [
      name,
      { ms: median(all.map((run) => run.ms)), cpuMs: median(all.map((run) => run.cpuMs)), peakBytes: Math.max(...all.map((run) => run.peakBytes)) },
    ]),
  );
}

/** The DCT scale, in eighths, at which ours decodes a 4:3 JPEG of so many megapixels: the smallest of twice the target. */
function scaleOf(million) {
  const edge = Math.sqrt((million * 1e6 * 4) / 3);
  return Math.min(8, Math.ceil((8 * 2 * photo_edge) / edge));
}

/** Batches of more and more photos by one worker: CPU time and resident size of the process. */
async function photosCurve(file, runs) {
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  const core = await createPhotoCore({ workers: 1 });
  const photo = new Blob([readFileSync(file)]);
  const batch = async (count) => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    // A project, and so a batch, holds twenty at the most.
    for (let left = count; left > 0; left -= 20) {
      const photos = Array.from({ length: Math.min(20, left) }, () => photo);
      for await (const result of core.prepareAll(photos, our_options)) if (!result.ok) throw result.error;
    }
    const elapsed = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    return { ms: elapsed, cpuMs: (user + system) / 1000 };
  };
  await batch(2);
  const points = [];
  for (const count of photo_counts) {
    const all = [];
    for (let n = 0; n < runs; n++) all.push(await batch(count));
    points.push({ count, ms: median(all.map((one) => one.ms)), cpuMs: median(all.map((one) => one.cpuMs)), rssBytes: process.memoryUsage.rss() });
  }
  core.close();
  return points;
}

export async function runCurves({ files, runs, say }) {
  const [ours, sharp] = [await startContender('ours'), await startContender('sharp')];
  const pixels = [];
  for (const progressive of [false, true]) {
    for (const million of megapixels) {
      say(`curves: ${million} MP${progressive ? ' progressive' : ''}`);
      const file = await mirrored(files[0], million, { progressive });
      const cost = await measured([ours, sharp], file, runs);
      pixels.push({ million, progressive, eighths: scaleOf(million), ...cost, heapBytes: (await ours.run({ file, measure: 'heap' })).heapBytes });
    }
  }
  const file = await mirrored(files[0], 12);
  const bytes = [];
  for (const quality of qualities) {
    say(`curves: quality ${quality}`);
    const source = await mirrored(files[0], 12, { quality });
    bytes.push({ quality, bytes: (await stat(source)).size, ...(await measured([ours, sharp], source, runs)) });
  }
  say('curves: number of photos');
  const photos = await photosCurve(file, runs);
  const thumbnails = [];
  for (const count of thumbnail_counts) {
    say(`curves: ${count} thumbnails`);
    const thumbnail = count ? Array.from({ length: count }, (_, n) => ({ maxEdge: 320 + 40 * n, format: 'jpeg', quality: 75 })) : false;
    const cost = await measured([ours], file, runs * 2, { thumbnail });
    thumbnails.push({ count, ...cost.ours, heapBytes: (await ours.run({ file, measure: 'heap', options: { thumbnail } })).heapBytes });
  }
  ours.close();
  sharp.close();
  return { pixels, bytes, photos, thumbnails };
}

/** How far the points of a curve are from the line that fits them best. */
function straightness(what, xs, ys) {
  const { slope, start, worst } = line(xs, ys);
  return `Straight line: ${start.toFixed(1)} + ${slope.toFixed(2)} ms a ${what}, the farthest point ${(100 * worst).toFixed(1)} % off.`;
}

/** The pixels' curve: a line for each scale that has several points. */
function pixelLines(pixels) {
  const lines = [];
  for (const progressive of [false, true]) {
    for (const full of [true, false]) {
      const some = pixels.filter((one) => one.progressive === progressive && (one.eighths === 8) === full);
      if (some.length < 3) continue;
      const where = `${progressive ? 'progressive, ' : ''}${full ? 'decoded at full size' : 'decoded at a smaller scale'}`;
      lines.push(`${where}. ${straightness('megapixel', some.map((one) => one.million), some.map((one) => one.ours.cpuMs))}`);
    }
  }
  return lines.join('\n');
}

export function curvesReport({ pixels, bytes, photos, thumbnails }) {
  const first = thumbnails[0];
  return [
    table(
      'Against pixels (one photo mirrored to each size)',
      ['MP', 'scale', 'ours ms', 'CPU ms', 'CPU ms a MP', 'heap MiB', 'process MiB', 'sharp ms', 'CPU ms', 'process MiB'],
      pixels.map(({ million, progressive, eighths, ours, sharp, heapBytes }) => [
        `${million}${progressive ? ' progressive' : ''}`,
        `${eighths}/8`,
        ms(ours.ms),
        ms(ours.cpuMs),
        (ours.cpuMs / million).toFixed(2),
        mib(heapBytes),
        mib(ours.peakBytes),
        ms(sharp.ms),
        ms(sharp.cpuMs),
        mib(sharp.peakBytes),
      ]),
    ),
    `Not one line, and meant so: up to the target's size every pixel is also encoded; from there to 2.28 times the target all is decoded
in full; beyond it the DCT scale falls in eighths with the size, so that a megapixel costs its entropy decoding and less and less else.
${pixelLines(pixels)}`,
    table(
      'Against bytes (12 MP, the same picture at several qualities)',
      ['quality', 'MiB', 'ours ms', 'CPU ms', 'CPU ms a MiB', 'sharp ms', 'CPU ms'],
      bytes.map(({ quality, bytes: size, ours, sharp }) => [
        quality,
        mib(size),
        ms(ours.ms),
        ms(ours.cpuMs),
        ((ours.cpuMs * 2 ** 20) / size).toFixed(2),
        ms(sharp.ms),
        ms(sharp.cpuMs),
      ]),
    ),
    `The pixels' own cost is the line's start; bytes add entropy decoding, and blocks with more coefficients a fuller inverse transform.
${straightness('MiB', bytes.map((one) => one.bytes / 2 ** 20), bytes.map((one) => one.ours.cpuMs))}`,
    table(
      'Against the number of photos (12 MP, one worker)',
      ['photos', 'ms', 'CPU ms', 'CPU ms a photo', 'process MiB'],
      photos.map(({ count, ms: elapsed, cpuMs, rssBytes }) => [count, ms(elapsed), ms(cpuMs), ms(cpuMs / count), mib(rssBytes)]),
    ),
    straightness('photo', photos.map((one) => one.count), photos.map((one) => one.cpuMs)),
    table(
      'Against the number of thumbnails (12 MP; 320 px and up)',
      ['thumbnails', 'ms', 'CPU ms', 'CPU over the photo alone', 'heap MiB'],
      thumbnails.map(({ count, ms: elapsed, cpuMs, heapBytes }) => [
        count,
        ms(elapsed),
        ms(cpuMs),
        `${(100 * (cpuMs / first.cpuMs - 1)).toFixed(1)} %`,
        mib(heapBytes),
      ]),
    ),
    `Each is 40 px larger than the one before, so each costs a little more.
${straightness('thumbnail', thumbnails.map((one) => one.count), thumbnails.map((one) => one.cpuMs))}`,
  ].join('\n');
}
