// Wrong options, before any work: named, with what was expected and what came. And the package's own files missing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { all, failure, fakeCore, fakeDist, root, scratch, scripted } from './kit.mjs';
import { serve } from '../browser/kit/server.mjs';

let core;
before(async () => (core = await fakeCore({ workers: 1 })));
after(() => core.close());

const wrong = [
  [{ maxEdge: 'large' }, 'maxEdge', 'an integer from 1 to 16384', '"large"'],
  [{ maxEdge: 0 }, 'maxEdge', 'an integer from 1 to 16384', '0'],
  [{ maxEdge: 2.5 }, 'maxEdge', 'an integer from 1 to 16384', '2.5'],
  [{ quality: 101 }, 'quality', 'an integer from 1 to 100', '101'],
  [{ quality: NaN }, 'quality', 'an integer from 1 to 100', 'NaN'],
  [{ format: 'gif' }, 'format', 'auto or jpeg or webp or png', '"gif"'],
  [{ maxBytes: 10485761 }, 'maxBytes', 'an integer from 1 to 10485760', '10485761'],
  [{ thumbnail: [] }, 'thumbnail', '1 to 8 thumbnails, or false', 'an array of 0'],
  [{ thumbnail: true }, 'thumbnail', 'an object', 'true'],
  [{ thumbnail: [{}, { format: 'avif' }] }, 'thumbnail[1].format', 'webp or jpeg or png', '"avif"'],
  [{ background: 'white' }, 'background', "'#rrggbb' or a number from 0 to 0xffffff", '"white"'],
  [{ gps: 'yes' }, 'gps', 'true or false', '"yes"'],
  [{ signal: {} }, 'signal', 'an AbortSignal', 'an object'],
  [{ signal: { aborted: false } }, 'signal', 'an AbortSignal', 'an object'],
  [{ thumbnail: [, {}] }, 'thumbnail[0]', 'an object', 'undefined'],
  [{ onProgress: 1 }, 'onProgress', 'a function', '1'],
  [7, 'options', 'an object', '7'],
];

for (const [options, option, expected, received] of wrong) {
  test(`prepare with ${JSON.stringify(options)}`, async () => {
    const error = await failure(core.prepare(scripted({}), options));
    const { code, kind } = error;
    assert.deepEqual({ code, kind }, { code: 'invalid_option', kind: 'caller' });
    assert.deepEqual([error.option, error.expected, error.received], [option, expected, received]);
    assert.equal(error.message, `Expected ${expected} for ${option} but received ${received}.`);
  });
}

test('what is left out has its default', async () => {
  const { options } = JSON.parse(await (await core.prepare(scripted({}))).photo.text());
  const expected = {
    maxEdge: 2000, format: 'auto', quality: 82, maxBytes: 10485760, color: 'srgb', light: 'encoded', fit: 'inside', coverWidth: 0, coverHeight: 0,
    progressive: false, gps: false, background: 0xffffff, keepMetadata: 'none', keepOriginal: 'auto', strictType: false, allowTruncated: false,
    thumbnails: [{ maxEdge: 400, format: 'webp', quality: 75 }],
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, options[name]])), expected);
});

test('every word that there is for an option reaches the core', async () => {
  const words = {
    format: ['auto', 'jpeg', 'webp', 'png'], color: ['srgb', 'keep'], light: ['encoded', 'linear'], fit: ['inside', 'cover'],
    keepMetadata: ['none', 'capture'], keepOriginal: ['auto', 'never', 'always'],
  };
  for (const [name, all] of Object.entries(words)) {
    for (const word of all) {
      const { photo } = await core.prepare(scripted({}), { [name]: word, coverWidth: 10, coverHeight: 10 });
      assert.equal(JSON.parse(await photo.text()).options[name], word);
    }
  }
  assert.equal(JSON.parse(await (await core.prepare(scripted({}), { background: '#0A0b0c' })).photo.text()).options.background, 0x0a0b0c);
});

test('the name of a source is its own or its file\'s, never that of the function that gives it', async () => {
  const bytes = new TextEncoder().encode('{"ms":1}');
  const file = new File([bytes], 'own.png', { type: 'image/png' });
  const sources = [
    { data: async () => bytes },
    { data: async () => file },
    { data: () => file, name: 'mine.jpg' },
    { data: file },
    { data: bytes, name: null, type: null, size: null },
  ];
  const names = (await all(core.prepareAll(sources))).map(({ photo }) => photo.source.name);
  assert.deepEqual(names, ['', 'own.png', 'mine.jpg', 'own.png', '']);
});

