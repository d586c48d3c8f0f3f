// What the rule tests share: the committed files, and reading them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Paths of committed and not yet committed (but not ignored) files, relative to the root. */
export function files(...patterns) {
  const out = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns],
    { cwd: root, encoding: 'utf8' });
  return out.split('\0').filter((path) => path !== '' && exists(path));
}

export function exists(path) {
  try {
    readFileSync(join(root, path));
    return true;
  } catch {
    return false;
  }
}

export function read(path) {
  return readFileSync(join(root, path), 'utf8');
}
