// The tools of the matrix: each builds or serves the app in a folder of its own and says where to open it.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../browser/kit/packed.mjs';
import { serve, strictPolicy } from '../browser/kit/server.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const versionOf = async (name) =>
  JSON.parse(await readFile(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version;

const page = (script) => `<!doctype html><html><head><meta charset="utf-8"><title>app</title><link rel="icon" href="/photo.jpg"></head><body>${script}</body></html>\n`;
const modulePage = page('<script type="module" src="/main.js"></script>');

/** Writes the app's sources into a folder and gives its path. */
async function sources(folder, name, html = modulePage) {
  const app = path.join(folder, name);
  await rm(app, { recursive: true, force: true });
  await mkdir(app, { recursive: true });
  await cp(fileURLToPath(new URL('app.js', import.meta.url)), path.join(app, 'app.js'));
  await writeFile(path.join(app, 'main.js'), "import { start } from './app.js';\nstart();\n");
  await writeFile(path.join(app, 'index.html'), html);
  return app;
}

const dist = (folder) => path.join(folder, 'node_modules/@photomemory/photo-core/dist');

/** A built app, served under the strict policy. */
const serveBuilt = (site, photos, policy = strictPolicy) =>
  serve({ folders: [site, photos], headers: { 'content-security-policy': policy } });

/** The strict policy, with the scripts that stand in the page itself (an import map, Next's start) by their hashes. */
async function policyFor(file) {
  const html = await readFile(file, 'utf8');
  const hashes = [...html.matchAll(/<script(?: type="importmap"| id="[^"]*")?>([^<]+)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return strictPolicy.replace("script-src 'self'", ["script-src 'self'", ...hashes].join(' '));
}

async function viteBuild(name, folder, photos) {
  const vite = await import(name === 'vite' ? 'vite' : 'vite-7');
  const app = await sources(folder, `${name}-build`);
  await vite.build({ root: app, configFile: false, logLevel: 'warn', build: { outDir: 'site' } });
  const site = path.join(app, 'site');
  return { site, ...(await serveBuilt(site, photos)) };
}

async function viteDev(name, folder, photos, more = {}) {
  const vite = await import(name === 'vite' ? 'vite' : 'vite-7');
  const app = await sources(folder, `${name}-dev`);
  await cp(path.join(photos, 'photo.jpg'), path.join(app, 'public/photo.jpg'));
  const server = await vite.createServer({
    root: app,
    configFile: false,
    logLevel: 'error',
    cacheDir: path.join(app, '.vite'),
    server: {
      host: '127.0.0.1',
      port: 0,
      headers: { 'content-security-policy': strictPolicy },
      fs: { allow: [root] },
    },
    ...more,
  });
  await server.listen();
  const { port } = server.httpServer.address();
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function webpackBuild(folder, photos) {
  const webpack = require('webpack');
  const app = await sources(folder, 'webpack', page('<script src="/main.bundle.js"></script>'));
  const site = path.join(app, 'site');
  const stats = await new Promise((resolve, reject) =>
    webpack(
      {
        mode: 'production',
        context: app,
        entry: './main.js',
        output: { path: site, filename: 'main.bundle.js' },
        performance: false,
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    ),
  );
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  if (errors.length || warnings.length) throw new Error([...errors, ...warnings].map((one) => one.message).join('\n'));
  await cp(path.join(app, 'index.html'), path.join(site, 'index.html'));
  return { site, ...(await serveBuilt(site, photos)) };
}

/** The two assets that a bundler without asset handling needs beside its bundle. */
async function copyAssets(folder, site) {
  for (const name of ['worker.js', 'photo-core.wasm']) await cp(path.join(dist(folder), name), path.join(site, name));
}

async function rollupBuild(folder, photos) {
  const { rollup } = await import('rollup');
  const { nodeResolve } = await import('@rollup/plugin-node-resolve');
  const app = await sources(folder, 'rollup');
  const site = path.join(app, 'site');
  const bundle = await rollup({ input: path.join(app, 'main.js'), plugins: [nodeResolve({ browser: true })] });
  await bundle.write({ dir: site, format: 'es' });
  await bundle.close();
  await copyAssets(folder, site);
  await cp(path.join(app, 'index.html'), path.join(site, 'index.html'));
  return { site, ...(await serveBuilt(site, photos)) };
}

async function esbuildBuild(folder, photos) {
  const { build } = await import('esbuild');
  const app = await sources(folder, 'esbuild');
  const site = path.join(app, 'site');
  await build({
    entryPoints: [path.join(app, 'main.js')],
    outdir: site,
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    logLevel: 'error',
  });
  await copyAssets(folder, site);
  await cp(path.join(app, 'index.html'), path.join(site, 'index.html'));
  return { site, ...(await serveBuilt(site, photos)) };
}

async function nextBuild(builder, folder, photos) {
  const app = path.join(folder, `next-${builder}`);
  await rm(app, { recursive: true, force: true });
  await mkdir(path.join(app, 'pages'), { recursive: true });
  await cp(fileURLToPath(new URL('app.js', import.meta.url)), path.join(app, 'app.js'));
  // The package is imported at the top, so that the page's rendering on the server imports it too.
  await writeFile(
    path.join(app, 'pages/index.js'),
    [
      "import { createElement, useEffect } from 'react';",
      "import { start } from '../app.js';",
      'export default function Home() {',
      '  useEffect(() => start(), []);',
      "  return createElement('main', null, 'app');",
      '}',
      '',
    ].join('\n'),
  );
  await writeFile(path.join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  await writeFile(
    path.join(app, 'next.config.mjs'),
    `export default { output: 'export', devIndicators: false, turbopack: { root: ${JSON.stringify(root)} }, outputFileTracingRoot: ${JSON.stringify(root)} };\n`,
  );
  await run(process.execPath, [path.join(root, 'node_modules/next/dist/bin/next'), 'build', `--${builder}`], {
    cwd: app,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' },
    maxBuffer: 1 << 24,
  }).catch((error) => {
    throw new Error(`next build --${builder}: ${error.stdout}\n${error.stderr}`);
  });
  const site = path.join(app, 'out');
  return { site, ...(await serveBuilt(site, photos, await policyFor(path.join(site, 'index.html')))) };
}

async function importMap(folder, photos) {
  const map = JSON.stringify({ imports: { '@photomemory/photo-core': '/photo-core/index.js' } });
  const app = await sources(
    folder,
    'import-map',
    page(`<script type="importmap">${map}</script><script type="module" src="/main.js"></script>`),
  );
  await cp(dist(folder), path.join(app, 'photo-core'), { recursive: true });
  return { site: app, ...(await serveBuilt(app, photos, await policyFor(path.join(app, 'index.html')))) };
}

const none = 'none';
const copy = 'copy `worker.js` and `photo-core.wasm` beside the bundle';

/** Every line of the matrix, in the order of the table. */
export const tools = [
  { name: 'Vite 8, build', package: 'vite', settings: none, open: (...at) => viteBuild('vite', ...at) },
  { name: 'Vite 8, dev', package: 'vite', settings: none, open: (...at) => viteDev('vite', ...at) },
  { name: 'Vite 7, build', package: 'vite-7', settings: none, open: (...at) => viteBuild('vite-7', ...at) },
  {
    name: 'Vite 7, dev',
    package: 'vite-7',
    settings: "`optimizeDeps: { exclude: ['@photomemory/photo-core'] }`",
    open: (...at) => viteDev('vite-7', ...at, { optimizeDeps: { exclude: ['@photomemory/photo-core'] } }),
  },
  { name: 'webpack 5', package: 'webpack', settings: none, open: webpackBuild },
  { name: 'Rollup 4', package: 'rollup', settings: copy, open: rollupBuild },
  { name: 'esbuild', package: 'esbuild', settings: copy, open: esbuildBuild },
  { name: 'Next 16, Turbopack', package: 'next', settings: 'the page\'s own inline script, by its hash in `script-src`', open: (...at) => nextBuild('turbopack', ...at) },
  { name: 'Next 16, webpack', package: 'next', settings: none, open: (...at) => nextBuild('webpack', ...at) },
  { name: 'import map, no bundler', package: null, settings: 'the map, by its hash in `script-src`', open: importMap },
];

export const toolVersion = async (tool) => (tool.package ? versionOf(tool.package) : '');

/** File names that a build emitted. */
export async function emitted(site) {
  return (await readdir(site, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
}

export const href = (file) => pathToFileURL(file).href;
