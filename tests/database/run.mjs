// Everything about the database: pgTAP in PGlite, pgTAP on PostgreSQL with both kinds of default
// grants, then the tests in JavaScript. `node run.mjs pglite|postgresql|node` runs one of the parts.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { here } from './migrations.mjs';
import { runAllOnCluster } from './tap_cluster.mjs';
import { runAllInPglite } from './tap_pglite.mjs';

const parts = {
  async pglite() {
    let failures = 0;
    for (const grants of ['old', 'new']) {
      console.log(`pgTAP in PGlite, default grants: ${grants}`);
      const { passed, failed } = await runAllInPglite({ grants });
      console.log(`${passed} passed, ${failed} failed`);
      failures += failed;
    }
    return failures === 0;
  },
  postgresql: () => runAllOnCluster(),
  node: () => spawnSync('bash', [path.join(here, '../node.sh'), 'database'], { stdio: 'inherit' }).status === 0,
};

const asked = process.argv.slice(2);
for (const name of asked) {
  if (!(name in parts)) {
    console.error(`unknown part ${name}; there are ${Object.keys(parts).join(', ')}`);
    process.exit(2);
  }
}
const failed = [];
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const started = Date.now();
  if (!(await parts[name]())) failed.push(name);
  console.log(`database tests, ${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
if (failed.length > 0) {
  console.error(`FAILED: ${failed.join(', ')}`);
  process.exit(1);
}
