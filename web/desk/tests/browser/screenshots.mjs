/**
 * Every page of a desk that runs, dark and light, in both languages, and a few on a phone.
 *
 *     node tests/browser/screenshots.mjs ADDRESS EMAIL PASSWORD [FOLDER]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { openBrowser, openTab, PAGES, signIn, skipTour } from './desk.mjs';

const [address, email, password, folder = 'screenshots'] = process.argv.slice(2);
const SETTLE_MS = 1_600;

async function take(browser, name, pages, options) {
  const { context, page, problems } = await openTab(browser, address, options.context);
  await signIn(page, address, email, password);
  await skipTour(page);
  for (const [key, path] of pages) {
    // The desk's own way of changing them: settings of the person would be saved for good.
    await page.evaluate(([language, theme]) => {
      const key = 'tradegraph:desk:preferences';
      localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key) ?? '{}'), language, theme }));
    }, [options.language, options.theme]);
    await page.goto(`${address}${path}`);
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(folder, `${key}-${name}.png`) });
  }
  if (problems.length) process.stdout.write(`${name}: ${problems.join('\n')}\n`);
  await context.close();
}

mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
for (const theme of ['dark', 'light']) {
  for (const language of ['en', 'zh']) {
    await take(browser, `${theme}-${language}`, PAGES, { theme, language, context: { colorScheme: theme } });
  }
}
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'dark' };
await take(browser, 'phone', PAGES.filter(([key]) => ['desk', 'orders', 'account', 'risk'].includes(key)), { theme: 'dark', language: 'en', context: phone });
await browser.close();