test('the type that is claimed is the source\'s own, else that of its name', async () => {
  const bytes = new TextEncoder().encode('{}');
  const sources = [
    [{ data: bytes, name: 'a.JPG' }, 'image/jpeg'], [{ data: bytes, name: 'a.png' }, 'image/png'], [{ data: bytes, name: 'a.webp' }, 'image/webp'],
    [{ data: bytes, name: 'a.heic' }, ''], [{ data: bytes, name: 'a.png', type: 'image/webp' }, 'image/webp'], [new File([bytes], 'a.png', { type: 'image/jpeg' }), 'image/jpeg'],
    [new File([bytes], 'a.png'), 'image/png'], [bytes, ''],
  ];
  for (const [source, type] of sources) assert.equal(JSON.parse(await (await core.prepare(source)).photo.text()).options.claimedType, type);
});

test('a misspelt name is refused with the names there are', async () => {
  const error = await failure(core.prepare(scripted({}), { maxedge: 3 }));
  assert.equal(error.option, 'maxedge');
  assert.match(error.expected, /^one of maxEdge, format, quality/);
});

test('inherited options and getters count; what is no record of options is refused', async (t) => {
  class Large {
    get maxEdge() {
      return 'large';
    }
  }
  for (const options of [new Large(), Object.create({ maxEdge: 'large' })]) {
    assert.equal((await failure(core.prepare(scripted({}), options))).received, '"large"');
  }
  assert.equal((await failure(core.prepare(scripted({}), new AbortController().signal))).option, 'aborted');
  for (const [options, received] of [[new Map([['maxEdge', 3]]), 'an instance of Map'], [[], 'an array of 0'], [new Uint8Array(), 'an instance of Uint8Array']]) {
    const error = await failure(core.prepare(scripted({}), options));
    assert.deepEqual([error.option, error.expected, error.received], ['options', 'an object', received]);
  }
  const mine = new Error('mine');
  const throwing = { get maxEdge() { throw mine; } };
  assert.equal(await failure(core.prepare(scripted({}), throwing)), mine, 'what a getter throws is its caller\'s');
  t.after(() => delete Object.prototype.ofThePage);
  Object.prototype.ofThePage = () => {};
  assert.ok(await core.prepare(scripted({}), {}), 'what a page gave to every object is no option');
});

test('options of a batch are checked before its first file', async () => {
  assert.equal((await failure(all(core.prepareAll([], { existingCount: -1 })))).option, 'existingCount');
  assert.equal((await failure(core.prepare(scripted({}), { existingCount: 1 }))).option, 'existingCount');
  assert.equal((await failure(all(core.prepareAll('files')))).option, 'files');
  assert.equal((await failure(core.prepare('photo.jpg'))).option, 'file');
});

test('what is no prepared photo, no table, or bytes that were given away is the caller\'s error', async () => {
  const given = new TextEncoder().encode('{}');
  const shrunk = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 8 }), 4);
  shrunk.buffer.resize(2);
  await core.prepare(given, { transfer: true });
  for (const [call, option] of [
    [() => core.photoPayload({}, {}), 'photo'],
    [() => core.photoPayload(null, null), 'photo'],
    [() => core.mediaItemPayload(undefined, {}), 'photo'],
    [() => core.prepare(given), 'file'],
    [() => core.prepare(shrunk), 'file'],
  ]) {
    const { code, kind, option: named } = await failure(call);
    assert.deepEqual([code, kind, named], ['invalid_option', 'caller', option]);
  }
});

test('options of the core', async () => {
  for (const [options, option] of [
    [{ workers: -1 }, 'workers'],
    [{ workers: 1.5 }, 'workers'],
    [{ wasmUrl: 'http://[' }, 'wasmUrl'],
    [{ wasmUrl: null }, 'wasmUrl'],
    [{ wasmUrl: '' }, 'wasmUrl'],
    [{ workerUrl: {} }, 'workerUrl'],
    [{ language: 'it' }, 'language'],
    [{ limits: { max_photos_per_project: 21 } }, 'limits.max_photos_per_project'],
    [{ limits: { max_photo_bytes: 10485761 } }, 'limits.max_photo_bytes'],
    [{ limits: { max_title_characters: 10 } }, 'limits.max_title_characters'],
    [{ worker: 2 }, 'worker'],
    [null, 'options'],
  ]) {
    assert.equal((await failure(() => fakeCore(options))).option, option);
  }
});

test('limits may be tightened, and hold', async () => {
  const tight = await fakeCore({ workers: 1, limits: { max_photos_per_project: 1, max_source_bytes: 50 } });
  assert.equal(tight.limits.max_photos_per_project, 1);
  const results = await all(tight.prepareAll([scripted({ text: 'x'.repeat(60) }), scripted({}), scripted({ n: 1 })]));
  assert.deepEqual(results.map((one) => (one.ok ? 'ok' : one.error.code)), ['source_too_large', 'ok', 'too_many_photos']);
  assert.deepEqual([results[0].error.limit, results[0].error.actual], [50, 71]);
  assert.equal((await failure(tight.prepare(new Blob([])))).code, 'empty_file');
  const late = (text) => failure(tight.prepare({ data: async () => new Blob([text]) })); // what says its size when it is asked
  assert.deepEqual([(await late('')).code, (await late('x'.repeat(51))).code], ['empty_file', 'source_too_large']);
  tight.close();
});

