// What the package is made of: versions.json, and a CycloneDX list of the libraries inside the binary.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Licences (SPDX) by the names that core/dependencies/CMakeLists.txt uses. One without an entry stops the build. */
const licences = {
  libjpeg_turbo: 'IJG AND BSD-3-Clause AND Zlib',
  libwebp: 'BSD-3-Clause',
  simdjson: 'Apache-2.0',
  zlib: 'Zlib',
  lcms2: 'MIT',
  highway: 'Apache-2.0',
};

/** Targets whose name is not the project's. */
const targets = { libjpeg_turbo: 'jpeg', libwebp: 'webp' };

/** Name and version of each pinned library, from the declarations themselves. */
async function declared(root) {
  const text = await readFile(path.join(root, 'core/dependencies/CMakeLists.txt'), 'utf8');
  return [...text.matchAll(/photo_declare\((\w+) [^\s]+\s+(\S+)/g)].map(([, name, url]) => ({
    name,
    version: /(\d+(?:\.\d+)+)(?:\.tar\.gz|\.zip)$/.exec(url)[1],
  }));
}

/** Keeps the libraries that the binary was linked with, where the build says so. */
async function linked(core, libraries) {
  const ninja = path.join(core, 'build.ninja');
  if (!existsSync(ninja)) return libraries;
  const text = await readFile(ninja, 'utf8');
  const line = text.split('\n').find((one) => /^build photo-core\.mjs[ :]/.test(one)) ?? '';
  return line ? libraries.filter(({ name }) => line.includes(`/lib${targets[name] ?? name}.a`)) : libraries;
}

/** Writes versions.json and sbom.cdx.json beside the package's own package.json. */
export async function writeInventory(root, core) {
  const own = JSON.parse(await readFile(path.join(root, 'wasm/package.json'), 'utf8'));
  const libraries = (await linked(core, await declared(root))).filter(({ name }) => name !== 'catch2');
  for (const { name } of libraries) {
    if (!licences[name]) throw new Error(`no licence is known for ${name}; add it to wasm/scripts/inventory.mjs`);
  }
  libraries.push({ name: 'tus-js-client', version: own.devDependencies['tus-js-client'], license: 'MIT' });
  const components = libraries.map(({ name, version, license = licences[name] }) => ({
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name: name.replace('_', '-'),
    version,
    licenses: [license.includes(' ') ? { expression: license } : { license: { id: license } }],
  }));
  const write = (file, data) => writeFile(path.join(root, 'wasm', file), `${JSON.stringify(data, null, 2)}\n`);
  await write('versions.json', {
    'photo-core': own.version,
    libraries: Object.fromEntries(
      libraries.map(({ name, version, license = licences[name] }) => [name.replace('_', '-'), { version, license }]),
    ),
  });
  const self = `${own.name}@${own.version}`;
  await write('sbom.cdx.json', {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'library',
        'bom-ref': self,
        name: own.name,
        version: own.version,
        licenses: [{ license: { id: own.license } }],
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((one) => one['bom-ref']) }],
  });
}
