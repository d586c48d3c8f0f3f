// The photos of a run: a folder's JPEG files, or photos made here.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

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
