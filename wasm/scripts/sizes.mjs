// The size gate: brotli sizes of the shipped files against size-budget.json.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** Bytes of one file under brotli 11. */
export async function brotliSize(file) {
  const bytes = await readFile(file);
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_LGWIN]: 24 },
  }).length;
}

/** Prints each size and throws when one passes its budget. */
export async function checkSizes(dist, budgetFile) {
  const { about: _, ...budget } = JSON.parse(await readFile(budgetFile, 'utf8'));
  const parts = { shim: ['index.js', 'worker.js'] };
  const over = [];
  for (const [name, limit] of Object.entries(budget)) {
    let bytes = 0;
    for (const file of parts[name] ?? [name]) bytes += await brotliSize(path.join(dist, file));
    console.log(`${name}: ${bytes} of ${limit} bytes (brotli)`);
    if (bytes > limit) over.push(`${name} is ${bytes - limit} bytes over its budget of ${limit}`);
  }
  if (over.length) throw new Error(`size budget: ${over.join('; ')}`);
}
