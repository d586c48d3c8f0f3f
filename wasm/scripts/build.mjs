// Builds the npm package into wasm/dist/, flat: what users install and nothing else.
//   node wasm/scripts/build.mjs [--core DIR] [--out DIR] [--scripts-only]
// --core: folder of the compiled core, photo-core.mjs and photo-core.wasm; default build/wasm.
// --scripts-only: no types, no inventory, no sizes.
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { minify } from 'terser';
import { dts } from 'rollup-plugin-dts';
import { checkSizes } from './sizes.mjs';
import { writeInventory } from './inventory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = path.join(root, 'wasm/src');
const { values } = parseArgs({
  options: { core: { type: 'string' }, out: { type: 'string' }, 'scripts-only': { type: 'boolean' } },
});
const core = path.resolve(values.core ?? path.join(root, 'build/wasm'));
const out = path.resolve(values.out ?? path.join(root, 'wasm/dist'));
const glue = path.join(core, 'photo-core.mjs');

for (const file of [glue, path.join(core, 'photo-core.wasm')]) {
  if (!existsSync(file)) {
    console.error(`${file} is missing: build the core first (cmake --workflow --preset wasm).`);
    process.exit(1);
  }
}

const languages = (await readdir(path.join(source, 'messages'))).map((name) => name.split('.')[0]);

/** Every file of the package that is loaded as a whole, by its name in dist. */
const entries = {
  index: 'index.ts',
  worker: 'worker.ts',
  cli: 'cli.ts',
  supabase: 'supabase/index.ts',
  'supabase-tus': 'supabase/tus.ts',
  batch: 'batch.ts',
  inline: 'inline.ts',
  diagnose: 'diagnose.ts',
  capture: 'foreign_capture.ts',
  sentences: 'sentences.ts',
  thumbhash: 'thumbhash.ts',
  rows: 'rows.ts',
  ...Object.fromEntries(languages.map((language) => [`messages-${language}`, `messages/${language}.gen.ts`])),
};
for (const [name, file] of Object.entries(entries)) {
  if (!existsSync(path.join(source, file))) delete entries[name];
}
const entryOf = new Map(Object.entries(entries).map(([name, file]) => [path.join(source, file), name]));

/** Files that stand for another entry: the error class must exist once, in index.js. */
const provided = new Map([[path.join(source, 'error.ts'), 'index']]);

