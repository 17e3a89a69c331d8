/**
 * Every page of a desk that runs, dark and light, in both languages, and on a phone.
 *
 *     DESK_ADDRESS=... DESK_EMAIL=... DESK_PASSWORD=... node tests/browser/screenshots.mjs [FOLDER] [PAGE...]
 *
 * It adds a person with an account and trades on the platform that it is given, so that each page has something to show.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { addresses, enter, openBrowser, openTab, settled } from './desk.mjs';
import { ADDRESS } from './platform.mjs';
import { tellStory } from './story.mjs';

const [folder = 'screenshots', ...wanted] = process.argv.slice(2);
// For what is drawn after the last answer: charts, and colours that flash.
const DRAWN_MS = { system: 5_000, other: 900 };
const WIDE = { viewport: { width: 1440, height: 860 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const LOOKS = [
  ['dark-en', WIDE, 'dark', 'en'],
  ['dark-zh', WIDE, 'dark', 'zh'],
  ['light-en', WIDE, 'light', 'en'],
  ['light-zh', WIDE, 'light', 'zh'],
  ['phone-dark-en', PHONE, 'dark', 'en'],
  ['phone-light-zh', PHONE, 'light', 'zh'],
];

/** A page that is longer than the window is taken whole. */
async function whole(page, { width, height }) {
  const more = await page.evaluate(() => {
    const part = document.querySelector('#main .page');
    return part ? part.scrollHeight - part.clientHeight : 0;
  });
  await page.setViewportSize({ width, height: height + Math.max(0, more) });
}

async function take(browser, story, [name, screen, colorScheme, language]) {
  const { person } = story;
  const tab = await openTab(browser, ADDRESS, { ...screen, colorScheme });
  const { page, context, problems } = tab;
  await page.goto(`${ADDRESS}/sign-in`);
  await page.waitForSelector('form');
  await page.screenshot({ path: join(folder, `sign-in-${name}.png`) });
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { language, theme: colorScheme } });
  await enter(tab, ADDRESS, person);
  for (const [key, path] of await addresses(page, story)) {
    if (wanted.length && !wanted.includes(key)) continue;
    await page.setViewportSize(screen.viewport);
    await page.goto(`${ADDRESS}${path}`);
    await page.waitForSelector('#main > *');
    await settled(tab);
    await whole(page, screen.viewport);
    await page.waitForTimeout(DRAWN_MS[key] ?? DRAWN_MS.other);
    await page.screenshot({ path: join(folder, `${key}-${name}.png`) });
  }
  if (problems.length) process.stdout.write(`${name}: ${problems.join('\n')}\n`);
  await context.close();
}

mkdirSync(folder, { recursive: true });
const story = await tellStory();
const browser = await openBrowser();
for (const look of LOOKS) await take(browser, story, look);
await browser.close();
