// The command line, over the built package: JSON lines in input order, exit codes, files, wrong usage.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { makeJpeg, makePng } from '../browser/kit/photo.mjs';
import { dist, needBuilt, scratch } from './kit.mjs';

const folder = scratch('cli');
const cli = path.join(dist, 'cli.js');

/** Runs the command in the folder: exit code, lines of JSON, standard error. */
function photoCore(args, input, node = []) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...node, cli, ...args], { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const lines = stdout.trim() === '' ? [] : stdout.trimEnd().split('\n').map((line) => (line[0] === '{' ? JSON.parse(line) : line));
      resolve({ code: error?.code ?? 0, lines, stderr });
    });
    child.stdin.end(input ?? '');
  });
}

before(async () => {
  needBuilt();
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'b'), { recursive: true });
  const photo = await makeJpeg(1200, 900);
  for (const name of ['one.jpg', 'two.jpg', 'b/one.jpeg']) await writeFile(path.join(folder, name), photo.bytes);
  await writeFile(path.join(folder, 'b/one.jpeg'), makePng(300, 200, 3));
  await writeFile(path.join(folder, 'half.jpg'), photo.bytes.subarray(0, photo.bytes.length / 2));
  await writeFile(path.join(folder, 'text.jpg'), 'no photo');
  await writeFile(path.join(folder, 'empty.jpg'), '');
});

test('prepare: one line a file, in order, as documented', async () => {
  const { code, lines } = await photoCore(['prepare', '--out', 'out', '--max-edge', '600', '--thumbnail', '100', 'one.jpg', 'half.jpg', 'no.jpg', 'b/one.jpeg', 'text.jpg', 'empty.jpg', 'b']);
  assert.equal(code, 1);
  assert.deepEqual(lines.map((line) => line.file), ['one.jpg', 'half.jpg', 'no.jpg', 'b/one.jpeg', 'text.jpg', 'empty.jpg', 'b']);
  assert.deepEqual(
    lines.map((line) => line.error?.code),
    [undefined, 'truncated_image', 'invalid_option', undefined, 'unsupported_type', 'empty_file', 'invalid_option'],
  );
  assert.match(lines[2].error.message, /no\.jpg/);
  const [first, , , second] = lines;
  assert.deepEqual(Object.keys(first), [
    'file', 'ok', 'photo', 'thumbnail', 'source', 'capture', 'sha256', 'dhash', 'thumbhash', 'passed_through', 'warnings', 'timings',
  ]);
  assert.deepEqual([first.photo.width, first.photo.height, first.photo.mime_type], [600, 450, 'image/jpeg']);
  assert.deepEqual([first.thumbnail.width, first.thumbnail.height, first.thumbnail.mime_type], [100, 75, 'image/webp']);
  assert.equal(first.photo.path, path.join('out', 'one.jpg'));
  assert.equal(first.thumbnail.path, path.join('out', 'one.thumb.webp'));
  assert.equal(second.photo.path, path.join('out', 'one-2.png'), 'the same stem, numbered');
  const stored = await readFile(path.join(folder, first.photo.path));
  assert.equal(stored.length, first.photo.file_size_bytes);
  const digest = await crypto.subtle.digest('SHA-256', stored);
  assert.equal(Buffer.from(digest).toString('hex'), first.photo.sha256);
});

test('nothing that exists is overwritten', async () => {
  await mkdir(path.join(folder, 'full'));
  await writeFile(path.join(folder, 'full/two.jpg'), 'mine');
  await writeFile(path.join(folder, 'full/two-2.thumb.webp'), 'mine too');
  const { code, lines } = await photoCore(['prepare', '--out', 'full', 'two.jpg']);
  assert.equal(code, 0);
  assert.equal(lines[0].photo.path, path.join('full', 'two-3.jpg'));
  assert.equal(await readFile(path.join(folder, 'full/two.jpg'), 'utf8'), 'mine');
  assert.deepEqual((await readdir(path.join(folder, 'full'))).sort(), ['two-2.thumb.webp', 'two-3.jpg', 'two-3.thumb.webp', 'two.jpg']);
});

