/** A browser on a desk: what the scripts and tests beside this file share. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];

// How many times slower than this machine the pages run: to find tests and pages that only work on a quick one.
const SLOWER = Number(process.env.DESK_SLOWER ?? 1);

// For a condition, on a machine that is busy with something else; nobody waits so long for what is there.
const PATIENCE_MS = 60_000;
const SETTLED_MS = 10_000;

export function findChromium() {
  return process.env.CHROMIUM ?? PLACES.find(existsSync);
}

export async function openBrowser() {
  // No name but the loopback address resolves: nothing reaches outside unnoticed.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'];
  return chromium.launch({ executablePath: findChromium(), args });
}

/** Until `read` gives something that is not empty; who waits in vain is told what it gave last. */
export async function until(read) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never true: ${read}; at last ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Until `read` gives what is wanted; who waits in vain is told both. */
export async function becomes(read, wanted) {
  const deadline = Date.now() + PATIENCE_MS;
  let seen = await read();
  while (!isDeepStrictEqual(seen, wanted) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await read();
  }
  assert.deepEqual(seen, wanted, `${read}`);
}

/** The blotter holds these orders: it counts them, and the rows that it shows are theirs. */
export const working = (page, ids) =>
  becomes(
    () =>
      page.evaluate(() => ({
        count: document.querySelector('[data-test=working-count]')?.dataset.count,
        rows: [...document.querySelectorAll('[data-test=working-orders] .ag-row')].map((row) => row.getAttribute('row-id')).sort(),
      })),
    { count: String(ids.length), rows: [...ids].sort() },
  );

/** Keep the last presses and clicks: what they hit, and where it was. A press and a release beside it are no click. */
function noteClicks() {
  globalThis.clicks = [];
  for (const kind of ['pointerdown', 'pointerup', 'click'])
    document.addEventListener(
      kind,
      ({ target, clientX, clientY }) => {
        const { x, y, width, height } = target.getBoundingClientRect();
        const name = target.dataset?.action ?? target.name ?? target.textContent?.slice(0, 20);
        globalThis.clicks = [...globalThis.clicks.slice(-11), `${Math.round(performance.now())} ${kind} ${target.tagName} ${name} at ${clientX},${clientY} in ${[x, y, width, height].map(Math.round)}`];
      },
      { capture: true },
    );
}

/** Whoever waits in vain for something of this page is told what it shows, and what was clicked last. */
function tellWhatIsThere(page, problems) {
  for (const name of ['waitForSelector', 'waitForFunction', 'click', 'dblclick', 'fill', 'check', 'selectOption', 'tap', 'inputValue']) {
    const act = page[name].bind(page);
    page[name] = async (...given) => {
      try {
        return await act(...given);
      } catch (error) {
        const text = await page.evaluate(() => document.body.innerText.replace(/\s+/g, ' ').slice(0, 3_000)).catch(() => 'nothing');
        const clicks = await page.evaluate(() => globalThis.clicks.join('\n')).catch(() => 'nothing');
        // Reporters show the stack, which holds the message as it was.
        error.stack = `${error.message}\n${name} ${given.map(String).join(', ')} at ${page.url()}\nproblems: ${problems.join('; ') || 'none'}\nthe page: ${text}\nthe clicks:\n${clicks}\n${error.stack}`;
        throw error;
      }
    };
  }
}