test('sentences come in the language that was asked for', async () => {
  const german = await fakeCore({ workers: 1, language: 'de' });
  assert.equal((await failure(german.prepare(new Blob([])))).message, 'Diese Datei ist leer.');
  const { issues } = await failure(german.projectPayload({ title_i18n: 3 }));
  assert.deepEqual(issues.map(({ path: at, code }) => [at, code]), [['/title_i18n', 'wrong_type']]);
  assert.doesNotMatch(issues[0].message, /Expected|wrong_type/);
  german.close();
});

test('a small limit is no limit of nothing', async () => {
  const { messageFor } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  const said = (limit, actual) => messageFor({ code: 'output_too_large', limit, actual }, 'en');
  assert.match(await said(40_000, 9_507_958), /9\.067 MB.*0\.038 MB/);
  assert.match(await said(10, 9_507_958), /9\.067\d* MB.*0\.00001 MB/);
  assert.match(await said(10_485_760, 20_000_000), /19\.1 MB.*10 MB/);
});

test('a sentence without its figures says what is left to say', async () => {
  const { messageFor } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  assert.equal(await messageFor('source_too_large', 'en'), 'This file is too large.');
  assert.equal(await messageFor({ code: 'source_too_large', limit: 5 << 20 }, 'en'), 'This file is too large. At most 5 MB is possible.');
  assert.equal(await messageFor({ code: 'source_too_large', actual: 5 << 20 }, 'en'), 'This file is too large: 5 MB.');
  assert.match(await messageFor({ code: 'source_too_large', limit: 5 << 20, actual: 6 << 20 }, 'fr'), /6\sMo.*5\sMo/u);
  assert.equal(await messageFor('too_many_photos', 'de'), 'Ein Projekt fasst höchstens 20 Fotos.');
  const nameless = 'This kind of file cannot be used here. Save it as JPEG, PNG or WebP and pick it again.';
  assert.equal(await messageFor('unsupported_type', 'en'), nameless);
  assert.equal(await messageFor({ code: 'unsupported_type', detail: 'unknown' }, 'en'), nameless);
  assert.match(await messageFor({ code: 'unsupported_type', detail: 'unknown' }, 'ko'), /형식입니다\. JPEG/);
  const codes = ['too_many_pixels', 'output_too_large', 'type_mismatch', 'too_long', 'out_of_range', 'unknown_value', 'invalid_option', 'asset_unavailable', 'unsupported_environment'];
  for (const language of ['en', 'ko', 'ja', 'zh', 'es', 'fr', 'de']) {
    for (const code of codes) assert.match(await messageFor(code, language), /^[^{}?:：()（）]{2,}[.。]$/, `${code} in ${language}`);
  }
});

test('a sentence is asked for by a code and a language that there are', async () => {
  const { messageFor } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  for (const [call, option] of [[() => messageFor(null, 'en'), 'facts'], [() => messageFor({}, 'en'), 'facts'], [() => messageFor('cancelled', 'en-US'), 'language']]) {
    const { code, option: named } = await failure(call);
    assert.deepEqual([code, named], ['invalid_option', option]);
  }
  assert.equal(await messageFor('code_of_a_later_version', 'en'), 'code_of_a_later_version');
});

test('every error is of the one class, under its own name', async () => {
  const { PhotoError } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  const errors = await Promise.all([
    failure(core.prepare(new Blob([]))),
    failure(all(core.prepareAll([], { knownPhotos: 3 }))),
    failure(core.projectPayload({ title_i18n: 3 })),
    failure(core.photoPayload({}, {})),
  ]);
  for (const error of errors) {
    assert.ok(error instanceof PhotoError, error.code);
    assert.equal(error.constructor.name, 'PhotoError');
  }
});

test('every code has the kind of the contract, and is worth a second try where the contract says so', async () => {
  const { PhotoError } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  const { codes } = JSON.parse(await readFile(path.join(root, 'schema/contract/errors.json'), 'utf8'));
  const wanted = Object.entries(codes).filter(([, code]) => code.as.includes('error')).map(([name, { kind, retryable }]) => ({ name, kind, retryable }));
  const told = wanted.map(({ name }) => new PhotoError(name, '')).map(({ code, kind, retryable }) => ({ name: code, kind, retryable }));
  assert.deepEqual(told, wanted);
});

