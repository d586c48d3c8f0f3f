// WebKit by WebDriver: WebKitWebDriver drives its MiniBrowser on a screen of its own (Xvfb).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const browsers = ['4.1', '4.0', '6.0'].map((version) => `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-${version}/MiniBrowser`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export async function launchWebKit() {
  const binary = browsers.find(existsSync);
  if (!binary || !existsSync('/usr/bin/WebKitWebDriver') || !existsSync('/usr/bin/Xvfb')) {
    throw new Error('no WebKit: install the Debian packages webkit2gtk-driver and xvfb');
  }
  const home = await mkdtemp(path.join(tmpdir(), 'photo-core-webkit-'));
  // Xvfb picks a free display and tells it on descriptor 3.
  const screen = spawn('/usr/bin/Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const display = await new Promise((resolve, reject) => {
    screen.stdio[3].once('data', (data) => resolve(`:${String(data).trim()}`));
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  const port = await freePort();
  const driver = spawn('/usr/bin/WebKitWebDriver', ['-p', String(port)], {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env, DISPLAY: display, HOME: home, XDG_RUNTIME_DIR: home, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_COMPOSITING_MODE: '1', WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', NO_AT_BRIDGE: '1',
    },
  });
  const call = async (method, where, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${where}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const shut = async () => {
    for (const stop of [() => process.kill(-driver.pid, 'SIGTERM'), () => screen.kill()]) {
      try {
        stop();
      } catch {
        // It is gone already.
      }
    }
    await sleep(300);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (let n = 0; n < 150; n++) {
      if (await call('GET', '/status').then(() => true, () => false)) break;
      await sleep(200);
    }
    const { sessionId } = await call('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } } },
    });
    const session = `/session/${sessionId}`;
    await call('POST', `${session}/timeouts`, { script: 300_000, pageLoad: 120_000 });
    return {
      open: (url) => call('POST', `${session}/url`, { url }),
      /** Evaluates a promise of text in the page. */
      evaluate: (expression) =>
        call('POST', `${session}/execute/async`, {
          script: `const done = arguments[arguments.length - 1]; Promise.resolve(${expression}).then(done, (error) => done(String(error)));`,
          args: [],
        }),
      async close() {
        await call('DELETE', session).catch(() => {});
        await shut();
      },
    };
  } catch (error) {
    await shut();
    throw error;
  }
}
