/** Trading through the page: every type of order, what becomes of it, and its change and end. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { becomes, enter, goTo, loseAnswer, openBrowser, openTab, until, working } from './desk.mjs';
import { ADDRESS, newcomer, place, prices, SYMBOL } from './platform.mjs';

let browser;
let person;
let tab;
let at;

const OPEN = 'query ($id: ID!) { orders(filter: {accountId: $id, open: true}, first: 100) { edges { node { id type contingency limitPrice stopPrice quantity } } } }';
const openOrders = async () => (await person.ask(OPEN, { id: person.accountId })).orders.edges.map(({ node }) => node);

before(async () => {
  browser = await openBrowser();
  tab = await openTab(browser, ADDRESS);
});
after(() => browser.close());
// One tab for all, so that what it has loaded serves them all. Nobody signs out, and yet the next one finds nothing of the last.
beforeEach(async () => {
  person = await newcomer();
  await enter(tab, ADDRESS, person);
  await tab.page.waitForSelector('[data-test=ticket]');
  at = await prices(person);
});

async function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const field = tab.page.locator(`[data-test=ticket] [name=${name}]`);
    if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
}

const sent = () => tab.page.waitForSelector('[data-test=outcome] .sent');

test('a market order fills, and position, PnL and executions follow live', async () => {
  const { page, problems } = tab;
  await fill({ type: 'MARKET', quantity: '0.1' });
  await page.waitForSelector('[data-test=check] .fine');
  await page.click('[data-action=buy]');
  await sent();
  await page.click('.dv-tab:has-text("Positions")');
  const pnl = page.locator('[data-test=positions] .ag-row [col-id=unrealizedPnl]');
  await pnl.waitFor();
  const first = await pnl.innerText();
  await until(async () => (await pnl.innerText()) !== first);
  await page.click('.dv-tab:has-text("Executions")');
  await page.waitForSelector('[data-test=executions] .ag-row [col-id=price]');
  // The strip at rest says what the API says.
  await page.click('.dv-tab:has-text("Positions")');
  await page.click('[data-test=positions] [data-action=close]');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=positions] .over');
  const { account } = await person.ask('query ($id: ID!) { account(id: $id) { equity } }', { id: person.accountId });
  await until(async () => (await page.getAttribute('[data-test=equity]', 'title')) === account.equity);
  assert.deepEqual(problems, []);
});

const WAITING = [
  ['LIMIT', (p) => ({ limitPrice: p.deep })],
  ['STOP', (p) => ({ stopPrice: p.high })],
  ['STOP_LIMIT', (p) => ({ stopPrice: p.high, limitPrice: p.high })],
  ['TRAILING_STOP', () => ({ trailingOffset: '2000' })],
  ['TRAILING_STOP_LIMIT', () => ({ trailingOffset: '2000', limitOffset: '5' })],
  ['MARKET_IF_TOUCHED', (p) => ({ stopPrice: p.deep })],
  ['LIMIT_IF_TOUCHED', (p) => ({ stopPrice: p.deep, limitPrice: p.deep })],
];

test('every waiting type is placed by the ticket and cancelled from the blotter', async () => {
  const { page, problems } = tab;
  for (const [type, terms] of WAITING) {
    await fill({ type, quantity: '0.01', ...terms(at) });
    await page.click('[data-action=buy]');
    await sent();
  }
  await becomes(async () => (await openOrders()).map(({ type }) => type).sort(), WAITING.map(([type]) => type).sort());
  await working(page, (await openOrders()).map(({ id }) => id));
  // Taken back by key, nothing is sent; the second time it is, without waiting for the end of the time.
  await page.click('[data-action=cancel-all]');
  await page.waitForSelector('[data-test=pending]');
  await page.keyboard.press('u');
  await page.waitForSelector('[data-test=pending]', { state: 'detached' });
  assert.equal((await openOrders()).length, WAITING.length);
  await page.click('[data-action=cancel-all]');
  await page.click('[data-action=send-now]');
  await page.waitForSelector('[data-test=working-orders] .over');
  await becomes(openOrders, []);
  assert.deepEqual(problems, []);
});

/** How many executions of this quantity are shown. */
const executions = (quantity, count) =>
  becomes(() => tab.page.evaluate((wanted) => [...document.querySelectorAll('[data-test=executions] .ag-row [col-id=quantity]')].filter(({ textContent }) => textContent === wanted).length, quantity), count);

