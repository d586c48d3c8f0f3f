// The demo's page in Chromium over a local backend, and pictures for it.
import { rm } from 'node:fs/promises';
import { openBackend } from '../../../web-demo/backend/node.mjs';
import { buildPage } from '../../../web-demo/build.mjs';
import { servePage } from '../../../web-demo/serve.mjs';
import { installed } from '../../sending/kit/installed.mjs';
import { launchChromium, watchedPage } from './chromium.mjs';
import { scratch } from './packed.mjs';

/** The built page, served over a backend of its own, and a browser to open it with. */
export async function startDemo() {
  // Of its own, since test files run side by side.
  const own = (name) => scratch(`${name}-${process.pid}`);
  const built = buildPage({ packed: own('demo-package'), out: own('demo-page') });
  const [browser, backend, folder] = await Promise.all([launchChromium(), installed().then(openBackend), built]);
  let site = await servePage({ folder, port: 0, backend });
  const { url } = site;
  const port = Number(new URL(url).port);
  return {
    browser,
    backend,
    url,
    /** A new visitor's page. `early`: without waiting until it is ready. */
    async open({ early = false, ...options } = {}) {
      const watched = await watchedPage(browser, new URL(url).origin, options);
      await watched.page.goto(url);
      if (!early) await watched.page.waitForSelector('html[data-ready=yes]');
      return watched;
    },
    /** Nobody answers under the address any more, until `comeBack`. */
    goAway: () => site.close(),
    async comeBack() {
      site = await servePage({ folder, port, backend });
    },
    async close() {
      await browser.close();
      await site.close();
      await backend.close();
      for (const name of ['demo-package', 'demo-page']) await rm(own(name), { recursive: true, force: true });
    },
  };
}

/** JPEGs that the page draws itself, so that the tests need no files. */
export async function drawPhotos(page, names, width = 2400, height = 1600) {
  const drawn = await page.evaluate(
    async ([list, w, h]) => {
      const encoded = [];
      for (const [place, name] of list.entries()) {
        const canvas = new OffscreenCanvas(w, h);
        const context = canvas.getContext('2d');
        for (let stripe = 0; stripe < 40; stripe++) {
          context.fillStyle = `hsl(${(stripe * 9 + place * 60) % 360} ${70 - place}% 50%)`;
          context.fillRect((stripe * w) / 40, 0, w / 40, h);
        }
        const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
        encoded.push([name, btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''))]);
      }
      return encoded;
    },
    [names, width, height],
  );
  return drawn.map(([name, base64]) => ({ name, mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') }));
}

export const card = (page, name) => page.locator('[data-testid=photo-card]').filter({ has: page.locator('.name').getByText(name, { exact: true }) });

/** Waits until no card of `count` is under way any more. */
export const settled = (page, count) =>
  page.waitForFunction(
    (wanted) =>
      document.querySelectorAll('[data-testid=photo-card]').length === wanted &&
      !document.querySelector('[data-testid=photo-card][data-status=working]'),
    count,
  );

/** The project that was sent, once the page names it. */
export async function sentProject(page) {
  await page.waitForSelector('[data-testid=result][data-project-id]');
  return page.getByTestId('result').getAttribute('data-project-id');
}
