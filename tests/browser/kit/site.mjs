// The site of the browser tests: the page, the built package and photos, under the strict policy.
import { mkdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, scratch } from './packed.mjs';
import { makeJpeg } from './photo.mjs';
import { serve, strictPolicy } from './server.mjs';

const page = fileURLToPath(new URL('../page', import.meta.url));

/** Made once: the sites of test files that run side by side are one folder. */
const link = (target, place) =>
  symlink(target, place).catch(async (error) => {
    if (error.code !== 'EEXIST' || (await readlink(place)) !== target) throw error;
  });

/** photo-1 to photo-4: 12 megapixels; photo-5 and photo-6: 3 megapixels. */
export async function openSite({ policy = strictPolicy, routes = {}, headers = {} } = {}) {
  const folder = scratch('linked-site');
  await mkdir(folder, { recursive: true });
  for (let n = 1; n <= 6; n++) {
    const { file } = await (n <= 4 ? makeJpeg(4032, 3024, n) : makeJpeg(2016, 1512, n));
    await link(file, path.join(folder, `photo-${n}.jpg`));
  }
  await link(path.join(root, 'wasm/dist'), path.join(folder, 'photo-core'));
  return serve({ folders: [page, folder], routes, headers: { 'content-security-policy': policy, ...headers } });
}

/** What twenty photos must give, in every browser. */
export const twentySeen = Array.from({ length: 20 }, (_, n) => `${n} 2000x1500 image/jpeg`);
