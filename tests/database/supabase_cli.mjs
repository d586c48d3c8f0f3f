// The Supabase CLI from npm, without telemetry and without the user's own settings.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const manifest = createRequire(import.meta.url).resolve('supabase/package.json');

function program() {
  const { bin } = createRequire(import.meta.url)(manifest);
  return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin.supabase);
}

/** Runs `supabase ...parameters`; returns `{ status, stdout, stderr }`. */
export function supabase(...parameters) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'photo-core-cli-'));
  try {
    const file = program();
    const script = /\.[cm]?js$/.test(file);
    const result = spawnSync(script ? process.execPath : file, script ? [file, ...parameters] : parameters, {
      env: { ...process.env, HOME: home, DO_NOT_TRACK: '1', PGSSLMODE: 'disable', SUPABASE_YES: 'true' },
      cwd: home,
      encoding: 'utf8',
      timeout: 120_000,
    });
    if (result.error) throw result.error;
    return result;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
