/** What happens when the line is cut, a page is loaded anew, or somebody signs out elsewhere. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { becomes, enter, goTo, knock, openBrowser, openTab, signIn, working } from './desk.mjs';
import { ADDRESS, line, newcomer, place, prices, SYMBOL } from './platform.mjs';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const state = (page, wanted) => page.waitForSelector(`[data-test=connection][data-state=${wanted}]`, { state: 'attached' });

/** Keep every state that the line is said to be in from now on. */
const watchStates = (page) =>
  page.evaluate(() => {
    globalThis.states = [];
    const badge = document.querySelector('[data-test=connection]');
    new MutationObserver(() => globalThis.states.push(badge.dataset.state)).observe(badge, { attributes: true, attributeFilter: ['data-state'] });
  });

test('after a cut everything is caught up with, and until then figures are marked', async () => {
  const person = await newcomer();
  const wire = await line();
  const tab = await openTab(browser, wire.address);
  const { page, context } = tab;
  await enter(tab, wire.address, person);
  await state(page, 'live');
  const { deep } = await prices(person);
  const first = await place(person, { limitPrice: deep });
  await working(page, [first.id]);

  wire.cut();
  await state(page, 'broken');
  await page.waitForSelector('.strip.stale');
  // Three things that nobody here hears of.
  await place(person, { limitPrice: deep });
  await person.ask('mutation ($input: CancelOrdersInput!) { cancelOrders(input: $input) { orders { id } } }', { input: { accountId: person.accountId } });
  const last = await place(person, { limitPrice: String(Number(deep) - 100) });
  wire.mend();
  await state(page, 'live');
  await working(page, [last.id]);
  assert.equal(await page.locator('.strip.stale').count(), 0);
  await context.close();
  wire.close();
});

test('what happens before the line stands is not missed', async () => {
  const person = await newcomer();
  await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  const tab = await openTab(browser, ADDRESS);
  const { page, context } = tab;
  let stand;
  const gate = new Promise((resolve) => {
    stand = resolve;
  });
  await page.routeWebSocket('**/graphql', async (socket) => {
    await gate;
    socket.connectToServer();
  });
  await page.route('**/graphql/stream', (route) => route.abort());
  await enter(tab, ADDRESS, person);
  await working(page, []);
  await page.waitForSelector('[data-test=working-orders] .over .empty');
  await page.click('.dv-tab:has-text("Positions")');
  await page.waitForSelector('[data-test=positions] .ag-row');
  // The desk has read what there is, and hears nothing yet.
  const { deep } = await prices(person);
  const unheard = await place(person, { limitPrice: deep });
  await person.ask('mutation ($id: ID!) { closeAllPositions(accountId: $id) { __typename } }', { id: person.accountId });
  stand();
  await page.waitForSelector('[data-test=positions] .over .empty');
  await page.click('.dv-tab:has-text("Orders")');
  await working(page, [unheard.id]);
  await context.close();
});

test('where no WebSocket gets through, streams go over HTTP, and catch up after a cut', async () => {
  const person = await newcomer();
  const wire = await line({ sockets: false });
  const tab = await openTab(browser, wire.address);
  const { page, context } = tab;
  await enter(tab, wire.address, person);
  await state(page, 'live');
  assert.equal(await page.getAttribute('[data-test=connection]', 'data-via'), 'events');
  const { deep } = await prices(person);
  const first = await place(person, { limitPrice: deep });
  await working(page, [first.id]);
  // Of a market that never closes.
  const bid = `[data-symbol="${SYMBOL}"] [data-test=bid]`;
  const before = await page.innerText(bid);
  await page.waitForFunction(([of, was]) => document.querySelector(of)?.innerText !== was, [bid, before]);

  wire.cut();
  await state(page, 'broken');
  await person.ask('mutation ($input: CancelOrdersInput!) { cancelOrders(input: $input) { orders { id } } }', { input: { accountId: person.accountId } });
  const last = await place(person, { limitPrice: String(Number(deep) - 100) });
  wire.mend();
  await state(page, 'live');
  await working(page, [last.id]);
  await context.close();
  wire.close();
});

