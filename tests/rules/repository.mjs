// What the rule tests share: the committed files, and reading them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What git says of this checkout, whoever it belongs to: a container's root often runs another user's. */
export const git = (...args) => execFileSync('git', ['-c', 'safe.directory=*', ...args], { cwd: root, encoding: 'utf8' });

/** Paths of committed and not yet committed (but not ignored) files, relative to the root. */
export function files(...patterns) {
  const out = git('ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns);
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