test('a name of the greatest length leaves room for the ending of its thumbnail', async () => {
  const names = ['n'.repeat(251), '写'.repeat(83)].map((stem) => `${stem}.jpg`);
  for (const name of names) await writeFile(path.join(folder, name), makePng(30, 20, 3));
  const { code, lines } = await photoCore(['prepare', '--out', 'long', names[0], names[1], names[0]]);
  assert.equal(code, 0);
  const written = lines.flatMap((line) => [line.photo.path, line.thumbnail.path]).map((file) => path.basename(file));
  assert.deepEqual((await readdir(path.join(folder, 'long'))).sort(), [...written].sort());
  assert.deepEqual(
    written.map((name) => name.replace(/^(n+|写+)/, '')),
    ['.png', '.thumb.webp', '.png', '.thumb.webp', '-2.png', '-2.thumb.webp'],
  );
});

test('without --out nothing is written and no path is named', async () => {
  const { code, lines } = await photoCore(['prepare', 'one.jpg']);
  assert.equal(code, 0);
  assert.ok(!('path' in lines[0].photo));
});

test('one call counts as one project; --existing and --max-photos', async () => {
  const many = Array(22).fill('text.jpg').concat(Array(3).fill('one.jpg'));
  const full = await photoCore(['prepare', '--existing', '18', ...many]);
  assert.deepEqual(full.lines.slice(22).map((line) => line.error?.code), [undefined, undefined, 'too_many_photos']);
  assert.deepEqual([full.lines[24].error.limit, full.lines[24].error.actual], [20, 21]);
  const lifted = await photoCore(['prepare', '--max-photos', '30', ...Array(22).fill('one.jpg')]);
  assert.equal(lifted.code, 0);
  assert.equal(lifted.lines.filter((line) => line.ok).length, 22);
});

test('probe tells what the header says', async () => {
  const { code, lines } = await photoCore(['probe', 'one.jpg', 'b/one.jpeg', 'text.jpg']);
  assert.equal(code, 1);
  assert.deepEqual([lines[0].format, lines[0].width, lines[0].height], ['jpeg', 1200, 900]);
  assert.equal(lines[1].format, 'png');
  assert.equal(lines[2].error.code, 'unsupported_type');
});

test('what the name claims and the bytes are not is a warning', async () => {
  await writeFile(path.join(folder, 'really-png.jpg'), makePng(40, 30));
  const { lines } = await photoCore(['prepare', 'really-png.jpg', 'one.jpg']);
  assert.ok(lines[0].warnings.includes('type_mismatch'));
  assert.ok(!lines[1].warnings.includes('type_mismatch'));
});

test('check: one answer for every line, broken ones too', async () => {
  const good = '{"title_i18n":{"en":"Summer"}}';
  const input = Buffer.concat([Buffer.from(`${good}\n\n{"style":\r1}\nnot json\n`), Buffer.from([0x22, 0xff, 0x22, 10]), Buffer.from(good)]);
  const { code, lines } = await photoCore(['check', 'project', '-'], input);
  assert.equal(code, 1);
  assert.deepEqual(lines.map((line) => line.ok), [true, false, false, false, false, true]);
  assert.deepEqual(lines[0], { ok: true, payload: JSON.parse(good), issues: [] });
  assert.deepEqual(lines[2].issues.map(({ path: at, code: what }) => [at, what]), [['/style', 'wrong_type']]);
  assert.deepEqual(lines[3].issues.map(({ path: at, code: what }) => [at, what]), [['', 'invalid_json']]);
  assert.ok(lines[3].issues[0].message);
  assert.equal((await photoCore(['check', 'profile', '-'], '{}\n')).lines[0].ok, true);
  assert.deepEqual((await photoCore(['check', 'project', '-'], '')).lines, []);
});

test('check reads files', async () => {
  await writeFile(path.join(folder, 'draft.json'), '{"duration_minutes":31}');
  const { code, lines } = await photoCore(['check', 'project', 'draft.json']);
  assert.equal(code, 1);
  assert.equal(lines[0].issues[0].path, '/duration_minutes');
});

