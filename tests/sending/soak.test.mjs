// Fifty batches under faults and kills with a fixed seed; `make soak` runs a thousand and any seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak, summaryOf } from './soak.mjs';

test('fifty batches under random faults and kills: nothing lost, doubled, orphaned or out of order', { timeout: 600_000 }, async (t) => {
  const result = await soak({ batches: 50, seed: 20261122 });
  t.diagnostic(summaryOf(20261122, result));
  assert.deepEqual(result.lost, []);
  assert.deepEqual(result.doubled, []);
  assert.deepEqual(result.orphans, []);
  assert.deepEqual(result.wrongOrders, []);
  assert.equal(result.left, 0);
  assert.equal(result.photos > 100, true, 'photos were sent');
  assert.ok(result.faults > 30, `${result.faults} faults`);
  assert.ok(result.kills > 2, `${result.kills} kills`);
  assert.ok(result.worstWaitS < 600, `${result.worstWaitS} s of virtual time`);
});
