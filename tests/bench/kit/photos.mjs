// The photos of a run: a folder's JPEG files, or photos made here.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { out, requireRival } from './paths.mjs';

export async function findPhotos() {
  const { BENCH_PHOTOS, PHOTO_CORPUS } = process.env;
  const folder = BENCH_PHOTOS || (PHOTO_CORPUS && path.join(PHOTO_CORPUS, '1-photos'));
  if (folder && existsSync(folder)) {
    const files = readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name)).sort().map((name) => path.join(folder, name));
    if (!files.length) throw new Error(`no JPEG file in ${folder}`);
    return { from: path.basename(folder), files };
  }
  const { makeJpeg } = await import('../../browser/kit/photo.mjs');
  const files = [];
  for (const [width, height, seed] of [[4032, 3024, 1], [3024, 4032, 2], [5120, 2880, 3], [3264, 2448, 4], [2016, 1512, 5]]) {
    files.push((await makeJpeg(width, height, seed)).file);
  }
  return { from: 'photos made by the bench (set BENCH_PHOTOS=folder or PHOTO_CORPUS for real ones)', files };
}

/** Large PNG and WebP files: the corpus's own, or three of the photos turned into each. */
export async function findOthers(photos) {
  const { PHOTO_CORPUS } = process.env;
  const folders = PHOTO_CORPUS ? ['2-png/large', '3-webp/large'].map((name) => path.join(PHOTO_CORPUS, name)) : [];
  if (folders.length && folders.every(existsSync)) {
    return { from: '2-png/large, 3-webp/large', files: folders.flatMap((folder) => readdirSync(folder).sort().map((name) => path.join(folder, name))) };
  }
  const folder = path.join(out, 'others');
  await mkdir(folder, { recursive: true });
  const files = [];
  for (const photo of photos.slice(0, 3)) {
    for (const format of ['png', 'webp']) {
      const file = path.join(folder, `${path.basename(photo, path.extname(photo))}.${format}`);
      if (!existsSync(file)) await requireRival('sharp')(photo).autoOrient().toFormat(format).toFile(file);
      files.push(file);
    }
  }
  return { from: 'made of the photos', files };
}
