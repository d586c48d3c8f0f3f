// What the package is made of: versions.json, and a CycloneDX list of the libraries inside the binary.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Licences (SPDX) of what may be bundled. A library without an entry here stops the build. */
const licences = {
  'libjpeg-turbo': 'IJG AND BSD-3-Clause AND Zlib',
  libwebp: 'BSD-3-Clause',
  simdjson: 'Apache-2.0',
  zlib: 'Zlib',
  libspng: 'BSD-2-Clause',
  libpng: 'libpng-2.0',
  lcms2: 'MIT',
  highway: 'Apache-2.0',
  emscripten: 'MIT',
};

const component = (name, version) => ({
  type: 'library',
  'bom-ref': `${name}@${version}`,
  name,
  version,
  licenses: [licences[name].includes(' ') ? { expression: licences[name] } : { license: { id: licences[name] } }],
});

/** Asks the built package what is in it, so that the list cannot drift from the binary. */
export async function writeInventory(root, dist) {
  const own = JSON.parse(await readFile(path.join(root, 'wasm/package.json'), 'utf8'));
  const { createPhotoCore } = await import(pathToFileURL(path.join(dist, 'index.js')).href);
  const core = await createPhotoCore({ workers: 0 });
  const { photo_core: _, 'photo-core': __, ...versions } = await core.versions();
  core.close();
  for (const name of Object.keys(versions)) {
    if (!licences[name]) throw new Error(`versions(): no licence is known for ${name}; add it to wasm/scripts/inventory.mjs`);
  }
  const libraries = Object.fromEntries(
    Object.entries(versions).sort().map(([name, version]) => [name, { version, license: licences[name] }]),
  );
  const write = (file, data) => writeFile(path.join(root, 'wasm', file), `${JSON.stringify(data, null, 2)}\n`);
  await write('versions.json', { 'photo-core': own.version, libraries });
  await write('sbom.cdx.json', {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'library', 'bom-ref': `${own.name}@${own.version}`, name: own.name, version: own.version, licenses: [{ license: { id: own.license } }] },
    },
    components: Object.entries(versions).sort().map(([name, version]) => component(name, version)),
    dependencies: [
      { ref: `${own.name}@${own.version}`, dependsOn: Object.entries(versions).sort().map(([name, version]) => `${name}@${version}`) },
    ],
  });
}
