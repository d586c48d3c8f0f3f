// The core's own objects call nothing that ends the process, prints, or asks the machine for anything.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './repository.mjs';

const library = join(root, 'build', 'release', 'core', 'libphoto_core.a');

const refused = [
  [/^(abort|exit|_exit|quick_exit|raise|signal)$/, 'ends the process'],
  [/^(printf|fprintf|vfprintf|puts|putchar|fputs|fwrite|perror|__printf_chk|__fprintf_chk|stdout|stderr)$/, 'prints'],
  [/^std::(cout|cerr|clog)$|^std::ostream/, 'prints'],
  [/^(fopen|open|read|write|getenv|secure_getenv|socket)$/, 'reads the machine'],
  [/^(time|clock|clock_gettime|gettimeofday|localtime\w*|gmtime\w*|rand|random|srand)$|^std::chrono::.*now\(/, 'asks the clock or chance'],
  [/^(__cxa_throw|__cxa_allocate_exception|__cxa_begin_catch)$/, 'uses exceptions'],
];

test('libphoto_core.a calls no abort, exit, printf, cout, file, clock or throw', { skip: !existsSync(library) && 'no native release build' }, () => {
  const lines = execFileSync('nm', ['--demangle', '--undefined-only', '--print-file-name', library],
    { encoding: 'utf8', maxBuffer: 1 << 28 }).split('\n');
  assert.ok(lines.length > 20, 'nm has found the objects');
  const problems = [];
  for (const line of lines) {
    const match = /^(?:.*:)?([^:\s]+\.o):\s+[Uw]\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, object, symbol] = match;
    const name = symbol.replace(/@.*$/, '');
    const why = refused.find(([pattern]) => pattern.test(name))?.[1];
    if (why !== undefined) problems.push(`${object}: ${symbol} ${why}`);
  }
  assert.deepEqual(problems, []);
});
