// The native core's verdicts: one process, asked line by line.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Builds a program of this room from the sources as they are now, and gives its path; `make test` has built it before. */
export function buildProgram(name) {
  const run = (...args) => execFileSync('cmake', args, { cwd: repository, stdio: 'pipe' });
  if (!existsSync(path.join(repository, 'build/release/build.ninja'))) run('--preset', 'release');
  run('--build', '--preset', 'release', '--target', name);
  return path.join(repository, 'build/release/tests/equality', name);
}

/** `ask([{ table, document }, …])` resolves to their verdicts; `document` is JSON text without a line feed. */
export function startChecker() {
  const child = spawn(buildProgram('payload_check'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout, crlfDelay: Infinity });
  const waiting = [];
  answers.on('line', (line) => waiting.shift()?.resolve(line));
  child.on('exit', (code) => waiting.splice(0).forEach(({ reject }) => reject(new Error(`payload_check ended with ${code}`))));
  return {
    async askText(questions) {
      const lines = questions.map(({ table, document }) => {
        if (document.includes('\n')) throw new Error('a document for the checker is one line');
        return `${table} ${document}\n`;
      });
      const replies = questions.map(() => new Promise((resolve, reject) => waiting.push({ resolve, reject })));
      child.stdin.write(lines.join(''));
      return Promise.all(replies);
    },
    async ask(questions) {
      return (await this.askText(questions)).map((line) => JSON.parse(line));
    },
    close() {
      answers.removeAllListeners();
      child.stdin.end();
    },
  };
}
