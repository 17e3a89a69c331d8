/**
 * How fast the desk stays under a busy market, and whether its memory stays flat: 50 symbols with 20 quotes a second each,
 * 1,000 rows in the blotter, somebody who works. Measured by the browser's own tracing.
 *
 *     DESK_ADDRESS=... DESK_EMAIL=... DESK_PASSWORD=... node tests/browser/speed.mjs [SECONDS]
 *
 * It adds instruments, a person and an account to the platform that it is given: not one that somebody trades on.
 */
import { loadavg } from 'node:os';

import { openBrowser, openTab, signIn } from './desk.mjs';
import { ADDRESS, ADMIN, newcomer } from './platform.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const SYMBOLS = 50;
const QUOTES_PER_SECOND = 20;
const ROWS = 1_000;
const TRACED_SECONDS = Math.min(SECONDS, 30);
const MEMORY_EVERY_SECONDS = Math.max(10, Math.min(60, SECONDS / 10));
const SIGN_IN_AGAIN_MS = 240_000;
const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'benchmark', 'blink.user_timing', 'toplevel'];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function post(token, query, variables) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const { data, errors } = await (await fetch(`${ADDRESS}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

let held = { token: '', until: 0 };
async function adminToken() {
  if (Date.now() > held.until) {
    const { login } = await post(null, 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', { input: ADMIN });
    held = { token: login.accessToken, until: Date.now() + SIGN_IN_AGAIN_MS };
  }
  return held.token;
}

/** Instruments that are there already are used again. */
async function instruments() {
  const symbols = Array.from({ length: SYMBOLS }, (_, index) => `SPEED${String(index).padStart(2, '0')}.BENCH`);
  const { instruments: found } = await post(await adminToken(), '{ instruments(first: 500) { edges { node { symbol } } } }', {});
  const known = new Set(found.edges.map(({ node }) => node.symbol));
  const create = 'mutation ($input: CreateInstrumentInput!) { createInstrument(input: $input) { symbol } }';
  for (const symbol of symbols.filter((each) => !known.has(each))) {
    const input = { symbol, exchange: 'BENCH', assetClass: 'CRYPTO', currency: 'USDT', tickSize: '0.01', lotSize: '0.001' };
    await post(await adminToken(), create, { input });
  }
  return symbols;
}

const PRICE = 1_000;
const publish = 'mutation ($input: PublishQuotesInput!) { publishQuotes(input: $input) }';
let isOver = false;
let published = 0;
async function market(symbols) {
  const prices = symbols.map(() => PRICE);
  let due = performance.now();
  while (!isOver) {
    const quotes = symbols.map((symbol, index) => {
      prices[index] = Math.max(900, prices[index] + Math.round(Math.random() * 20 - 10) / 100);
      return { symbol, bid: prices[index].toFixed(2), ask: (prices[index] + 0.02).toFixed(2), bidSize: '1.5', askSize: '2', last: prices[index].toFixed(2), lastSize: '0.1' };
    });
    await post(await adminToken(), publish, { input: { quotes } });
    published += quotes.length;
    // What was late is not caught up with: the pace stays what it says.
    due = Math.max(due + 1_000 / QUOTES_PER_SECOND, performance.now());
    await pause(Math.max(0, due - performance.now()));
  }
}

async function workingOrders(person, symbols) {
  const place = 'mutation ($input: PlaceOrdersInput!) { placeOrders(input: $input) { accepted results { order { rejectMessage } } } }';
  await person.askAsAdmin('mutation ($input: CashInput!) { deposit(input: $input) { id } }', { input: { accountId: person.accountId, amount: '10000000', reference: 'speed' } });
  const orders = Array.from({ length: ROWS }, (_, index) => ({ accountId: person.accountId, symbol: symbols[index % SYMBOLS], side: 'BUY', type: 'LIMIT', quantity: '0.01', limitPrice: String(700 - (index % 100)), timeInForce: 'GTC' }));
  for (let from = 0; from < ROWS; from += 200) {
    const { placeOrders } = await person.ask(place, { input: { orders: orders.slice(from, from + 200) } });
    if (placeOrders.accepted !== 200) throw new Error(placeOrders.results.find(({ order }) => order.rejectMessage)?.order.rejectMessage);
  }
}

/** What a trader does: another instrument, a quantity, a price, another tab. */
async function work(page, until) {
  for (let turn = 0; performance.now() < until; turn += 1) {
    await page.click('.strip', { position: { x: 4, y: 4 } }).catch(() => undefined);
    await page.locator('.links').click({ position: { x: 2, y: 2 } }).catch(() => undefined);
    await page.keyboard.press(turn % 2 ? 'k' : 'j');
    await page.click('[name=quantity]');
    await page.keyboard.type(String(1 + (turn % 9)));
    await page.keyboard.press('Backspace');
    await pause(150);
    await page.click(`.dv-tab:has-text("${turn % 2 ? 'Orders' : 'Positions'}")`);
    await pause(150);
  }
}

async function traced(page, act) {
  const session = await page.context().browser().newBrowserCDPSession();
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: CATEGORIES } });
  await act();
  const done = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await done;
  return events;
}

/** The share below which `part` of the values lie. */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** Frames that the page painted, and how long inputs took from the event to the painting of what they changed. */
function read(events) {
  const commits = new Map();
  for (const event of events) if (event.name === 'FireAnimationFrame') commits.set(event.pid, [...(commits.get(event.pid) ?? []), event.ts]);
  const [pid, frames = []] = [...commits].sort((a, b) => b[1].length - a[1].length)[0] ?? [];
  // Several callbacks of one frame count once.
  const times = [...new Set(frames.map((ts) => Math.round(ts / 1_000)))].sort((a, b) => a - b).filter((at, index, all) => index === 0 || at - all[index - 1] > 4);
  const seconds = (times.at(-1) - times[0]) / 1_000;
  const begun = new Map();
  const inputs = [];
  for (const event of events) {
    if (event.name !== 'EventTiming' || event.pid !== pid) continue;
    const id = event.id ?? event.id2?.local;
    if (event.ph === 'b') begun.set(id, event);
    else if (event.ph === 'e' && begun.has(id)) {
      const { args, ts } = begun.get(id);
      if (/^(keydown|keyup|pointerdown|pointerup|click)$/.test(args.data?.type ?? '')) inputs.push((event.ts - ts) / 1_000);
    }
  }
  const gaps = times.slice(1).map((at, index) => at - times[index]);
  // Processor time, which does not count what else the machine does.
  const main = events.find(({ name, pid: of, args }) => name === 'thread_name' && of === pid && args.name === 'CrRendererMain')?.tid;
  const busy = events.filter(({ name, pid: of, tid, ts }) => name.endsWith('RunTask') && of === pid && tid === main && ts >= frames[0] && ts <= frames.at(-1)).reduce((sum, { tdur = 0 }) => sum + tdur, 0);
  return { busy: busy / 1e6 / seconds, fps: (times.length - 1) / seconds, longestGap: Math.max(...gaps), gapP99: quantile(gaps, 0.99), inputs };
}

async function heapMegabytes(cdp) {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1e6;
}

const symbols = await instruments();
const person = await newcomer();
const trading = market(symbols);
await pause(1_000);
await workingOrders(person, symbols);
await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { watchlist: symbols, symbol: symbols[0], language: 'en' } });
const browser = await openBrowser();
const { page, problems } = await openTab(browser, ADDRESS, { viewport: { width: 1600, height: 1000 } });
await signIn(page, ADDRESS, person.email, person.password);
await page.waitForFunction((count) => document.querySelectorAll('[data-symbol]').length === count, SYMBOLS);
await page.waitForFunction((count) => document.querySelector('[data-test=working-orders] .bar .num')?.textContent.startsWith(String(count)), ROWS);
// Each frame is asked for, so that a frame that is missing was late and not needless.
await page.evaluate(() => {
  const next = () => requestAnimationFrame(next);
  next();
});
await pause(5_000);
let rate = 0;
const events = await traced(page, async () => {
  const [before, begin] = [published, performance.now()];
  await work(page, begin + TRACED_SECONDS * 1_000);
  rate = (published - before) / ((performance.now() - begin) / 1_000) / SYMBOLS;
});
const { fps, gapP99, longestGap, inputs, busy } = read(events);
process.stdout.write(`${SYMBOLS} symbols with ${rate.toFixed(1)} quotes a second each, ${ROWS} rows, ${TRACED_SECONDS} s; load of the machine ${loadavg()[0].toFixed(1)}\n`);
process.stdout.write(`processor time of the page's main thread ${(busy * 100).toFixed(0)} % of the time\n`);
process.stdout.write(`frames a second ${fps.toFixed(1)}, between frames p99 ${gapP99} ms, longest ${longestGap} ms\n`);
process.stdout.write(`input to paint, ${inputs.length} inputs: p50 ${quantile(inputs, 0.5).toFixed(0)} ms, p95 ${quantile(inputs, 0.95).toFixed(0)} ms, longest ${Math.max(...inputs).toFixed(0)} ms\n`);

const cdp = await page.context().newCDPSession(page);
const memory = [await heapMegabytes(cdp)];
const end = performance.now() + (SECONDS - TRACED_SECONDS) * 1_000;
while (performance.now() < end) {
  await work(page, Math.min(end, performance.now() + MEMORY_EVERY_SECONDS * 1_000));
  memory.push(await heapMegabytes(cdp));
}
process.stdout.write(`heap after collection, every ${MEMORY_EVERY_SECONDS.toFixed(0)} s, MB: ${memory.map((each) => each.toFixed(1)).join(' ')}\n`);
if (problems.length) process.stdout.write(`${problems.slice(0, 5).join('\n')}\n`);
isOver = true;
await trading;
await browser.close();
