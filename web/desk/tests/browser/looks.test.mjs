/** Languages, a phone's width, and accessibility of every page in both themes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { enter, goTo, openBrowser, openTab, PAGES, saved, settled } from './desk.mjs';
import { ADDRESS, newcomer, place, prices } from './platform.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] };
/** Those that look at colours: the others find the same in the other theme. */
const COLOURS = { ...RULES, runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } };
let browser;
let tab;
// One tab for what a wide window shows, so that what it has loaded serves all. Colours on their way from one theme to the other are of neither.
before(async () => {
  browser = await openBrowser();
  tab = await openTab(browser, ADDRESS, { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', reducedMotion: 'reduce' });
});
after(() => browser.close());

// A long table says nothing new with each row, and axe takes its time with each.
const ROWS_LIKE_THOSE_BEFORE = 'tbody tr:nth-child(n+13)';

/** What is opened on a page, by which button. */
const OPENED = { desk: 'chart-order', rules: 'new-rule', halts: 'halt', settings: 'new-channel' };

async function violations(page, rules = RULES, within = 'html') {
  // Evaluated by the devtools protocol: the page's policy forbids it to everything else.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(([given, where]) => globalThis.axe.run({ include: [where[0]], ...(document.querySelector(where[1]) && { exclude: [where[1]] }) }, given), [rules, [within, ROWS_LIKE_THOSE_BEFORE]]);
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`));
}

/** Until no colour is on its way to another. One element's transition can begin when that of the element around it ends: three frames in which none runs. */
async function still(page) {
  await page.waitForFunction(() => {
    globalThis.quiet = document.getAnimations().some(({ playState }) => playState === 'running') ? 0 : (globalThis.quiet ?? 0) + 1;
    return globalThis.quiet > 3;
  });
  await page.evaluate(() => delete globalThis.quiet);
}

/** What is wider than there is room for. */
const tooWide = (page) =>
  page.evaluate(() => [...document.querySelectorAll('html, .top, .strip, .strip dl, .tools, #main, .page')].filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => `${part.className || part.tagName} is ${part.scrollWidth} wide, not ${part.clientWidth}`));

/** All rules in the theme that is on, then in the other one those that look at colours. */
async function violationsInBothThemes(page) {
  const first = await violations(page);
  const before = await page.getAttribute('html', 'class');
  await page.click('[data-action=theme]');
  await page.waitForFunction((was) => document.documentElement.className !== was, before);
  await still(page);
  return [...first, ...(await violations(page, COLOURS))];
}

test('axe finds nothing on any page, dark and light', async () => {
  const person = await newcomer('ADMIN');
  await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await place(person, { limitPrice: (await prices(person)).deep });
  const found = {};
  const { page, problems } = tab;
  await page.goto(`${ADDRESS}/sign-in`);
  await page.waitForSelector('form');
  found['sign-in, dark'] = await violations(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForFunction(() => !document.documentElement.classList.contains('dark'));
  await still(page);
  found['sign-in, light'] = await violations(page, COLOURS);
  await page.emulateMedia({ colorScheme: 'dark' });
  await enter(tab, ADDRESS, person);
  for (const [name, path] of PAGES) {
    await goTo(page, path);
    if (name === 'desk') await page.waitForSelector('[data-test=working-orders] .ag-row');
    await settled(tab);
    found[name] = [...(await tooWide(page)), ...(await violationsInBothThemes(page))];
    if (!OPENED[name]) continue;
    await page.click(`[data-action=${OPENED[name]}]`);
    const within = 'dialog[open], [popover]:popover-open';
    await page.waitForSelector(within);
    found[`${name}: ${OPENED[name]}`] = await violations(page, RULES, within);
    await page.keyboard.press('Escape');
    await page.waitForSelector(within, { state: 'detached' });
  }
  assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length)), {});
  assert.deepEqual(problems, []);
});

test('the language changes at once and stays', async () => {
  const { page } = tab;
  await enter(tab, ADDRESS, await newcomer());
  await page.waitForSelector('[data-test=ticket]');
  await saved(page, () => page.click('.language'));
  await page.waitForFunction(() => document.querySelector('[data-action=buy]')?.textContent.trim() === '买入');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.equal(await page.getAttribute('html', 'data-trend'), 'red-up');
  await page.waitForFunction(() => document.querySelector('.dv-tab')?.textContent.includes('自选'));
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await page.waitForFunction(() => document.querySelector('.links a')?.textContent.trim() === '交易台');
});

test('on a phone one watches, trades, closes and cancels', async () => {
  const person = await newcomer();
  const phone = await openTab(browser, ADDRESS, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const { page, context, problems } = phone;
  await enter(phone, ADDRESS, person);
  await page.waitForSelector('[data-test=bid]');
  await page.tap('[data-tab=ticket]');
  await page.selectOption('select[name=type]', 'MARKET');
  await page.fill('[name=quantity]', '0.01');
  await page.tap('[data-action=buy]');
  await page.waitForSelector('[data-test=outcome] .sent');
  await place(person, { limitPrice: (await prices(person)).deep });
  await page.tap('[data-tab=orders]');
  await page.tap('[data-action=cancel-all]');
  await page.tap('[data-action=take-back]');
  await page.tap('[data-action=cancel]');
  await page.waitForSelector('[data-test=working-orders] .empty');
  await page.tap('[data-tab=positions]');
  await page.tap('[data-action=close]');
  await page.tap('dialog button[type=submit]');
  await page.waitForSelector('[data-test=positions] .empty');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await tooWide(page), []);
  assert.deepEqual(problems, []);
  await context.close();
});

test('somebody who is new gets a tour and an account to try things with', async () => {
  const person = await newcomer('ADMIN');
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { seenTour: false } });
  const { page } = tab;
  await enter(tab, ADDRESS, person);
  for (let step = 0; step < 3; step += 1) await page.locator('dialog .button.primary').last().click();
  await saved(page, () => page.locator('dialog .button.primary').last().click());
  await page.waitForFunction(() => !document.querySelector('dialog[open]'));
  await page.reload();
  await page.waitForSelector('#main > *');
  assert.equal(await page.locator('dialog[open]').count(), 0);
});