test('a bracket fills at its target and its stop goes; of a pair one fills and the other goes; a fill is heard of', async () => {
  const { page } = tab;
  const { context } = tab;
  await context.grantPermissions(['notifications'], { origin: ADDRESS });
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { sound: true, notifications: true } });
  await page.reload();
  await page.waitForSelector('[data-test=ticket]');
  await page.evaluate(() => {
    globalThis.heard = { tones: 0, notes: [] };
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...given) {
      globalThis.heard.tones += 1;
      return start.apply(this, given);
    };
    // The browser's own, which throws or tells of an error where it may not.
    globalThis.Notification = class extends Notification {
      constructor(title, given) {
        super(title, given);
        globalThis.heard.notes.push(`${this.title} ${this.body}`);
        this.onerror = () => globalThis.heard.notes.push('an error');
      }
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
  });
  await page.click('.dv-tab:has-text("Executions")');
  await fill({ type: 'MARKET_TO_LIMIT', quantity: '0.011' });
  await page.click('[data-action=buy]');
  await sent();
  await executions('0.011', 1);

  // Entered at the market, and its target is already reached: a limit below the market.
  await page.click('text=Bracket');
  await fill({ type: 'MARKET', quantity: '0.012', takeProfit: at.deep, stopLoss: String(at.bid - 6000) });
  await page.click('[data-action=buy]');
  await sent();
  await executions('0.012', 2);
  await until(async () => (await openOrders()).length === 0);

  // The limit is marketable: it fills, and the stop of the pair is cancelled.
  await page.click('.segments >> text=OCO');
  await fill({ type: 'LIMIT', quantity: '0.011', limitPrice: at.deep, otherType: 'STOP', otherStopPrice: String(at.bid - 6000) });
  await page.click('[data-action=sell]');
  await sent();
  await executions('0.011', 2);
  await until(async () => (await openOrders()).length === 0);
  await page.click('.dv-tab:has-text("Positions")');
  await page.waitForSelector('[data-test=positions] .over');

  // And as both wait: three orders of a bracket, two of a pair.
  await page.click('.dv-tab:has-text("Orders")');
  await page.click('text=Bracket');
  await fill({ type: 'LIMIT', quantity: '0.01', limitPrice: at.deep, takeProfit: at.high, stopLoss: String(at.bid - 6000) });
  await page.click('[data-action=buy]');
  await sent();
  await until(async () => (await openOrders()).length === 3);
  await working(page, (await openOrders()).map(({ id }) => id));
  await person.askAsAdmin('mutation ($input: HaltTradingInput!) { haltTrading(input: $input) { id } }', { input: { scope: 'ACCOUNT', accountId: person.accountId, reason: 'a drill', cancelOpenOrders: true } });
  await page.waitForFunction(() => globalThis.heard.notes.some((note) => note.startsWith('Critical')));
  const { tones, notes } = await page.evaluate(() => globalThis.heard);
  assert.ok(notes.filter((note) => note.includes('0.012')).length === 2 && !notes.includes('an error') && tones >= 8, `${tones} tones, ${notes.join('; ')}`);

  // Without the permission there is the sound alone, and Settings say why.
  await context.clearPermissions();
  const resume = await person.askAsAdmin('{ tradingHalts(activeOnly: true) { id accountId } }');
  await person.askAsAdmin('mutation ($id: ID!) { resumeTrading(id: $id, reason: "the drill is over") { id } }', { id: resume.tradingHalts.find(({ accountId }) => accountId === person.accountId).id });
  const before = (await page.evaluate(() => globalThis.heard)).tones;
  await place(person, { type: 'MARKET', limitPrice: undefined, timeInForce: 'IOC', quantity: '0.013' });
  await page.waitForFunction((count) => globalThis.heard.tones >= count + 2, before);
  assert.deepEqual((await page.evaluate(() => globalThis.heard)).notes, notes);
  await goTo(page, '/settings');
  const choice = page.locator('label:has-text("Browser notifications") input');
  await choice.uncheck();
  await choice.click();
  await page.waitForSelector('.el-notification:has-text("does not allow")');
  await becomes(() => choice.isChecked(), false);
});

test('what the API refuses stands where it belongs, and nothing typed is lost', async () => {
  const { page } = tab;
  await page.click('[data-action=buy]');
  await page.waitForSelector('[name=quantity][aria-invalid=true]');
  await fill({ type: 'LIMIT', quantity: '0.01', limitPrice: '61000.05' });
  await page.waitForSelector('[data-test=check] li.bad:has-text("multiple of the tick size")');
  await page.click('[data-action=buy]');
  await page.waitForSelector('[data-test=outcome] .refused');
  await fill({ quantity: '1000000' });
  await page.click('[data-action=buy]');
  await page.waitForSelector('[data-test=outcome] .refused');
  assert.equal(await page.inputValue('[name=limitPrice]'), '61000.05');

  // Of a group too: at the field of the ticket that the API's field stands for.
  await page.click('text=Bracket');
  await fill({ type: 'LIMIT', quantity: '0.01', limitPrice: at.deep, takeProfit: '', stopLoss: at.high });
  await page.click('[data-action=buy]');
  await page.waitForSelector('[name=stopLoss][aria-invalid=true]');
  // What is wrong with one order of a group is said, and not that the group was refused.
  await fill({ stopLoss: `${at.bid - 6000}.05` });
  await page.click('[data-action=buy]');
  await page.waitForSelector('[data-test=outcome] .refused:has-text("multiple of the tick size")');
  // The other order of a pair is checked as it is typed, like the first.
  await page.click('.segments >> text=OCO');
  await fill({ otherType: 'STOP', otherStopPrice: `${at.bid - 6000}.05` });
  await page.waitForSelector('[data-test=check]:has-text("The other order") li.bad');
  assert.deepEqual(await openOrders(), []);
});

