// Chromium, headless, with a page that notes every breach of its policy and every request elsewhere.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const executablePath = [
  process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(existsSync);

/** @param {...string} further arguments of its own */
export const launchChromium = (...further) => launch(further);

/** With the back/forward cache, as people have it; Playwright takes it away. */
export const launchWithPagesKept = () => launch([], ['--disable-back-forward-cache']);

async function launch(further, ignoreDefaultArgs) {
  if (!executablePath) throw new Error('no Chromium: install the Debian package chromium, or say by CHROMIUM where it is');
  return chromium.launch({
    executablePath,
    ignoreDefaultArgs,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--enable-precise-memory-info', ...further,
    ],
  });
}

/** A new page with its notes: `violations`, `elsewhere` (requests to other origins), `errors`. */
export async function watchedPage(browser, origin, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const notes = { violations: [], elsewhere: [], errors: [] };
  await page.exposeFunction('noteViolation', (text) => notes.violations.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.noteViolation(`${event.effectiveDirective} blocked ${event.blockedURI}`);
    });
  });
  page.on('pageerror', (error) => notes.errors.push(String(error)));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) notes.violations.push(message.text());
    else if (message.type() === 'error') notes.errors.push(message.text());
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !['blob:', 'data:'].includes(url.protocol)) notes.elsewhere.push(request.url());
  });
  return { page, notes, close: () => context.close() };
}
