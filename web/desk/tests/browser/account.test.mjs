/** An account’s page and what belongs to a person: whole lists as files, refusals at their fields, sessions, layouts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { becomes, enter, openBrowser, openTab } from './desk.mjs';
import { ADDRESS, newcomer, place, prices } from './platform.mjs';

let browser;
let tab;
before(async () => {
  browser = await openBrowser();
  tab = await openTab(browser, ADDRESS);
});
after(() => browser.close());

async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  const text = await readFile(await download.path(), 'utf8');
  return { name: download.suggestedFilename(), lines: text.trim().split('\r\n') };
}

test('a list that is longer than what is shown leaves whole, of the time that was asked for', async () => {
  const { page, problems } = tab;
  const person = await newcomer();
  const deposit = 'mutation ($input: CashInput!) { deposit(input: $input) { id } }';
  // One at a time, as the account's books are.
  for (let count = 0; count < 104; count += 1) await person.askAsAdmin(deposit, { input: { accountId: person.accountId, amount: '1', reference: `more-${count}` } });
  await enter(tab, ADDRESS, person, '/account/ledger');
  await page.waitForSelector('.table tbody tr');
  await page.click('[data-action=export]');
  assert.equal(await page.inputValue('[name=exportKind]'), 'ledger');
  const { name, lines } = await saved(page, () => page.click('[data-action=save-export]'));
  assert.equal(name, 'ledger.csv');
  assert.equal(lines.length, 1 + 105);
  assert.match(lines[0], /^id,sequence,createdAt,kind/);
  await page.waitForFunction(() => !document.querySelector('dialog'));

  // An end before the beginning is refused at its field, and what was typed stays.
  await page.click('[data-action=export]');
  await page.fill('[name=exportFrom]', '2026-02-02T00:00');
  await page.fill('[name=exportTo]', '2026-02-01T00:00');
  await page.click('[data-action=save-export]');
  await page.waitForSelector('[name=exportTo][aria-invalid=true]');
  assert.equal(await page.inputValue('[name=exportFrom]'), '2026-02-02T00:00');
  await page.keyboard.press('Escape');
  assert.deepEqual(problems, ['error: Failed to load resource: the server responded with a status of 400 (Bad Request)']);
});

test('orders that fit the filter leave as a file with the figures of the API', async () => {
  const { page, problems } = tab;
  const person = await newcomer();
  const { deep } = await prices(person);
  const order = await place(person, { limitPrice: deep });
  await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await enter(tab, ADDRESS, person, '/orders');
  await page.selectOption('[name=status]', 'NEW');
  await page.waitForFunction((id) => [...document.querySelectorAll('.orders-page .ag-row')].map((row) => row.getAttribute('row-id')).join() === id, order.id);
  const { lines } = await saved(page, () => page.click('[data-action=export-orders]'));
  assert.equal(lines.length, 2);
  assert.ok(lines[1].startsWith(`${order.id},`) && lines[1].includes(`,${deep},`), lines[1]);
  assert.deepEqual(problems, []);
});

test('what a form was refused stands at its field, in Chinese too, and stays typed', async () => {
  const { page } = tab;
  const person = await newcomer();
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { language: 'zh' } });
  await enter(tab, ADDRESS, person, '/account/overview');
  await page.click('[data-action=open-account]');
  await page.fill('[name=accountName]', '第二账户');
  await page.fill('[name=currency]', 'a!');
  await page.click('dialog button[type=submit]');
  const label = page.locator('label:has([name=currency][aria-invalid=true])');
  assert.match(await label.innerText(), /币种为 2 至 12 个大写字母或数字/);
  assert.equal(await page.inputValue('[name=accountName]'), '第二账户');
  await page.fill('[name=currency]', 'USDT');
  await page.click('dialog button[type=submit]');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent === '第二账户');
  // Money that is not there is a refusal of business: below the field, which keeps what was typed.
  await page.click('[data-action=withdraw]');
  await page.fill('[name=amount]', '5');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('dialog .failure');
  assert.equal(await page.inputValue('[name=amount]'), '5');
  await page.fill('[name=amount]', '0');
  await page.click('dialog button[type=submit]');
  const amount = page.locator('label:has([name=amount][aria-invalid=true])');
  assert.match(await amount.innerText(), /金额必须大于零/);
});

test('sessions are shown, and another one is ended', async () => {
  const { page } = tab;
  const person = await newcomer();
  await enter(tab, ADDRESS, person, '/settings');
  // One of this page, and one of the sign-in that made the person's account ready.
  const rows = page.locator('[data-test=sessions] tbody tr');
  await becomes(() => rows.count(), 2);
  await page.click('[data-action=end-session]');
  await becomes(() => rows.count(), 1);
  assert.equal(await page.locator('[data-action=end-session]').count(), 0);
  await assert.rejects(person.ask('{ viewer { id } }'), /UNAUTHENTICATED/);
  await page.fill('[name=ownPassword]', 'aaaaaaaaaaaaaa');
  await page.click('form:has([name=ownPassword]) button[type=submit]');
  await page.waitForSelector('[name=ownPassword][aria-invalid=true]');
  assert.equal(await page.inputValue('[name=ownPassword]'), 'aaaaaaaaaaaaaa');
});

const TRADER = ['Accounts', 'Chart', 'Executions', 'Ladder', 'Orders', 'Positions', 'Ticket', 'Watch list'];
const panels = (page) => page.evaluate(() => [...document.querySelectorAll('.dv-tab')].map(({ innerText }) => innerText.replace(/\s*✕/, '').trim()).sort());

test('a layout is saved on the server under its name, beside those of another computer, and is there on the next', async () => {
  const person = await newcomer();
  // A tab of its own: the other one still speaks the language that somebody chose in it.
  const own = await openTab(browser, ADDRESS);
  const { page, problems } = own;
  await enter(own, ADDRESS, person);
  await page.waitForSelector('[data-test=ticket]');
  await becomes(() => panels(page), TRADER);
  // Another computer has saved one meanwhile.
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { layouts: { Elsewhere: {} } } });
  await page.selectOption('#layout-choice', 'panel:chart');
  await becomes(() => panels(page), ['Chart', ...TRADER].sort());
  await page.selectOption('#layout-choice', 'save:');
  await page.fill('dialog input', 'Two charts');
  await page.click('dialog button[type=submit]');
  const kept = async () => Object.keys((await person.ask('{ viewer { preferences } }')).viewer.preferences.layouts ?? {}).sort();
  await becomes(kept, ['Elsewhere', 'Two charts']);

  const second = await openTab(browser, ADDRESS);
  await enter(second, ADDRESS, person);
  await second.page.waitForSelector('#layout-choice');
  await second.page.selectOption('#layout-choice', 'preset:trader');
  await becomes(() => panels(second.page), TRADER);
  await second.page.selectOption('#layout-choice', 'saved:Two charts');
  await becomes(() => panels(second.page), ['Chart', ...TRADER].sort());
  await second.context.close();
  await own.context.close();
  assert.deepEqual(problems, []);
});
