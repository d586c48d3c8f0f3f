// @ts-check
/**
 * Where the bytes of stored objects live: the storage adapters of `@supabase/lite`,
 * whose own ones are documented but not exported.
 *
 * Both keep an object under `<bucket>/<key>` with its type beside it. A key has been
 * checked by the fetch adapter before it arrives here (plain ASCII, no `..`).
 */

/** @typedef {{ bytes: Uint8Array, mimetype: string, cacheControl: string, etag: string, lastModified: Date }} StoredFile */

/** @param {unknown} body @returns {Promise<Uint8Array>} */
async function bytesOf(body) {
  if (body instanceof Uint8Array) return body;
  return new Uint8Array(await new Response(/** @type {any} */ (body)).arrayBuffer());
}

/** @param {Uint8Array} bytes */
async function etagOf(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', /** @type {any} */ (bytes));
  return `"${[...new Uint8Array(digest).slice(0, 16)].map((b) => b.toString(16).padStart(2, '0')).join('')}"`;
}

/** @param {StoredFile} file */
function metadataOf(file) {
  return {
    cacheControl: file.cacheControl,
    contentLength: file.bytes.length,
    size: file.bytes.length,
    mimetype: file.mimetype,
    lastModified: file.lastModified,
    eTag: file.etag,
    httpStatusCode: 200,
  };
}

/**
 * The adapter over any map-like store.
 * @param {{ get(key: string): Promise<StoredFile | undefined>, set(key: string, file: StoredFile): Promise<void>, delete(key: string): Promise<void> }} store
 */
function adapterOver(store) {
  const key = (/** @type {string} */ bucket, /** @type {string} */ name) => `${bucket}/${name}`;
  const need = async (/** @type {string} */ bucket, /** @type {string} */ name) => {
    const file = await store.get(key(bucket, name));
    if (!file) throw new Error(`No file for ${key(bucket, name)}`);
    return file;
  };
  return {
    driver: store,
    async getObject(/** @type {string} */ bucket, /** @type {string} */ name) {
      const file = await store.get(key(bucket, name));
      return file
        ? { metadata: metadataOf(file), httpStatusCode: 200, body: file.bytes }
        : { metadata: /** @type {any} */ ({}), httpStatusCode: 404 };
    },
    async uploadObject(
      /** @type {string} */ bucket, /** @type {string} */ name, /** @type {unknown} */ _version,
      /** @type {unknown} */ body, /** @type {string} */ mimetype, /** @type {string} */ cacheControl,
    ) {
      const bytes = await bytesOf(body);
      const file = { bytes, mimetype, cacheControl, etag: await etagOf(bytes), lastModified: new Date() };
      await store.set(key(bucket, name), file);
      return metadataOf(file);
    },
    async deleteObject(/** @type {string} */ bucket, /** @type {string} */ name) {
      await store.delete(key(bucket, name));
    },
    async deleteObjects(/** @type {string} */ bucket, /** @type {string[]} */ names) {
      for (const name of names) await store.delete(key(bucket, name));
    },
    async copyObject(
      /** @type {string} */ bucket, /** @type {string} */ name, /** @type {unknown} */ _version,
      /** @type {string} */ toBucket, /** @type {string} */ toName,
    ) {
      const file = { ...(await need(bucket, name)), lastModified: new Date() };
      await store.set(key(toBucket, toName), file);
      return { httpStatusCode: 200, eTag: file.etag, lastModified: file.lastModified };
    },
    async headObject(/** @type {string} */ bucket, /** @type {string} */ name) {
      return metadataOf(await need(bucket, name));
    },
    async privateAssetUrl(/** @type {string} */ bucket, /** @type {string} */ name) {
      return key(bucket, name);
    },
  };
}

/** Files in memory: for tests and for a backend that lives in a page. */
export function memoryFiles() {
  /** @type {Map<string, StoredFile>} */
  const files = new Map();
  return Object.assign(
    adapterOver({
      async get(key) { return files.get(key); },
      async set(key, file) { files.set(key, file); },
      async delete(key) { files.delete(key); },
    }),
    { files },
  );
}

/**
 * Files in a folder of this machine. A file is written beside its place and renamed into it,
 * its facts go into `<name>.json`.
 * @param {string} folder
 */
export async function folderFiles(folder) {
  const fs = await import('node:fs/promises');
  const path = await import('node:path');
  const placeOf = (/** @type {string} */ key) => path.join(folder, ...key.split('/').map(encodeURIComponent));
  return adapterOver({
    async get(key) {
      const place = placeOf(key);
      try {
        const facts = JSON.parse(await fs.readFile(`${place}.json`, 'utf8'));
        return { ...facts, lastModified: new Date(facts.lastModified), bytes: new Uint8Array(await fs.readFile(place)) };
      } catch {
        return undefined;
      }
    },
    async set(key, { bytes, ...facts }) {
      const place = placeOf(key);
      await fs.mkdir(path.dirname(place), { recursive: true });
      const part = `${place}.${crypto.randomUUID()}.part`;
      await fs.writeFile(part, bytes);
      await fs.writeFile(`${place}.json`, JSON.stringify(facts));
      await fs.rename(part, place);
    },
    async delete(key) {
      await fs.rm(placeOf(key), { force: true });
      await fs.rm(`${placeOf(key)}.json`, { force: true });
    },
  });
}