const HELD = 'query ($id: ID!) { positions(accountId: $id) { side quantity frozen } }';
const held = async () => (await person.ask(HELD, { id: person.accountId })).positions.map(({ side, quantity, frozen }) => `${side} ${quantity} ${frozen}`).sort();

test('a position is frozen, let go and reversed, once also when the answer is lost', async () => {
  const { page } = tab;
  await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await becomes(held, ['LONG 0.01 0']);
  await page.click('.dv-tab:has-text("Positions")');
  await page.click('[data-test=positions] [data-action=freeze]');
  await page.fill('[name=closeQuantity]', '0');
  await page.fill('dialog [name=reason]', 'under review');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[name=closeQuantity][aria-invalid=true]');
  await page.fill('[name=closeQuantity]', '0.01');
  await page.click('dialog button[type=submit]');
  await becomes(held, ['LONG 0.01 0.01']);
  await page.click('[data-test=positions] [data-action=unfreeze]');
  await page.fill('dialog [name=reason]', 'reviewed');
  await page.click('dialog button[type=submit]');
  await becomes(held, ['LONG 0.01 0']);
  await page.click('[data-test=positions] [data-action=reverse]');
  const release = await loseAnswer(page, 'PlaceOrder');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('dialog .failure');
  await release();
  await page.click('dialog button[type=submit]');
  await page.waitForFunction(() => !document.querySelector('dialog'));
  await becomes(held, ['SHORT -0.01 0']);
});

test('where both sides can be held, reversing closes the one and opens the other', async () => {
  const { page } = tab;
  person = await newcomer('TRADER', { positionMode: 'HEDGING' });
  await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await becomes(held, ['LONG 0.01 0']);
  await enter(tab, ADDRESS, person);
  await page.click('.dv-tab:has-text("Positions")');
  await page.click('[data-test=positions] [data-action=reverse]');
  await page.click('dialog button[type=submit]');
  await becomes(held, ['SHORT -0.01 0']);
});

test('an order is changed in the blotter', async () => {
  const { page } = tab;
  const order = await place(person, { limitPrice: at.deep });
  await page.dblclick(`[data-test=working-orders] [row-id="${order.id}"] [col-id=limitPrice]`);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(String(at.bid - 2500));
  await page.keyboard.press('Enter');
  await until(async () => (await openOrders())[0]?.limitPrice === String(at.bid - 2500));
  await page.waitForFunction((wanted) => document.querySelector('[data-test=working-orders] .ag-row [col-id=limitPrice]')?.textContent.replaceAll(',', '').startsWith(wanted), String(at.bid - 2500));
});

test('an order is moved by dragging its line on the chart', async () => {
  const { page } = tab;
  const near = String(at.bid - 60);
  const order = await place(person, { limitPrice: near });
  await page.waitForSelector(`[data-test=working-orders] [row-id="${order.id}"]`);
  const host = page.locator('[data-test=chart]');
  const box = await host.boundingBox();
  // The line is where the pointer says that it can be taken hold of.
  const y = await until(async () => {
    for (let height = 4; height < box.height - 40; height += 3) {
      await page.mouse.move(box.x + 120, box.y + height);
      if ((await host.evaluate((element) => element.style.cursor)) === 'ns-resize') return height;
    }
    return null;
  });
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + y + 40, { steps: 6 });
  await page.mouse.up();
  const moved = await until(async () => {
    const price = (await openOrders())[0]?.limitPrice;
    return price !== near && price;
  });
  assert.ok(Number(moved) < Number(near), `${moved} is below ${near}`);

  // Its label ends it; a right click places the next.
  await page.click(`[data-line="${order.id} limitPrice"] [data-action=cancel-label]`);
  await until(async () => (await openOrders()).length === 0);
  await page.mouse.click(box.x + 120, box.y + box.height - 90, { button: 'right' });
  const price = await page.inputValue('[name=menuPrice]');
  await page.fill('[name=menuQuantity]', '0.02');
  await page.click('[data-order="BUY LIMIT"]');
  const [placed] = await until(async () => {
    const found = await openOrders();
    return found.length && found;
  });
  assert.deepEqual([Number(placed.limitPrice), placed.type, placed.quantity], [Number(price), 'LIMIT', '0.02']);
  await page.waitForSelector(`[data-line="${placed.id} limitPrice"]`);
  assert.equal(await page.locator('[data-test=chart-menu]').count(), 0);
});

