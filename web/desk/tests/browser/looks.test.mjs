/** Languages, a phone's width, and accessibility of every page in both themes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { addresses, enter, goTo, openBrowser, openTab, saved, settled } from './desk.mjs';
import { ADDRESS, newcomer, place, prices, stranger } from './platform.mjs';
import { tellStory } from './story.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] };
/** Those that look at colours: the others find the same in the other theme. */
const COLOURS = { ...RULES, runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } };
let browser;
let tab;
// One tab for what a wide window shows, so that what it has loaded serves all. Colours on their way from one theme to the other are of neither.
before(async () => {
  browser = await openBrowser();
  story = await tellStory();
  tab = await openTab(browser, ADDRESS, { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', reducedMotion: 'reduce' });
});
after(() => browser.close());

// A long table says nothing new with each row, and axe takes its time with each.
const ROWS_LIKE_THOSE_BEFORE = 'tbody tr:nth-child(n+13)';

/** What is opened on a page, by which button. */
const OPENED = { desk: 'chart-order', 'risk-rules': 'new-rule', 'risk-halts': 'halt', settings: 'new-channel' };
let story;
let pages;

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

/**
 * What of a page the keyboard does not reach well: a control whose focus cannot be seen, or that stands outside the order of the page.
 * The first key makes the browser show the focus, as it does for people who use keys.
 */
async function unseenFocus(page, within = 'body') {
  await page.keyboard.press('Tab');
  return page.evaluate(async (where) => {
    const looks = (element) => {
      const around = [element];
      for (let part = element.parentElement; part && around.length < 5; part = part.parentElement) around.push(part);
      return around.map((each) => getComputedStyle(each)).map(({ outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor, opacity }) => [outlineStyle === 'none' ? '' : outlineWidth, boxShadow, borderColor, backgroundColor, opacity].join()).join('|');
    };
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const controls = [...document.querySelector(where).querySelectorAll('a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, [tabindex]')];
    const found = [];
    for (const control of controls.filter((each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true })).slice(0, 80)) {
      if (control.tabIndex > 0) found.push(`tabindex ${control.tabIndex}: ${control.outerHTML.slice(0, 120)}`);
      control.blur();
      const before = looks(control);
      control.focus({ preventScroll: true });
      if (document.activeElement !== control) continue;
      for (let tries = 0; tries < 10 && looks(control) === before; tries += 1) await frame();
      if (looks(control) === before) found.push(`no focus seen: ${control.outerHTML.slice(0, 160)}`);
    }
    document.activeElement?.blur();
    return found;
  }, within);
}

/** Where the focus goes while somebody walks through an open dialog: nowhere else on the page. */
async function strays(page) {
  const found = [];
  for (let count = 0; count < 15; count += 1) {
    await page.keyboard.press(count < 12 ? 'Tab' : 'Shift+Tab');
    const stray = await page.evaluate(() => {
      const { activeElement: at } = document;
      return at === document.body || at.closest('dialog[open]') ? null : at.outerHTML.slice(0, 160);
    });
    if (stray) found.push(`the focus left the dialog: ${stray}`);
  }
  return found;
}

test('axe finds nothing on any page, dark and light, and keys reach all of it', async () => {
  const { person } = story;
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
  pages = await addresses(page, story);
  assert.ok(pages.length >= 20, `${pages.length} pages`);
  for (const [name, path] of pages) {
    await goTo(page, path);
    if (name === 'desk') await page.waitForSelector('[data-test=working-orders] .ag-row');
    await settled(tab);
    found[name] = [...(await tooWide(page)), ...(await unseenFocus(page)), ...(await violationsInBothThemes(page))];
    if (!OPENED[name]) continue;
    await page.click(`[data-action=${OPENED[name]}]`);
    const isDialog = name !== 'desk';
    const within = isDialog ? 'dialog[open]' : '[popover]:popover-open';
    await page.waitForSelector(within);
    found[`${name}: ${OPENED[name]}`] = [...(await violations(page, RULES, within)), ...(isDialog ? await strays(page) : [])];
    await page.keyboard.press('Escape');
    await page.waitForSelector(within, { state: 'detached' });
    // Who closed it goes on where they were.
    const { opener } = await page.evaluate(() => ({ opener: document.activeElement?.dataset.action }));
    if (isDialog && opener !== OPENED[name]) found[`${name}: after`] = [`the focus is at ${opener}`];
  }
  assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length)), {});
  assert.deepEqual(problems, []);
});

/** Tables and figures that somebody would have to scroll sideways for. */
const sideways = (page) => page.evaluate(() => [...document.querySelectorAll('.scroll, .facts dd, .card-head')].filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => `${part.className} ${part.getAttribute('aria-label') ?? part.textContent.slice(0, 60)} is ${part.scrollWidth} wide, not ${part.clientWidth}`));

test('every page fits a phone, in Chinese, without a violation', async () => {
  const { person } = story;
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { language: 'zh', theme: 'light' } });
  const phone = await openTab(browser, ADDRESS, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'zh-CN', reducedMotion: 'reduce' });
  const { page, context, problems } = phone;
  await enter(phone, ADDRESS, person);
  const found = {};
  for (const [name, path] of await addresses(page, story)) {
    await goTo(page, path);
    await settled(phone);
    found[name] = [...(await tooWide(page)), ...(await sideways(page)), ...(await violations(page))];
  }
  assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length)), {});
  assert.deepEqual(problems, []);
  await context.close();
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
  const person = await stranger();
  const { page } = tab;
  await enter(tab, ADDRESS, person);
  for (let step = 0; step < 3; step += 1) await page.locator('dialog .button.primary').last().click();
  await saved(page, () => page.locator('dialog .button.primary').last().click());
  await page.waitForFunction(() => !document.querySelector('dialog[open]'));
  await page.waitForSelector('[data-test=equity][title="100000"]');
  assert.deepEqual((await person.ask('{ accounts { currency equity } }')).accounts, [{ currency: 'USDT', equity: '100000' }]);
  await page.reload();
  await page.waitForSelector('#main > *');
  assert.equal(await page.locator('dialog[open]').count(), 0);
});
