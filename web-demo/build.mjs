// @ts-check
/** Builds the page into web-demo/dist with the packed npm package, as any user would import it. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = path.join(here, '..');
const packed = path.join(root, 'build/demo');

/** Packs wasm/ and unpacks it, so that the page sees what npm would install. @returns {Promise<string>} its folder */
async function unpackPackage() {
  await rm(packed, { recursive: true, force: true });
  await mkdir(packed, { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], { cwd: path.join(root, 'wasm') });
  const archive = (await readdir(packed)).find((name) => name.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', path.join(packed, String(archive)), '-C', packed]);
  return path.join(packed, 'package');
}

export async function buildPage() {
  const installed = await unpackPackage();
  await build({
    root: path.join(here, 'page'),
    base: './',
    configFile: false,
    logLevel: 'warn',
    resolve: {
      alias: [
        { find: /^@photomemory\/photo-core$/, replacement: path.join(installed, 'dist/index.js') },
        { find: /^@photomemory\/photo-core\/supabase$/, replacement: path.join(installed, 'dist/supabase.js') },
      ],
    },
    worker: { format: 'es' },
    build: {
      outDir: path.join(here, 'dist'),
      emptyOutDir: true,
      target: 'es2022',
      // Inlined assets would be data: URLs, and the polyfill an inline script: the policy allows neither.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  return path.join(here, 'dist');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildPage());
