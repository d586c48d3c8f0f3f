// The guide in the package's README: its example runs against a real backend (`make build` first), its codes exist.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startBackend } from '../../web-demo/backend/node.mjs';
import { installed } from './kit/installed.mjs';
import { newPerson, truth } from './kit/people.mjs';
import { jpegOf } from './kit/photos.mjs';

const readme = await readFile(new URL('../../wasm/README.md', import.meta.url), 'utf8');
const guide = readme.slice(readme.indexOf('## Sending to Supabase'), readme.indexOf('## A file input'));
// Beside the packages that it imports by name.
const script = fileURLToPath(new URL('../../build/sending/guide.mjs', import.meta.url));

let backend;
before(async () => void (backend = await startBackend(await installed())));
after(async () => {
  await backend?.close();
  await rm(script, { force: true });
});

test('the example sends, appends and reorders', { timeout: 300_000 }, async () => {
  const person = await newPerson(backend, { url: backend.url });
  const [, example] = /```js\n([\s\S]*?)```/.exec(guide);
  const given = `
    globalThis.WebSocket ??= class {}; // supabase-js wants one, and Node 20 has none
    const { url, key, email, password } = JSON.parse(process.env.GIVEN);
    const files = ['one', 'two', 'three'].map((name) => new File([Buffer.from(process.env[name], 'base64')], name + '.jpg', { type: 'image/jpeg' }));\n`;
  await mkdir(new URL('../../build/sending/', import.meta.url), { recursive: true });
  await writeFile(script, given + example);
  const { url, key, email, password } = person;
  const env = { ...process.env, GIVEN: JSON.stringify({ url, key, email, password }) };
  for (const name of ['one', 'two', 'three']) env[name] = jpegOf(name).toString('base64');
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env, timeout: 280_000 });
  assert.match(stdout, /100 %/);
  const { photos, objects } = await truth(backend);
  assert.equal(photos.length, 4);
  assert.equal(objects.size, 8);
  // The appended one, which is a second copy of the first, was put in front.
  assert.equal(photos[0].metadata.sha256, photos[1].metadata.sha256);
  assert.ok(photos.slice(1).every((row) => stdout.includes(row.file_url)));
});

test('its table names codes that there are', async () => {
  const { codes } = JSON.parse(await readFile(new URL('../../schema/contract/errors.json', import.meta.url), 'utf8'));
  const table = guide.slice(guide.indexOf('| code | of | then |'));
  const named = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  assert.ok(named.length >= 15);
  for (const code of named) assert.ok(codes[code], code);
});
