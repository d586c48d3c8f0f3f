// A small differential run with a fixed seed; `make differential N=100000 SEED=…` is the large one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeDisagreement, runDifferential } from './differential.mjs';

test('core and database agree on 3 000 generated documents', async () => {
  const totals = await runDifferential({ count: 3000, seed: 20_261_122 });
  assert.deepEqual(totals.disagreements.slice(0, 5).map(describeDisagreement), []);
  assert.equal(totals.documents, 3000);
  // Documents that all fail, or all pass, would show nothing.
  assert.ok(totals.accepted > 900 && totals.refused > 900, `${totals.accepted} accepted, ${totals.refused} refused`);
});
