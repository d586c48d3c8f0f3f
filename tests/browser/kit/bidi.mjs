// Firefox by WebDriver BiDi: a private profile, one tab, scripts that answer promises.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';

const executable = [
  process.env.FIREFOX ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox',
].find(existsSync);

export async function launchFirefox() {
  if (!executable) throw new Error('no Firefox: install the Debian package firefox-esr, or say by FIREFOX where it is');
  const profile = await mkdtemp(path.join(tmpdir(), 'photo-core-firefox-'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const child = spawn(executable, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
  });
  const address = await new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (data) => {
      text += data;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    child.on('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${text.slice(-500)}`)));
    setTimeout(() => reject(new Error(`Firefox does not listen: ${text.slice(-500)}`)), 120_000).unref();
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map();
  let next = 1;
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    const one = waiting.get(message.id);
    if (!one) return;
    waiting.delete(message.id);
    if (message.type === 'success') one.resolve(message.result);
    else one.reject(new Error(`${message.error}: ${message.message}`));
  });
  const send = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      socket.send(JSON.stringify({ id: next++, method, params }));
    });
  await send('session.new', { capabilities: {} });
  const { contexts } = await send('browsingContext.getTree', {});
  const { context } = contexts[0];
  return {
    open: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    /** Evaluates a promise of text in the page. */
    async evaluate(expression) {
      const { type, result, exceptionDetails } = await send('script.evaluate', { expression, target: { context }, awaitPromise: true });
      if (type !== 'success') throw new Error(exceptionDetails?.text);
      return result.value;
    },
    async close() {
      await send('browser.close', {}).catch(() => {});
      socket.close();
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
        await ended;
      }
      await rm(profile, { recursive: true, force: true });
    },
  };
}
