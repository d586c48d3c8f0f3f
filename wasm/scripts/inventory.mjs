// What the package is made of: versions.json, the same as CycloneDX, and NOTICES.txt with everybody's licence.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Licences (SPDX) by the names that core/dependencies/CMakeLists.txt uses. One without an entry stops the build. */
const licences = {
  libjpeg_turbo: 'IJG AND BSD-3-Clause AND Zlib',
  libwebp: 'BSD-3-Clause',
  simdjson: 'Apache-2.0',
  zlib: 'Zlib',
};

/** Targets whose name is not the project's. */
const targets = { libjpeg_turbo: 'jpeg', libwebp: 'webp' };

/** Name, version and address of each pinned library, from the declarations themselves. */
async function declared(root) {
  const text = await readFile(path.join(root, 'core/dependencies/CMakeLists.txt'), 'utf8');
  return [...text.matchAll(/photo_declare\((\w+) ([\w-]+)\s+(https:\S+)/g)].map(([, target, name, url]) => ({
    target,
    name,
    url,
    version: /(\d+(?:\.\d+)+)(?:\.tar\.gz|\.zip)$/.exec(url)[1],
  }));
}

/** Keeps the libraries that the binary was linked with. */
async function linked(core, libraries) {
  const text = await readFile(path.join(core, 'build.ninja'), 'utf8');
  const line = text.split('\n').find((one) => /^build photo-core\.mjs[ :]/.test(one)) ?? '';
  const found = libraries.filter(({ target }) => line.includes(`/lib${targets[target] ?? target}.a`));
  if (!found.length) throw new Error(`${core}/build.ninja names no library that the binary is linked with`);
  return found;
}

/** The licence texts in a folder, one after the other. */
async function notices(folder) {
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|copyright|patents|readme\.ijg)/i.test(name)).sort() : [];
  if (!names.length) throw new Error(`no licence is in ${folder}: configure the WebAssembly build again`);
  return (await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))).map((text) => text.trim()).join('\n\n');
}

/** A library of the binary. Its sources may be the distribution's, whose revision tells which of its patches are in. */
async function library(core, { target, name, url, version }) {
  const license = licences[target];
  if (!license) throw new Error(`no licence is known for ${name}; add it to wasm/scripts/inventory.mjs`);
  const folder = path.join(core, 'notices', target);
  const text = await notices(folder);
  const revision = path.join(folder, '.debian_version');
  if (!existsSync(revision)) return { name, version, license, text, purl: `pkg:generic/${name}@${version}?download_url=${encodeURIComponent(url)}` };
  const debian = (await readFile(revision, 'utf8')).trim();
  return { name, version, license, debian, text, purl: `pkg:deb/debian/${name}@${encodeURIComponent(debian)}?arch=source&distro=bookworm` };
}

/** A package of npm that is bundled into the scripts. */
async function script(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  return { name, version, license, text: await notices(folder), purl: `pkg:npm/${name}@${version}` };
}

/** What the compiler brings along: it has no version of its own in the inventory. */
async function runtime(root, core) {
  const ours = await readFile(path.join(root, 'LICENSE'), 'utf8');
  const permission = ours.slice(ours.indexOf('Permission is hereby granted')).trim();
  return [
    ['Emscripten (MIT)', `Copyright (c) 2010-2014 Emscripten authors\n\n${permission}`],
    ['musl (MIT)', await notices(path.join(core, 'notices/musl'))],
    [
      'libc++, libc++abi and compiler-rt (Apache-2.0 WITH LLVM-exception)',
      'Parts of the LLVM project, https://llvm.org. The exception of their licence lets what a compiler embeds into a program\nbe handed on without more than is said here.',
    ],
  ];
}

/** Writes versions.json, sbom.cdx.json and NOTICES.txt beside the package's own package.json. */
export async function writeInventory(root, core, bundled) {
  const own = JSON.parse(await readFile(path.join(root, 'wasm/package.json'), 'utf8'));
  const libraries = [];
  for (const one of await linked(core, await declared(root))) libraries.push(await library(core, one));
  for (const folder of bundled) libraries.push(await script(folder));
  const write = (file, text) => writeFile(path.join(root, 'wasm', file), text);
  const json = (data) => `${JSON.stringify(data, null, 2)}\n`;

  await write('versions.json', json({
    'photo-core': own.version,
    libraries: Object.fromEntries(libraries.map(({ name, version, license, debian }) => [name, { version, license, debian }])),
  }));

  const components = libraries.map(({ name, version, license, purl }) => ({
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    licenses: [license.includes(' ') ? { expression: license } : { license: { id: license } }],
    purl,
  }));
  const self = `${own.name}@${own.version}`;
  await write('sbom.cdx.json', json({
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
  }));

  const parts = [...libraries.map(({ name, version, license, text }) => [`${name} ${version} (${license})`, text]), ...(await runtime(root, core))];
  const head = 'What photo-core.wasm and the scripts of this package contain of others, with their licences.\nThis software is based in part on the work of the Independent JPEG Group.';
  await write('NOTICES.txt', `${[head, ...parts.map(([title, text]) => `${'='.repeat(78)}\n${title}\n${'='.repeat(78)}\n\n${text}`)].join('\n\n')}\n`);
}
