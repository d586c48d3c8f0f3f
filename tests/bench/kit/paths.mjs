import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const out = path.join(root, 'build/bench');

/** The built package to measure; `BENCH_DIST` names another build of it. */
export const dist = process.env.BENCH_DIST || path.join(root, 'wasm/dist');

const rivals = path.join(root, 'tests/bench/rivals');
export const requireRival = createRequire(path.join(rivals, 'package.json'));
export const rivalFile = (name) => path.join(rivals, 'node_modules', name);
export const importRival = (name) => import(pathToFileURL(rivalFile(name)).href);
export const rivalVersion = (name) => requireRival(rivalFile(`${name}/package.json`)).version;
