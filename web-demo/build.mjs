// @ts-check
/** Builds the page into web-demo/dist with the packed npm package, as any user would import it. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = path.join(here, '..');

/**
 * Packs wasm/ and unpacks it, so that the page sees what npm would install.
 * @param {string} packed an own folder for it @returns {Promise<string>} the package's folder in it
 */
async function unpackPackage(packed) {
  await rm(packed, { recursive: true, force: true });
  await mkdir(packed, { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], { cwd: path.join(root, 'wasm') });
  const archive = (await readdir(packed)).find((name) => name.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', path.join(packed, String(archive)), '-C', packed]);
  return path.join(packed, 'package');
}

/** @param {{ packed?: string, out?: string }} [folders] emptied first; of one's own where two builds may meet */
export async function buildPage({ packed = path.join(root, 'build/demo'), out = path.join(here, 'dist') } = {}) {
  const installed = await unpackPackage(packed);
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
      outDir: out,
      emptyOutDir: true,
      target: 'es2022',
      // Inlined assets would be data: URLs, and the polyfill an inline script: the policy allows neither.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // A slow machine is no news about the page.
      rolldownOptions: { checks: { pluginTimings: false } },
    },
  });
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildPage());