test('a session outlives a reload, and no script can read what keeps it', async () => {
  const person = await newcomer();
  const { page, context, problems } = await openTab(browser, ADDRESS);
  await signIn(page, ADDRESS, person.email, person.password);
  await page.goto(`${ADDRESS}/account/overview`);
  await page.reload();
  await page.waitForSelector('[data-test=equity]');
  const readable = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }));
  assert.doesNotMatch(readable, /eyJ|token/i);
  const cookies = await context.cookies();
  assert.equal(cookies.length, 2);
  assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Strict'));
  assert.deepEqual(problems, []);

  // A second tab goes on with the same session; signing out in one ends both.
  await goTo(page, '/desk');
  await page.fill('[name=quantity]', '0.123');
  const second = await context.newPage();
  await second.goto(`${ADDRESS}/risk`);
  await second.waitForSelector('.page');
  await second.click('.who');
  await second.click('[data-action=sign-out]');
  await second.waitForSelector('input[name=email]');
  await page.waitForSelector('input[name=email]');
  await becomes(async () => (await context.cookies()).length, 0);

  // Somebody else in the same tab finds nothing that the first one typed.
  const other = await newcomer();
  await page.fill('input[name=email]', other.email);
  await page.fill('input[name=password]', other.password);
  await page.click('button[type=submit]');
  await page.waitForSelector('#main');
  await goTo(page, '/desk');
  assert.equal(await page.inputValue('[name=quantity]'), '');
  await page.click('.who');
  await page.click('[data-action=sign-out]');
  await page.waitForSelector('input[name=email]');
  await page.goto(`${ADDRESS}/desk`);
  await page.waitForSelector('input[name=email]');
  await becomes(async () => (await context.cookies()).length, 0);
  await context.close();
});

test('a person who is shut out is sent to the door, and comes back to where they were', async () => {
  const person = await newcomer();
  const tab = await openTab(browser, ADDRESS);
  const { page, context } = tab;
  await enter(tab, ADDRESS, person, '/account/ledger');
  await page.waitForSelector('.table');
  const active = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }';
  await person.askAsAdmin(active, { input: { id: person.id, active: false } });
  await page.waitForSelector('.notice');
  await person.askAsAdmin(active, { input: { id: person.id, active: true } });
  await page.fill('input[name=email]', person.email);
  await page.fill('input[name=password]', person.password);
  await page.click('button[type=submit]');
  await page.waitForSelector('.table');
  assert.equal(new URL(page.url()).pathname, '/account/ledger');
  await context.close();
});

// The grid and the statistics come after all else, with the panels that need them.
const LATER = /\/assets\/(grid|StatChart)-/;

test('the first load is small, and sent compressed', async () => {
  const person = await newcomer();
  const { page, context } = await openTab(browser, ADDRESS);
  let bytes = 0;
  page.on('requestfinished', async (request) => {
    const { responseBodySize } = await request.sizes();
    if (!LATER.test(request.url())) bytes += responseBodySize;
  });
  await page.goto(`${ADDRESS}/sign-in`, { waitUntil: 'networkidle' });
  const door = bytes;
  assert.ok(door > 50_000 && door < 200_000, `${door} bytes to sign in`);
  await signIn(page, ADDRESS, person.email, person.password);
  await page.waitForSelector('[data-test=ticket]');
  const first = bytes;
  assert.ok(first < 400_000, `${first} bytes until the ticket stands`);
  process.stdout.write(`${door} bytes to sign in, ${first} until the ticket stands\n`);
  await context.close();
});

test('a clock that is wrong is told, and what comes of it is right all the same', async () => {
  const person = await newcomer();
  const { page, context } = await openTab(browser, ADDRESS);
  // Ten minutes fast: a token of fifteen minutes would be taken for one that is about to end.
  await page.clock.install({ time: Date.now() + 600_000 });
  await signIn(page, ADDRESS, person.email, person.password);
  await page.waitForSelector('.banner:has-text("off by")');
  assert.match(await page.innerText('.banner'), /off by (59\d|6\d\d) seconds/);
  const order = await place(person, { limitPrice: (await prices(person)).deep });
  await working(page, [order.id]);
  await context.close();
});

test('a wrong password and a server that is away are told', async () => {
  const wire = await line();
  const { page, context } = await openTab(browser, wire.address);
  await knock(page, wire.address, 'nobody@example.com', 'wrong password here');
  await page.waitForSelector('.failure');
  wire.cut();
  await page.click('button[type=submit]');
  await page.waitForFunction(() => document.querySelector('.failure')?.textContent.includes('cannot be reached'));
  await context.close();
  wire.close();
});

