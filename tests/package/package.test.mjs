// The package as it is published: what it holds, how it installs, who can import it.
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { installPacked, pack } from '../browser/kit/packed.mjs';
import { checkSizes } from '../../wasm/scripts/sizes.mjs';
import { dist, needBuilt, root, run, scratch } from './kit.mjs';

const folder = scratch('installed');
let files;
before(async () => {
  needBuilt();
  ({ files } = await installPacked(folder));
});

test('dist is flat and holds what is documented, nothing else', async () => {
  const allowed = /^(index|worker|supabase|supabase-tus|cli|batch|capture|inline|diagnose|rows|sentences|thumbhash|messages-(en|ko|ja|zh|es|fr|de))\.js$|^[a-z]+\.d\.ts$|^photo-core\.wasm$/;
  const names = await readdir(dist);
  assert.deepEqual(names.filter((name) => !allowed.test(name)), []);
  for (const name of ['index.js', 'index.d.ts', 'worker.js', 'photo-core.wasm', 'supabase.js', 'supabase.d.ts', 'cli.js']) {
    assert.ok(names.includes(name), name);
  }
});

test('the archive holds dist, the inventory and the licence', () => {
  const beside = files.filter((name) => !name.startsWith('dist/')).sort();
  const wanted = ['LICENSE', 'NOTICES.txt', 'README.md', 'THIRD_PARTY.md', 'package.json', 'sbom.cdx.json', 'size-budget.json', 'versions.json'];
  assert.deepEqual(beside, wanted);
});

test('sizes are within their budgets, and a budget that is too small is noticed', async () => {
  const said = [];
  const { log } = console;
  console.log = (line) => said.push(line);
  try {
    await checkSizes(dist, path.join(root, 'wasm/size-budget.json'));
    const tight = scratch('tight-budget.json');
    await writeFile(tight, '{ "shim": 100 }');
    await assert.rejects(checkSizes(dist, tight), /shim is \d+ bytes over its budget of 100/);
  } finally {
    console.log = log;
  }
  assert.equal(said.length, 3);
});

test('the worker is one file, without imports, eval, blob or data addresses', async () => {
  const worker = await readFile(path.join(dist, 'worker.js'), 'utf8');
  assert.doesNotMatch(worker, /\bimport\s*[({"'*]|\bfrom\s*["']/);
  for (const name of ['worker.js', 'index.js', 'batch.js']) {
    const text = await readFile(path.join(dist, name), 'utf8');
    assert.doesNotMatch(text, /\beval\(|new Function|SharedArrayBuffer|createObjectURL|https?:\/\//, name);
  }
  const index = await readFile(path.join(dist, 'index.js'), 'utf8');
  assert.equal(index.match(/new Worker\(new URL\("\.\/worker\.js",\s*import\.meta\.url\),\s*\{\s*type:\s*"module"\s*\}\)/g)?.length, 1);
  assert.equal(index.match(/import\.meta\.url/g).length, 3, 'the worker, the binary, and Node');
});

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: path.join(folder, 'node_modules/@photomemory/photo-core'), strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test('attw finds nothing', { timeout: 120_000 }, async () => {
  const { archive } = await pack(scratch('attw'));
  const bin = path.join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [bin, archive, '--profile', 'esm-only', '--exclude-entrypoints', './photo-core.wasm', './versions.json', '--format', 'ascii', '--no-color'];
  await run(process.execPath, args).catch((error) => assert.fail(error.stdout));
});

test('an import has no effect', async () => {
  const script = path.join(folder, 'quiet.mjs');
  await writeFile(
    script,
    `const before = Reflect.ownKeys(globalThis).length;
     globalThis.fetch = () => { throw new Error('fetched'); };
     const { compile } = WebAssembly;
     WebAssembly.compile = WebAssembly.instantiate = () => { throw new Error('compiled'); };
     await import('@photomemory/photo-core');
     await import('@photomemory/photo-core/supabase');
     await import('@photomemory/photo-core/worker');
     console.log(Reflect.ownKeys(globalThis).length - before, process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|Message|Worker|TCP/.test(name)).length);`,
  );
  const { stdout, stderr } = await run(process.execPath, [script], { cwd: folder });
  assert.deepEqual([stdout, stderr], ['0 0\n', '']);
});

test('the inventory names every library with its version and licence, and says what each asks for', async () => {
  const at = path.join(folder, 'node_modules/@photomemory/photo-core');
  const { libraries } = JSON.parse(await readFile(path.join(at, 'versions.json'), 'utf8'));
  const inTheBinary = ['libjpeg-turbo', 'libwebp', 'simdjson', 'zlib'];
  const inTheScripts = ['js-base64', 'querystringify', 'requires-port', 'tus-js-client', 'url-parse'];
  assert.deepEqual(Object.keys(libraries).sort(), [...inTheBinary, ...inTheScripts].sort());
  const sbom = JSON.parse(await readFile(path.join(at, 'sbom.cdx.json'), 'utf8'));
  assert.equal(sbom.bomFormat, 'CycloneDX');
  assert.deepEqual(sbom.components.map((one) => one.name).sort(), Object.keys(libraries).sort());

  const sections = new Map((await readFile(path.join(at, 'NOTICES.txt'), 'utf8')).split(/^={78}\n(?=.+\n={78}\n)/m).map((text) => [text.split('\n', 1)[0], text]));
  const thirdParty = await readFile(path.join(at, 'THIRD_PARTY.md'), 'utf8');
  for (const [name, { version, license, debian }] of Object.entries(libraries)) {
    assert.match(version, /^\d+\.\d+/);
    assert.match(sections.get(`${name} ${version} (${license})`) ?? name, /copyright[^]{200}/i, 'its licence is in NOTICES.txt');
    assert.ok(thirdParty.includes(`| ${name} | ${version} |`), `${name} ${version} is in THIRD_PARTY.md`);
    // A distribution's patches do not show in the version: its revision says which are in.
    const { purl } = sbom.components.find((one) => one.name === name);
    if (debian) assert.ok(debian.includes(version) && purl === `pkg:deb/debian/${name}@${encodeURIComponent(debian)}?arch=source&distro=bookworm`, purl);
    else assert.match(purl, inTheScripts.includes(name) ? /^pkg:npm\// : /^pkg:generic\//);
  }
  for (const name of ['Emscripten', 'musl', 'libc++']) assert.ok([...sections.keys()].some((title) => title.startsWith(name)), name);
});
