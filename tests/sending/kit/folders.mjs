/** Folders for outboxes: one for each test file, gone after it. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

/** The folder of the test file that calls, at its beginning. */
export function ownFolder() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'photo-core-outbox-'));
  after(() => rm(home, { recursive: true, force: true }));
  return home;
}