/** A tab with everything recorded that should not happen: errors, refused policies, requests to elsewhere. */
export async function openTab(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, locale: 'en-US', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(noteClicks);
  const page = await context.newPage();
  if (SLOWER > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const problems = [];
  tellWhatIsThere(page, problems);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error.message}`));
  const origin = new URL(address).host;
  const inFlight = new Set();
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => inFlight.delete(request));
  page.on('request', (request) => {
    if (!request.url().endsWith('/graphql/stream')) inFlight.add(request);
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== origin) problems.push(`outside: ${request.url()}`);
  });
  return { context, page, problems, inFlight };
}

/** Keep one operation from the server until the returned function is called. */
export async function holdBack(page, operation) {
  let release;
  const gate = new Promise((resolve) => {
    release = resolve;
  });
  await page.route('**/graphql', async (route) => {
    if (route.request().postDataJSON()?.operationName === operation) await gate;
    // A page that is left meanwhile has no use for it.
    await route.continue().catch(() => undefined);
  });
  return release;
}

/** Let one operation reach the server and its answer be lost, until the returned function is called. */
export async function loseAnswer(page, operation) {
  const lose = async (route) => {
    if (route.request().postDataJSON()?.operationName !== operation) return route.fallback();
    await route.fetch();
    await route.abort('connectionreset');
  };
  await page.route('**/graphql', lose);
  return () => page.unroute('**/graphql', lose);
}

/** Until what was chosen is on its way to the server, with what `choose` does. */
export async function saved(page, choose) {
  const isSaving = (response) => response.url().endsWith('/graphql') && response.request().postDataJSON()?.operationName === 'SavePreferences';
  const [response] = await Promise.all([page.waitForResponse(isSaving), choose()]);
  await response.finished();
}

export async function knock(page, address, email, password) {
  await page.goto(`${address}/sign-in`);
  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', password);
  await page.click('button[type=submit]');
}

export async function signIn(page, address, email, password) {
  await knock(page, address, email, password);
  await page.waitForSelector('#main');
}

const NAMED = { id: ({ orderId }) => orderId, rest: () => 'nothing-here' };

/** One pattern of the router's table as addresses: each word that a part may be, what the story has, nothing for what may be left out. */
function spelled(pattern, story) {
  const [, before, name, words, many, after] = /^(.*?):(\w+)(?:\(([^)]*)\))?([*?]?)(.*)$/.exec(pattern) ?? [];
  if (!name) return [pattern];
  const values = name in NAMED ? [NAMED[name](story)] : words.split('|');
  return [...(many === '?' ? [before.replace(/\/$/, '')] : []), ...values.map((value) => before + value)].flatMap((start) => spelled(start + after, story));
}

/** Every page that the desk has, by the table of its own router: a short name and an address; and a case that is open. */
export async function addresses(page, story) {
  const routes = await page.evaluate(() => document.querySelector('#app').__vue_app__.config.globalProperties.$router.getRoutes().map(({ path, redirect, meta, children }) => ({ path, isPage: !redirect && !children.length, isPublic: meta.isPublic === true })));
  // A page of several parts begins with the first of them: it is seen there.
  const hasParts = (path) => routes.some((other) => other.path.startsWith(`${path}/:tab(`));
  const paths = routes.filter(({ path, isPage, isPublic }) => isPage && !isPublic && !hasParts(path)).flatMap(({ path }) => spelled(path, story));
  const named = [...new Set(paths)].map((path) => [path.slice(1).replace(story.orderId, 'one').replaceAll('/', '-'), path]);
  return [...named, ['surveillance-case', `/surveillance?case=${story.caseId}`]];
}

/** Somebody signed in, in a tab in which somebody else may have been; at a page, without the form, which tests of its own fill. */
export async function enter({ context, page, problems, inFlight }, address, { email, password }, path = '/desk') {
  await page.goto('about:blank');
  await context.clearCookies();
  const answer = await context.request.post(`${address}/session/login`, { data: { email, password }, headers: { origin: address } });
  assert.equal(answer.status(), 200, await answer.text());
  problems.length = 0;
  inFlight.clear();
  await page.goto(`${address}${path}`);
  await page.waitForSelector('#main > *');
}

/** Until a page has asked for all it shows and says nowhere that it is loading; one that asks again and again is looked at as it is. */
export async function settled({ page, inFlight }) {
  const deadline = Date.now() + SETTLED_MS;
  for (let quiet = 0; quiet < 3 && Date.now() < deadline; ) {
    const isLoading = await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve(document.querySelector('#main [role=status]:not(.badge, .dv-live-region)') !== null))));
    quiet = isLoading || inFlight.size ? 0 : quiet + 1;
  }
}

/** To another page of the desk as a link leads there: without loading everything anew. */
export async function goTo(page, path) {
  await page.evaluate((to) => {
    history.pushState({}, '', to);
    dispatchEvent(new PopStateEvent('popstate', { state: {} }));
  }, path);
  await page.waitForFunction((to) => document.querySelector('#main')?.dataset.path === to, path.split('?')[0]);
}

export async function skipTour(page) {
  const skip = page.locator('[data-action=skip-tour]');
  await skip.waitFor({ timeout: 3_000 }).catch(() => undefined);
  if (await skip.count()) await skip.click();
}
