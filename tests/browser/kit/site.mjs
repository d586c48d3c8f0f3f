// The site of the browser tests: the page, the built package and photos, under the strict policy.
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, scratch } from './packed.mjs';
import { makeJpeg } from './photo.mjs';
import { serve, strictPolicy } from './server.mjs';

const page = fileURLToPath(new URL('../page', import.meta.url));

/** photo-1 to photo-4: 12 megapixels; photo-5 and photo-6: 3 megapixels. */
export async function openSite({ policy = strictPolicy, routes = {}, headers = {} } = {}) {
  const folder = scratch('site');
  await mkdir(folder, { recursive: true });
  for (let n = 1; n <= 6; n++) {
    const { file } = await (n <= 4 ? makeJpeg(4032, 3024, n) : makeJpeg(2016, 1512, n));
    await copyFile(file, path.join(folder, `photo-${n}.jpg`));
  }
  await rm(path.join(folder, 'photo-core'), { recursive: true, force: true });
  await symlink(path.join(root, 'wasm/dist'), path.join(folder, 'photo-core'));
  return serve({ folders: [page, folder], routes, headers: { 'content-security-policy': policy, ...headers } });
}

/** What twenty photos must give, in every browser. */
export const twentySeen = Array.from({ length: 20 }, (_, n) => `${n} 2000x1500 image/jpeg`);
