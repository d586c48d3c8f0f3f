// Ends with 0 where building the npm package would make what is there: nothing that goes into it changed since it was
// built, and nothing that came out.
//   node wasm/scripts/unchanged.mjs [--keep]
// --keep: after a build that went well, remember its state in build/npm-package.sha256.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = path.join(root, 'build/npm-package.sha256');
/** Outside wasm/: the compiled core, what the inventory and the types are made from, and the API's pages. */
const outside = [
  'build/wasm/photo-core.mjs',
  'build/wasm/photo-core.wasm',
  'core/dependencies/CMakeLists.txt',
  'package-lock.json',
  'LICENSE',
  'THIRD_PARTY.md',
  'build/api/index.html',
];
/** Both sources and outputs: wasm/dist, versions.json and the like are built in place. */
const inside = readdirSync(path.join(root, 'wasm'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
  .filter((file) => !/(^|[/\\])(node_modules|toolchain)[/\\]/.test(file))
  .sort();

const hash = createHash('sha256').update(process.version);
for (const file of [...outside, ...inside]) {
  const content = existsSync(path.join(root, file)) ? readFileSync(path.join(root, file)) : Buffer.alloc(0);
  hash.update(`\0${file}\0${content.length}\0`).update(content);
}
const now = hash.digest('hex');
if (process.argv.includes('--keep')) writeFileSync(kept, now);
else process.exitCode = existsSync(kept) && readFileSync(kept, 'utf8') === now ? 0 : 1;