test('each way of missing the binary has its own sentence', async (t) => {
  const wasm = await readFile(path.join(await fakeDist(), 'photo-core.wasm'));
  const send = (type, body) => (_, response) => {
    response.setHeader('content-type', type);
    response.end(body);
  };
  const server = await serve({
    routes: {
      '/page': send('text/html', '<!doctype html><title>app</title>'),
      '/text': send('text/plain', 'no binary here'),
      '/broken': send('application/wasm', Buffer.concat([wasm, Buffer.from('broken')])),
      '/plain': send('application/octet-stream', wasm),
    },
  });
  t.after(() => server.close());
  const sentences = new Set();
  for (const [wasmUrl, sentence] of [
    [`${server.origin}/missing`, /was answered with status 404\.$/],
    [`${server.origin}/page`, /HTML page in place of the WebAssembly file\.$/],
    [`${server.origin}/text`, /is not a WebAssembly file \(type "text\/plain"\)\.$/],
    [`${server.origin}/broken`, /does not compile/],
    ['http://127.0.0.1:1/photo-core.wasm', /cannot be reached/],
    ['no/such/file.wasm', /cannot be read/],
  ]) {
    const error = await failure(fakeCore({ wasmUrl }));
    assert.deepEqual([error.code, error.kind], ['asset_unavailable', 'caller'], wasmUrl);
    assert.match(error.message, sentence);
    sentences.add(error.message);
  }
  assert.equal(sentences.size, 6);
  const core = await fakeCore({ wasmUrl: `${server.origin}/plain`, workers: 1 });
  assert.ok(await core.prepare(scripted({})), 'a wrong type alone is no reason to fail');
  core.close();
});

test('a missing worker is its own sentence', async () => {
  const core = await fakeCore({ workers: 1, workerUrl: 'no/such/worker.js' });
  const error = await failure(core.prepare(scripted({})));
  assert.equal(error.code, 'asset_unavailable');
  assert.match(error.message, /the worker could not be started/);
  core.close();
});

test('without WebAssembly, without its SIMD', async () => {
  const index = pathToFileURL(path.join(await fakeDist(), 'index.js')).href;
  const run = (before) =>
    execFileSync(
      process.execPath,
      ['--input-type=module', '-e', `${before}; const { createPhotoCore } = await import('${index}');
        await createPhotoCore().catch(({ code, kind, message }) => console.log(code, kind, message));`],
      { cwd: root, encoding: 'utf8' },
    );
  assert.match(run('delete globalThis.WebAssembly'), /^unsupported_environment caller Photo core cannot run here: WebAssembly is missing\./);
  assert.match(run('WebAssembly.validate = () => false'), /^unsupported_environment caller .*WebAssembly SIMD/);
});

test('a part that does not arrive is a file, but where no part may be loaded', async () => {
  const alone = scratch('alone');
  await mkdir(alone, { recursive: true });
  for (const file of ['index.js', 'photo-core.wasm']) await copyFile(path.join(await fakeDist(), file), path.join(alone, file));
  const { createPhotoCore } = await import(pathToFileURL(path.join(alone, 'index.js')).href);
  assert.equal((await failure(createPhotoCore({ workers: 0 }))).code, 'asset_unavailable');
  globalThis.ServiceWorkerGlobalScope = class {};
  const { code, message } = await failure(createPhotoCore({ workers: 0 }));
  delete globalThis.ServiceWorkerGlobalScope;
  assert.deepEqual([code, message], ['unsupported_environment', 'Photo core cannot run here: import() in a service worker is missing.']);
});

test('beside a Worker of the web, Bun is asked for those of Node', async () => {
  const index = pathToFileURL(path.join(await fakeDist(), 'index.js')).href;
  const run = (before) =>
    execFileSync(
      process.execPath,
      ['--input-type=module', '-e', `globalThis.Worker = class { constructor() { throw new Error('the web\\'s worker'); } }; ${before};
        const { createPhotoCore } = await import('${index}');
        const core = await createPhotoCore({ workers: 1, workerUrl: 'no/such/worker.js' }).catch(({ message }) => console.log(message));
        await core?.prepare(new Uint8Array([1])).catch(({ message }) => console.log(message));`],
      { cwd: root, encoding: 'utf8' },
    );
  assert.match(run('globalThis.Bun = {}'), /Cannot find module .*worker\.js/);
});

test('the codes of another copy of the package are recognised', async () => {
  const { isPhotoError } = await import(pathToFileURL(path.join(await fakeDist(), 'index.js')).href);
  const error = await failure(core.prepare(scripted({}), { quality: 0 }));
  assert.ok(isPhotoError(error) && error instanceof Error);
  assert.ok(!isPhotoError(new Error('x')) && !isPhotoError({ brand: 'photo-core' }) && !isPhotoError(null));
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(error))).sort(), ['code', 'detail', 'expected', 'message', 'option', 'received']);
});