test('what happens between a list’s reading and its stream comes by the stream, and the list is read once', async () => {
  const person = await newcomer('ADMIN');
  const tab = await openTab(browser, ADDRESS);
  const { page, context } = tab;
  const order = [];
  page.on('request', (request) => {
    const name = request.url().endsWith('/graphql') && request.postDataJSON()?.operationName;
    if (['StreamCursors', 'RiskEvents'].includes(name)) order.push(name);
  });
  let stand;
  const gate = new Promise((resolve) => {
    stand = resolve;
  });
  await page.routeWebSocket('**/graphql', async (socket) => {
    await gate;
    socket.connectToServer();
  });
  await page.route('**/graphql/stream', (route) => route.abort());
  const answered = page.waitForResponse((response) => response.request().postDataJSON()?.operationName === 'RiskEvents');
  await enter(tab, ADDRESS, person, '/risk/events');
  await (await answered).finished();
  // The list is there, and nobody here hears of anything yet.
  const halt = 'mutation ($input: HaltTradingInput!) { haltTrading(input: $input) { id } }';
  const reason = `unheard ${person.name}`;
  await person.ask(halt, { input: { scope: 'ACCOUNT', accountId: person.accountId, reason, cancelOpenOrders: false } });
  assert.equal(await page.locator(`[data-test=risk-events] tr:has-text("${person.name}")`).count(), 0);
  const before = order.filter((name) => name === 'RiskEvents').length;
  stand();
  await page.waitForSelector(`[data-test=risk-events] tr:has-text("${reason}")`);
  assert.equal(order.filter((name) => name === 'RiskEvents').length, before);
  assert.ok(order.indexOf('StreamCursors') < order.indexOf('RiskEvents'), `${order}`);
  await context.close();
});

test('a computer that slept finds its line dead, says so, and catches up with a new one', async () => {
  const person = await newcomer();
  const wire = await line();
  const tab = await openTab(browser, wire.address);
  const { page, context } = tab;
  await page.clock.install();
  await enter(tab, wire.address, person);
  await state(page, 'live');
  const { deep } = await prices(person);
  await working(page, []);
  // No end of the line is told to anybody; twenty minutes go by.
  wire.stall();
  const placed = await place(person, { limitPrice: deep });
  await watchStates(page);
  await page.clock.fastForward(20 * 60_000);
  await page.clock.fastForward(10_000);
  await page.waitForFunction(() => globalThis.states.includes('broken') && globalThis.states.at(-1) === 'live');
  await working(page, [placed.id]);
  await becomes(() => page.locator('.strip.stale').count(), 0);
  await context.close();
  wire.close();
});

test('a new token takes the streams over without a blink', async () => {
  const person = await newcomer();
  const tab = await openTab(browser, ADDRESS);
  const { page, context } = tab;
  await page.clock.install();
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket));
  // What the server answers when the time of the last token is nearly over.
  await enter(tab, ADDRESS, person);
  await state(page, 'live');
  await working(page, []);
  await page.route('**/session/resume', async (route) => {
    const renewed = await context.request.post(`${ADDRESS}/session/login`, { data: { email: person.email, password: person.password }, headers: { origin: ADDRESS } });
    await route.fulfill({ response: renewed });
  });
  await watchStates(page);
  const before = sockets.length;
  await page.clock.fastForward(13 * 60_000);
  await becomes(() => sockets.length, before + 1);
  await becomes(() => sockets.map((socket) => socket.isClosed()).filter((isClosed) => !isClosed).length, 1);
  const { deep } = await prices(person);
  const placed = await place(person, { limitPrice: deep });
  await working(page, [placed.id]);
  assert.deepEqual(await page.evaluate(() => globalThis.states), []);
  await context.close();
});

test('a server that is away while a page begins is told, and the page comes when it is there', async () => {
  const person = await newcomer();
  const tab = await openTab(browser, ADDRESS);
  const { page, context } = tab;
  await enter(tab, ADDRESS, person, '/settings');
  const away = (route) => route.abort('connectionrefused');
  for (const each of ['**/session/resume', '**/graphql']) await page.route(each, away);
  await page.goto(`${ADDRESS}/account/ledger`);
  await page.waitForSelector('[data-test=away] button');
  assert.equal(await page.locator('input[name=password]').count(), 0);
  for (const each of ['**/session/resume', '**/graphql']) await page.unroute(each, away);
  await page.waitForSelector('.table tbody tr');
  assert.equal(new URL(page.url()).pathname, '/account/ledger');
  await context.close();
});
