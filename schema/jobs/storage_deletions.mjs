// Empties private.storage_deletions through the Storage API, which alone may remove files.
//
// The queue hands files out for some minutes at a time, so that several jobs may run at once, and a
// job that dies half way costs nothing: its files are handed out again, and a file that is removed
// twice was removed.

/**
 * @typedef {object} Outcome
 * @property {number} removed  files that are no longer in Storage, whoever removed them
 * @property {number} failed   files that stay queued, to be tried again later
 */

/**
 * Removes every file that is due.
 * @param {import('@supabase/supabase-js').SupabaseClient} client  with the service role's key
 * @param {object} [options]
 * @param {number} [options.batchSize]  files asked for at once, 1 to 1000
 * @param {number} [options.maxBatches] stops after so many, for a run that must end
 * @param {AbortSignal} [options.signal] stops between two batches
 * @returns {Promise<Outcome>}
 * @throws the client's error when the queue itself cannot be read or written
 */
export async function emptyStorageDeletions(client, { batchSize = 100, maxBatches = 1000, signal } = {}) {
  const outcome = { removed: 0, failed: 0 };
  for (let batch = 0; batch < maxBatches && !signal?.aborted; batch += 1) {
    const claimed = await unwrap(client.rpc('claim_storage_deletions', { batch_size: batchSize }));
    if (claimed.length === 0) return outcome;
    for (const [bucket, names] of namesByBucket(claimed)) {
      const failure = await remove(client, bucket, names);
      await unwrap(client.rpc('settle_storage_deletions', { bucket, names, ...(failure ? { failure } : {}) }));
      if (failure) outcome.failed += names.length;
      else outcome.removed += names.length;
    }
  }
  return outcome;
}

function namesByBucket(rows) {
  const buckets = new Map();
  for (const row of rows) {
    const names = buckets.get(row.bucket_id) ?? [];
    names.push(row.object_name);
    buckets.set(row.bucket_id, names);
  }
  return buckets;
}

/** Resolves to why the files could not be removed, or to undefined. */
async function remove(client, bucket, names) {
  try {
    const { error } = await client.storage.from(bucket).remove(names);
    return error ? String(error.message || error.name || 'unknown error') : undefined;
  } catch (error) {
    return String(error?.message ?? error);
  }
}

async function unwrap(request) {
  const { data, error } = await request;
  if (error) throw error instanceof Error ? error : Object.assign(new Error(error.message), error);
  return data;
}