test('wrong usage is exit code 2 with a sentence', async () => {
  for (const [args, sentence] of [
    [[], /Expected prepare, probe or check but received nothing/],
    [['shrink', 'one.jpg'], /received "shrink"/],
    [['prepare'], /at least one FILE/],
    [['prepare', '--size', '3', 'one.jpg'], /--size/],
    [['prepare', '--max-edge', 'big', 'one.jpg'], /--max-edge.*"big"/],
    [['prepare', '--quality', '101', 'one.jpg'], /from 1 to 100 for --quality.*101/],
    [['prepare', '--max-edge', '16385', 'one.jpg'], /from 1 to 16384 for --max-edge/],
    [['prepare', '--out', '--max-edge', '3', 'one.jpg'], /^photo-core: Option '--out' argument is ambiguous\.\n.*\n$/],
    [['prepare', '--format', 'gif', 'one.jpg'], /--format.*"gif"/],
    [['prepare', '--out', 'one.jpg/x', 'one.jpg'], /--out/],
    [['check', 'user', '-'], /project, photo, media-item, profile/],
    [['check', 'project', 'no.json'], /no\.json cannot be read/],
    [['probe', '--max-edge', '3', 'one.jpg'], /--max-edge/],
  ]) {
    const { code, lines, stderr } = await photoCore(args);
    assert.equal(code, 2, args.join(' '));
    assert.deepEqual(lines, []);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /\n\s+at /, 'a sentence, no stack');
  }
  if (existsSync('/proc')) {
    const { code, stderr } = await photoCore(['prepare', '--out', '/proc/no/folder', 'one.jpg']);
    assert.deepEqual([code, stderr.split(': E')[0]], [2, 'photo-core: --out: the folder cannot be made'], 'where no folder can be');
  }
  const { code, lines } = await photoCore(['--help']);
  assert.equal(code, 0);
  assert.match(lines.join('\n'), /photo-core prepare/);
  assert.deepEqual((await photoCore(['--version'])).lines, [JSON.parse(await readFile(path.join(dist, '../package.json'), 'utf8')).version]);
});

test('a signal leaves no half file, and ends as a signal does', { skip: process.platform === 'win32' }, async () => {
  // Writes a half of each file, says so, and never comes back.
  const halves = `import { open } from 'node:fs/promises';
    const handle = await open(process.execPath);
    handle.constructor.prototype.writeFile = async function (bytes) {
      await this.write(bytes.subarray(0, bytes.length / 2));
      process.stderr.write('half');
      await new Promise((resolve) => setInterval(resolve, 2 ** 31 - 1));
    };
    await handle.close();`;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    const args = ['--import', `data:text/javascript,${encodeURIComponent(halves)}`, cli, 'prepare', '--out', 'halves', 'one.jpg'];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.once('data', () => child.kill(signal));
    const end = await new Promise((resolve) => child.on('exit', (code, by) => resolve([code, by])));
    assert.deepEqual(end, [null, signal]);
    assert.deepEqual(await readdir(path.join(folder, 'halves')), []);
  }
});

test('output that cannot be written is said', { skip: !existsSync('/dev/full') }, async () => {
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [cli, 'probe', 'one.jpg'], { cwd: folder, stdio: ['ignore', full.fd, 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  await full.close();
  assert.equal(code, 1);
  assert.match(stderr, /^photo-core: the output cannot be written: ENOSPC/);
});

test('an old Node is told which is needed', async () => {
  const old = ['--import', 'data:text/javascript,delete process.getBuiltinModule'];
  const { code, lines, stderr } = await photoCore(['prepare', 'one.jpg'], '', old);
  assert.deepEqual([code, lines], [1, []]);
  assert.ok(stderr.endsWith(`\nNode 20.16 or newer is needed; this is ${process.versions.node}.\n`), stderr);
});

test('a reader that leaves early is no failure', async () => {
  const child = spawn(process.execPath, [cli, 'check', 'project', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  child.stdin.on('error', () => {});
  child.stdout.once('data', () => child.stdout.destroy());
  child.stdin.end('{}\n'.repeat(50_000));
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 0);
  assert.equal(stderr, '');
});
