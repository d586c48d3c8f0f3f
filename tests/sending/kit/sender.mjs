/** The sender as the package builds it: one module, with the resumable part beside it. Bundled from the sources on demand. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** @returns the folder with `supabase.js`, `rows.js` and what they load */
export async function bundleSender(out = path.join(root, 'build/sending')) {
  await mkdir(out, { recursive: true });
  const { outputFiles } = await build({
    write: false,
    entryPoints: {
      supabase: path.join(root, 'wasm/src/supabase/index.ts'),
      rows: path.join(root, 'wasm/src/rows.ts'),
    },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    target: 'es2022',
    external: ['node:*'],
    logLevel: 'warning',
  });
  // Test files that run side by side all bundle the same: each of them whole under its name, and left alone when it is there.
  for (const { path: file, contents } of outputFiles) {
    if ((await readFile(file).catch(() => null))?.equals(contents)) continue;
    await writeFile(`${file}.${process.pid}`, contents);
    await rename(`${file}.${process.pid}`, file);
  }
  return out;
}

let loaded;
/** The module `./supabase`; bundled once a process, or taken from SENDING_BUNDLE. */
export function loadSender() {
  loaded ??= (async () => {
    const folder = process.env.SENDING_BUNDLE || (await bundleSender());
    process.env.SENDING_BUNDLE = folder;
    return import(pathToFileURL(path.join(folder, 'supabase.js')).href);
  })();
  return loaded;
}

/** Rows from prepared photos by the package's own functions, without the binary: what it accepts is not checked here. */
export async function plainCore() {
  await loadSender();
  const { photoRow, mediaItemRow } = await import(pathToFileURL(path.join(process.env.SENDING_BUNDLE, 'rows.js')).href);
  const clean = (row) => JSON.parse(JSON.stringify(row));
  return {
    projectPayload: async (draft) => clean(draft),
    photoPayload: async (photo, facts) => clean(photoRow(photo, facts)),
    mediaItemPayload: async (photo, facts) => clean(mediaItemRow(photo, facts)),
  };
}