test('panels of one colour follow one instrument and one account', async () => {
  const { page, problems } = tab;
  const watched = (symbol) => page.click(`[data-symbol="${symbol}"] .name`);
  const shows = (panel, symbol) => page.waitForSelector(`[data-test=${panel}][data-chosen="${symbol}"]`);
  await watched('EURUSD.OANDA');
  await shows('ticket', 'EURUSD.OANDA');
  await shows('chart-panel', 'EURUSD.OANDA');
  // The ticket goes its own way, and keeps what it looked at.
  await page.locator('.dv-groupview:has([data-test=ticket]) [data-action=link]').selectOption('none');
  await watched(SYMBOL);
  await shows('chart-panel', SYMBOL);
  await shows('ticket', 'EURUSD.OANDA');
  await page.locator('.dv-groupview:has([data-test=ticket]) [data-action=link]').selectOption('blue');
  await shows('ticket', SYMBOL);
  // Four charts are four markets, and the page is the desk alone at one key.
  await page.selectOption('#layout-choice', 'preset:charts');
  await page.waitForFunction(() => new Set([...document.querySelectorAll('[data-test=chart-panel]')].map(({ dataset }) => dataset.chosen)).size === 4);
  await page.click('.strip dl');
  await page.keyboard.press('f');
  await page.waitForFunction(() => !document.querySelector('.top')?.checkVisibility());
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.querySelector('.top')?.checkVisibility());
  // Another colour looks at another account: its ticket orders there, and blue stays where it was.
  const open = 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }';
  const second = (await person.askAsAdmin(open, { input: { name: 'Second', currency: 'USDT', kind: 'MARGIN', ownerId: person.id } })).openAccount.id;
  await person.askAsAdmin('mutation ($input: CashInput!) { deposit(input: $input) { id } }', { input: { accountId: second, amount: '5000', reference: 'opening' } });
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { links: { orange: { symbol: SYMBOL, account: second } } } });
  await page.reload();
  await page.selectOption('#layout-choice', 'preset:trader');
  await page.locator('.dv-groupview:has([data-test=ticket]) [data-action=link]').selectOption('orange');
  await shows('ticket', SYMBOL);
  await fill({ type: 'LIMIT', quantity: '0.01', limitPrice: at.deep });
  await page.click('[data-action=buy]');
  await sent();
  await becomes(async () => (await person.ask(OPEN, { id: second })).orders.edges.length, 1);
  assert.deepEqual(await openOrders(), []);
  await working(page, []);
  assert.deepEqual(problems, []);
});

test('the ladder fills the ticket until one click is on, then it trades', async () => {
  const { page } = tab;
  await page.click('.dv-tab:has-text("Ladder")');
  await page.waitForSelector('[data-test=ladder] tbody tr');
  await page.fill('[name=ladderQuantity]', '0.01');
  // Rows far enough apart that the market does not reach the order.
  await page.selectOption('[data-test=ladder] [name=group]', '100');
  const rung = page.locator('[data-test=ladder] tbody tr').nth(30).locator('.bid button');
  await rung.click();
  assert.deepEqual(await openOrders(), []);
  await page.check('[data-test=ladder] input[type=checkbox]');
  await rung.click();
  await until(async () => (await openOrders()).length === 1);
  await page.click('[data-test=ladder] .mine');
  await until(async () => (await openOrders()).length === 0);
});

test('an order’s page tells its life', async () => {
  const { page } = tab;
  const order = await place(person, { type: 'MARKET', limitPrice: undefined, timeInForce: 'DAY' });
  await page.goto(`${ADDRESS}/orders/${order.id}`);
  await page.waitForFunction(() => document.querySelectorAll('[data-test=timeline] li').length >= 3);
  const foreign = await newcomer();
  const theirs = await place(foreign, { limitPrice: at.deep });
  for (const id of ['00000000-0000-0000-0000-000000000000', 'nonsense', theirs.id]) {
    await page.goto(`${ADDRESS}/orders/${id}`);
    await page.waitForSelector('.empty:has-text("There is no such order")');
  }
  await page.goto(`${ADDRESS}/account/proof`);
  await page.waitForSelector('[data-test=intact].good');
});

test(`the watch list follows ${SYMBOL} and keys act`, async () => {
  const { page } = tab;
  const bid = page.locator(`[data-symbol="${SYMBOL}"] [data-test=bid]`);
  const first = await bid.innerText();
  await until(async () => (await bid.innerText()) !== first);
  await page.click('.strip dl');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog kbd');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('dialog'));
  await page.keyboard.press('b');
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'quantity');
});
