// How cost grows: time and memory of ours against pixels and against the number of thumbnails, with sharp beside it.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startContender } from './contender.mjs';
import { out, requireRival } from './paths.mjs';
import { median } from './statistics.mjs';
import { mib, ms, table } from './table.mjs';

const megapixels = [1, 2, 4, 8, 12, 24, 48, 120];
const thumbnail_counts = [0, 1, 2, 4, 8];

/** One photo mirrored again and again to each size, so that every pixel costs the same number of bytes. */
async function mirrored(file, million, progressive) {
  // Rounded down: 120 megapixels are the most that a source may have.
  const width = Math.floor(Math.sqrt((million * 1e6 * 4) / 3) / 16) * 16;
  const height = Math.floor((width * 3) / 4 / 16) * 16;
  const target = path.join(out, 'curves', `${path.basename(file, '.jpg')}-${width}x${height}${progressive ? '-progressive' : ''}.jpg`);
  if (!existsSync(target)) {
    const sharp = requireRival('sharp');
    const tile = await sharp(file).autoOrient().resize(800, 600, { fit: 'cover' }).png().toBuffer();
    const image = sharp(tile).extend({ right: width - 800, bottom: height - 600, extendWith: 'mirror' });
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, await image.jpeg({ quality: 90, progressive, optimiseCoding: true }).toBuffer());
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

export async function runCurves({ files, runs, say }) {
  const [ours, sharp] = [await startContender('ours'), await startContender('sharp')];
  const pixels = [];
  for (const progressive of [false, true]) {
    for (const million of megapixels) {
      say(`curves: ${million} MP${progressive ? ' progressive' : ''}`);
      const file = await mirrored(files[0], million, progressive);
      const cost = await measured([ours, sharp], file, runs);
      pixels.push({ million, progressive, ...cost, heapBytes: (await ours.run({ file, measure: 'heap' })).heapBytes });
    }
  }
  const file = await mirrored(files[0], 12, false);
  const thumbnails = [];
  for (const count of thumbnail_counts) {
    say(`curves: ${count} thumbnails`);
    const thumbnail = count ? Array.from({ length: count }, (_, n) => ({ maxEdge: 320 + 40 * n, format: 'jpeg', quality: 75 })) : false;
    const cost = await measured([ours], file, runs * 2, { thumbnail });
    thumbnails.push({ count, ...cost.ours, heapBytes: (await ours.run({ file, measure: 'heap', options: { thumbnail } })).heapBytes });
  }
  ours.close();
  sharp.close();
  return { pixels, thumbnails };
}

export function curvesReport({ pixels, thumbnails }) {
  const first = thumbnails[0];
  return [
    table(
      'Against pixels (one photo mirrored to each size)',
      ['MP', 'ours ms', 'CPU ms', 'CPU ms a MP', 'heap MiB', 'process MiB', 'sharp ms', 'CPU ms', 'process MiB'],
      pixels.map(({ million, progressive, ours, sharp, heapBytes }) => [
        `${million}${progressive ? ' progressive' : ''}`,
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
  ].join('\n');
}
