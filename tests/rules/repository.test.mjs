// What is committed: no machine's paths or hosts, nothing unfinished, nothing third-party, files of a
// size one can read, generated files that agree with their source, presets that fail without tests.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { exists, files, git, read, root } from './repository.mjs';

const own = 'tests/rules/repository.test.mjs';
const text = files().filter((path) => path !== own && !/\.(jpe?g|png|webp|gif|ico|bin|icc|woff2?)$/.test(path) && !path.startsWith('tests/fuzz/seeds/') && !path.startsWith('tests/fuzz/crashes/'));

function occurrences(pattern, paths = text) {
  const found = [];
  for (const path of paths) {
    const content = read(path);
    if (content.includes('\0')) continue;
    for (const [index, line] of content.split('\n').entries()) {
      if (pattern.test(line)) found.push(`${path}:${index + 1}: ${line.trim().slice(0, 120)}`);
    }
  }
  return found;
}

test('no path of a machine is committed', () => {
  assert.deepEqual(occurrences(/(^|[^\w.~${}/])\/(root\/|work\/|home\/[a-z]|Users\/[A-Z]?[a-z]|tmp\/\w)/), []);
});

test('no package registry or mirror is named', () => {
  assert.deepEqual(occurrences(/registry\.npmjs|deb\.debian\.org|security\.debian\.org|snapshot\.debian\.org|registry\.yarnpkg/), []);
});

test('a package-lock.json records the hash of every package, and no download address', () => {
  const locks = files('*package-lock.json');
  assert.deepEqual(occurrences(/"resolved": "http/, locks), []);
  for (const lock of locks) {
    const fetched = Object.entries(JSON.parse(read(lock)).packages).filter(([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.inBundle);
    assert.ok(fetched.length > 0, lock);
    assert.deepEqual(fetched.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path), [], lock);
  }
});

test('nothing is left for later in words', () => {
  assert.deepEqual(occurrences(/\b(TODO|FIXME|XXX|HACK)\b/), []);
});

test('nothing third-party, built or downloaded is committed', () => {
  const wrong = files('--', ':(glob)**/node_modules/**', 'build', 'wasm/dist', '*.a', '*.o', '*.wasm', '*.tgz', '*.so', '*.tar.*', '*.zip');
  assert.deepEqual(wrong.filter((path) => !path.startsWith('tests/')), []);
});

// 400 lines are the aim; what is one thing and would be worse in two may have some more.
test('source files can be read in one sitting', () => {
  const long = files('*.cpp', '*.hpp', '*.c', '*.ts', '*.mjs', '*.js', '*.sh', '*.sql', '*.css')
    .filter((path) => !/\.gen\.|_contract\.sql$|database\.types\.ts$/.test(path))
    .map((path) => [path, read(path).split('\n').length])
    .filter(([, lines]) => lines > 520);
  assert.deepEqual(long, []);
});

// Other versions lay the same style out differently: 14, Debian 12's, is the one that counts.
const clangFormat = spawnSync('clang-format', ['--version'], { encoding: 'utf8' }).stdout ?? '';
test('C and C++ are as `make format` leaves them', { skip: !/version 14\./.test(clangFormat) && 'no clang-format 14 here' }, () => {
  const paths = files('*.cpp', '*.hpp', '*.c').filter((path) => !path.endsWith('.gen.hpp'));
  const { stderr } = spawnSync('clang-format', ['--dry-run', ...paths], { cwd: root, encoding: 'utf8' });
  const places = stderr.split('\n').filter((line) => /warning: code should be clang-formatted/.test(line));
  assert.deepEqual(places, []);
});

// Types of one name in two files are one type to the linker, without a word, and the wrong layout is used by one of them.
test('no two types of the core have one name', () => {
  const places = new Map();
  for (const path of files('core/*.hpp', 'core/*.cpp', 'bindings/*.cpp')) {
    let isLocal = false; // inside an anonymous namespace
    for (const line of read(path).split('\n')) {
      if (line === 'namespace {') isLocal = true;
      if (line === '}  // namespace') isLocal = false;
      const name = isLocal ? undefined : /^(?:struct|class|enum class) (\w+)(?!::)\b[^;]*\{/.exec(line)?.[1];
      if (name) places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  assert.deepEqual([...places].filter(([, paths]) => paths.length > 1), []);
});

test('shell scripts are executable and start with bash', () => {
  const wrong = files('*.sh', '.ci/run').filter((path) => !path.endsWith('common.sh') && !read(path).startsWith('#!/usr/bin/env bash\n'));
  assert.deepEqual(wrong, []);
  const modes = git('ls-files', '-s', '*.sh', '.ci/run').split('\n').filter(Boolean);
  assert.deepEqual(modes.filter((line) => !line.startsWith('100755') && !line.endsWith('common.sh')), []);
});

test('generated files agree with schema/contract', () => {
  execFileSync(process.execPath, [join(root, 'schema/contract/generate.mjs'), '--check'], { stdio: 'pipe' });
});

test('every test preset fails when it finds no tests', () => {
  const presets = JSON.parse(read('CMakePresets.json'));
  const byName = new Map(presets.testPresets.map((preset) => [preset.name, preset]));
  const action = (preset) => preset.execution?.noTestsAction ?? (preset.inherits && action(byName.get(preset.inherits)));
  for (const preset of presets.testPresets) assert.equal(action(preset), 'error', preset.name);
  const names = (list) => list.filter((preset) => !preset.hidden).map((preset) => preset.name).sort();
  assert.deepEqual(names(presets.workflowPresets), names(presets.configurePresets));
  assert.deepEqual(names(presets.testPresets), names(presets.configurePresets));
});

test('every dependency is pinned with its hash and named in THIRD_PARTY.md', () => {
  const declared = [...read('core/dependencies/CMakeLists.txt').matchAll(/photo_declare\((\w+) ([\w-]+)\s+(\S+)\s+([0-9a-f]{64})\)/g)];
  assert.ok(declared.length >= 5);
  const script = read('core/dependencies/debian_sources.sh');
  const notices = read('THIRD_PARTY.md');
  for (const [, , directory, url] of declared) {
    const version = new RegExp(`^${directory}\\s+\\S+\\s+(\\S+)\\s+\\w+$`, 'm').exec(script)?.[1];
    assert.ok(version, `${directory} is in debian_sources.sh`);
    assert.ok(url.includes(version), `${directory}: ${url} is of ${version}`);
    assert.ok(notices.includes(`| ${directory} | ${version} |`), `${directory} ${version} is in THIRD_PARTY.md`);
  }
});
