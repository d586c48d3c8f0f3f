// The package's README: every example runs, every recipe is type-checked, as are the types of the package themselves.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { installPacked } from '../browser/kit/packed.mjs';
import { makeJpeg } from '../browser/kit/photo.mjs';
import { needBuilt, root, run, scratch } from './kit.mjs';

const folder = scratch('readme');
const readme = await readFile(path.join(root, 'wasm/README.md'), 'utf8');
const blocks = (language) => [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text);

before(async () => {
  needBuilt();
  await installPacked(folder);
});

// That of sending needs a backend: tests/sending/guide.test.mjs runs it.
const examples = blocks('js').filter((text) => !text.includes('photo-core/supabase'));
test('there are examples', () => assert.ok(examples.length >= 4));

for (const [index, example] of examples.entries()) {
  test(`example ${index + 1} runs`, async () => {
    const photo = await makeJpeg(1200, 900);
    const script = path.join(folder, `example-${index}.mjs`);
    const given = `import { readFileSync } from 'node:fs';
      const file = new File([readFileSync(process.argv[2])], 'photo.jpg', { type: 'image/jpeg' });
      const files = [file, new File(['text'], 'notes.txt')];
      const input = {};\n`;
    await writeFile(script, given + example);
    const { stdout, stderr } = await run(process.execPath, [script, photo.file], { timeout: 60_000 });
    assert.equal(stderr, '');
    assert.ok(stdout.trim(), 'it prints something');
  });
}

test('recipes and types check', { timeout: 400_000 }, async () => {
  await mkdir(path.join(folder, 'recipes'), { recursive: true });
  const recipes = [...blocks('tsx').map((text) => ['react.tsx', text]), ...blocks('ts').map((text) => [`${/\/\/ (\w+)/.exec(text)[1]}.ts`, text])];
  assert.deepEqual(recipes.map(([name]) => name).sort(), ['react.tsx', 'svelte.ts', 'vue.ts']);
  for (const [name, text] of recipes) await writeFile(path.join(folder, 'recipes', name), text);
  // The examples are TypeScript too, for who is strict with it: all but the parameter of `draw`.
  const page = `declare const file: File, files: File[], input: HTMLInputElement;
    declare const url: string, key: string, email: string, password: string;\n`;
  for (const [index, text] of blocks('js').entries()) {
    const typed = text.replace('draw(job)', "draw(job: import('@photomemory/photo-core/supabase').SendJob)");
    await writeFile(path.join(folder, 'recipes', `example-${index}.ts`), `${page}${typed}\nexport {};\n`);
  }
  const types = await readFile(new URL('types.ts', import.meta.url), 'utf8');
  await writeFile(path.join(folder, 'recipes/types.ts'), types);
  const config = {
    compilerOptions: {
      target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', strict: true, noEmit: true, skipLibCheck: false, jsx: 'react-jsx',
      lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'], types: [],
      exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true, noImplicitReturns: true, verbatimModuleSyntax: true,
    },
    include: ['recipes'],
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const check = () => run(process.execPath, [tsc, '-p', folder]).then(() => '', (error) => error.stdout);
  // Types of the frameworks themselves are their authors' business.
  const ours = (text) => text.split('\n').filter((line) => /error TS/.test(line) && !/^(\.\.\/)*node_modules\/(?!@photomemory)/.test(line.replace(/^.*?(?=node_modules|recipes)/, '')));
  assert.deepEqual(ours(await check()), []);
  await writeFile(path.join(folder, 'recipes/types.ts'), `${types}\nconst wrong: number = accept;\n`);
  assert.equal(ours(await check()).length, 1, 'a wrong type is noticed');
});
