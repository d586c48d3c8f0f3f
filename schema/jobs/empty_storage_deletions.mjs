#!/usr/bin/env node
// Run regularly, for example every ten minutes, where the service role's key is kept:
//
//   SUPABASE_URL=… SUPABASE_SERVICE_ROLE_KEY=… node schema/jobs/empty_storage_deletions.mjs
//
// Prints one line of JSON. Exit code 0: everything due was removed; 1: something was not; 2: wrong usage.

import { createClient } from '@supabase/supabase-js';
import { emptyStorageDeletions } from './storage_deletions.mjs';

const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = process.env;
if (!url || !key) {
  console.error('SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY must be set');
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

try {
  const client = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Nothing here listens; without this, Node before 22 would miss a WebSocket.
    realtime: { transport: class {} },
  });
  const outcome = await emptyStorageDeletions(client, { signal: stop.signal });
  console.log(JSON.stringify(outcome));
  process.exitCode = outcome.failed === 0 ? 0 : 1;
} catch (error) {
  console.error(JSON.stringify({ error: error.message, code: error.code }));
  process.exitCode = 1;
}
