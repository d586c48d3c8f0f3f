// The package as users get it: packed by npm and installed from the archive.
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Folders of the tests' own, under build/. */
export const scratch = (...names) => path.join(root, 'build/tests', ...names);

/** Packs wasm/ and gives the archive's path. */
export async function pack(folder) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.endsWith('.tgz')) await rm(path.join(folder, name));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: path.join(root, 'wasm'),
  });
  const [{ filename, files }] = JSON.parse(stdout);
  return { archive: path.join(folder, filename), files: files.map((file) => file.path) };
}

/** Installs the packed package into an empty folder, without network. */
export async function installPacked(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const { archive, files } = await pack(`${folder}.pack`);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', archive], {
    cwd: folder,
  });
  return { package: path.join(folder, 'node_modules/@photomemory/photo-core'), files };
}
