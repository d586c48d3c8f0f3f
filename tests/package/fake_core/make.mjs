// Writes the stand-in core into a folder that the package's build script takes with --core.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** An empty WebAssembly module. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export async function makeFakeCore(folder) {
  await mkdir(folder, { recursive: true });
  await cp(new URL('photo-core.mjs', import.meta.url), path.join(folder, 'photo-core.mjs'));
  await writeFile(path.join(folder, 'photo-core.wasm'), empty);
}

if (process.argv[2]) await makeFakeCore(path.resolve(process.argv[2]));