/** Keeps entries apart: an import of another entry stays an import of its file. */
const separateEntries = (own) => ({
  name: 'separate-entries',
  setup(bundler) {
    bundler.onResolve({ filter: /^#glue$/ }, () => ({ path: glue }));
    bundler.onResolve({ filter: /^\.{1,2}\// }, ({ path: name, resolveDir, kind }) => {
      if (kind === 'entry-point' || resolveDir === core) return null;
      const file = path.join(resolveDir, name.replace(/\.js$/, '.ts'));
      const entry = entryOf.get(file) ?? (['supabase', 'supabase-tus'].includes(own) ? provided.get(file) : undefined);
      return entry && entry !== own ? { path: `./${entry}.js`, external: true } : null;
    });
  },
});

/**
 * Dead code of the glue: the package hands the compiled module over, so its own ways to find and fetch the binary are never
 * gone; every environment has `globalThis`, nobody reads the environment variables of a page, and no function of the core takes
 * a number of 64 bits. Saying so lets the minifier drop them (1 KB of brotli); what embind says of bindings that do not fit
 * their binary, which no build has, becomes one word. Glue that is written otherwise stays as it is.
 */
const deadGlue = [
  [/if \(Module(?:\["instantiateWasm"\]|\.instantiateWasm)\) \{\s*try \{\s*(return Module[^;]*;)\s*\} catch \(e\) \{[\s\S]*?\n\s*\}\s*\n\s*\}\n/, '$1\n'],
  [/typeof importScripts == "function"/, 'false'],
  [/typeof process == "object" && typeof process\.versions == "object" && [^;]*;/, 'false;'],
  [/if \(ENVIRONMENT_IS_WEB \|\| ENVIRONMENT_IS_WORKER\)/, 'if (false)'],
  [/if \(typeof globalThis == "object"\)/, 'if (true)'],
  [/var getEnvStrings = \(\) => \{[\s\S]*?return getEnvStrings\.strings;\s*\};/, 'var getEnvStrings = () => [];'],
  [/getEnvStrings\(\)\.forEach\(\(string, i\) => \{[\s\S]*?\n\s*\}\);/, ''],
  [/strings\.forEach\(\(string\) => bufSize \+= string\.length \+ 1\);/, ''],
  [/if \(sig\.includes\("j"\)\) \{\s*return dynCallLegacy[^}]*\}/, ''],
  [/throw(?:Binding|Internal)Error\((?:`[^`]*`|"[^"]*")\)/g, 'throwBindingError("embind")'],
  [/if \(signature\.includes\("j"\)\) \{\s*return getDynCaller[^}]*\}/, ''],
  // The same as newer Emscriptens write it, whose glue names `import.meta` whatever it is told.
  [/if \(instantiateWasm\) \{\s*(return new Promise[\s\S]*?\n\s*\}\);)\s*\}\s*wasmBinaryFile \?\?= [\s\S]*?return exports[^;]*;/, '$1'],
  [/function findWasmBinary\(\) \{[\s\S]*?import\.meta[\s\S]*?\n\s*\}\n/, ''],
  [/var _scriptName = import\.meta\.url;/, ''],
  [/for \(var string of (?:getEnvStrings\(\)|strings)\) \{[\s\S]*?\n\s*\}/g, ''],
];
function slimGlue(code) {
  if (/\bdynCall_\w+ = /.test(code)) throw new Error('a function of the core takes a number of 64 bits: what deadGlue says of them is no longer so');
  return deadGlue.reduce((text, [dead, rest]) => text.replace(dead, rest), code);
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

/** Folders of the npm packages of which a part is in the bundles. */
const bundledPackages = new Set();
function notePackages({ outputs }) {
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (folder && bytesInOutput) bundledPackages.add(path.resolve(folder));
    }
  }
}

for (const [name, file] of Object.entries(entries)) {
  const bundled = await build({
    entryPoints: [path.join(source, file)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: name === 'cli' ? 'node' : 'neutral',
    mainFields: ['browser', 'module', 'main'], // of tus-js-client and what it needs, the only packages that are bundled
    target: 'es2022',
    legalComments: 'none',
    charset: 'utf8',
    banner: name === 'cli' ? { js: '#!/usr/bin/env node' } : {},
    external: ['node:*', '@supabase/supabase-js'],
    plugins: [separateEntries(name)],
    logLevel: 'warning',
    metafile: true,
  });
  notePackages(bundled.metafile);
  const { code } = await minify(slimGlue(bundled.outputFiles[0].text), {
    module: true,
    ecma: 2022,
    compress: { passes: 3, keep_fargs: false, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
    // What a console shows before an error's own name.
    mangle: { reserved: ['PhotoError'] },
    format: { comments: false },
  });
  await writeFile(path.join(out, `${name}.js`), code, name === 'cli' ? { mode: 0o755 } : {});
}

await cp(path.join(core, 'photo-core.wasm'), path.join(out, 'photo-core.wasm'));
if (values['scripts-only']) process.exit();

const types = await rollup({
  input: Object.fromEntries(
    ['index', 'supabase'].filter((name) => entries[name]).map((name) => [name, path.join(source, entries[name])]),
  ),
  external: [/^node:/, '#glue', '@supabase/supabase-js'],
  plugins: [dts({ tsconfig: path.join(root, 'wasm/tsconfig.json'), compilerOptions: { noEmit: false, stripInternal: false } })],
  onwarn: (warning) => warning.code !== 'UNUSED_EXTERNAL_IMPORT' && console.warn(warning.message),
});
await types.write({ dir: out, entryFileNames: '[name].d.ts', chunkFileNames: 'types.d.ts' });
await types.close();
// Nobody calls the worker but the package; its address is all that is public.
await writeFile(path.join(out, 'worker.d.ts'), 'export {};\n');

for (const file of ['LICENSE', 'THIRD_PARTY.md']) {
  if (existsSync(path.join(root, file))) await cp(path.join(root, file), path.join(root, 'wasm', file));
}
await writeInventory(root, core, [...bundledPackages].sort());
// The gate is a test's: what another Emscripten makes may be a little larger, and works.
await checkSizes(out, path.join(root, 'wasm/size-budget.json')).catch(({ message }) => console.error(message));
