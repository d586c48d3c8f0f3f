// How many workers, on which device.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { load } from './kit.mjs';

let defaultWorkers;
before(async () => ({ defaultWorkers } = await load('host.ts')));

const desktop = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0';
for (const [name, device, workers] of [
  ['one core', { hardwareConcurrency: 1, userAgent: desktop }, 1],
  ['two cores', { hardwareConcurrency: 2, userAgent: desktop }, 1],
  ['four cores', { hardwareConcurrency: 4, userAgent: desktop }, 3],
  ['sixteen cores', { hardwareConcurrency: 16, userAgent: desktop }, 4],
  ['little memory', { hardwareConcurrency: 16, deviceMemory: 4, userAgent: desktop }, 2],
  ['much memory', { hardwareConcurrency: 16, deviceMemory: 8, userAgent: desktop }, 4],
  ['a phone by its hints', { hardwareConcurrency: 8, deviceMemory: 8, userAgentData: { mobile: true }, userAgent: desktop }, 2],
  ['a phone by its name', { hardwareConcurrency: 6, userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148' }, 2],
]) {
  test(`${name}: ${workers}`, () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: device, configurable: true });
    try {
      assert.equal(defaultWorkers(), workers);
    } finally {
      if (before) Object.defineProperty(globalThis, 'navigator', before);
      else delete globalThis.navigator;
    }
  });
}
