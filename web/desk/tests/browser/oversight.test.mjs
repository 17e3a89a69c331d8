/** Halting and resuming, limits that a ticket meets, events that are worked, and what each role sees. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { becomes, enter, goTo, holdBack, openBrowser, openTab, until } from './desk.mjs';
import { ADDRESS, newcomer, place, prices, unusualCase } from './platform.mjs';

const HEARD_MS = 3_000;
let browser;
let tab;
// One tab for all, so that what it has loaded serves them all.
before(async () => {
  browser = await openBrowser();
  tab = await openTab(browser, ADDRESS);
});
afterEach(() => tab.page.unrouteAll({ behavior: 'ignoreErrors' }));
after(() => browser.close());

/** Somebody new of this role, at a page. */
async function open(role, path) {
  const person = await newcomer(role);
  await enter(tab, ADDRESS, person, path);
  return { person, ...tab };
}

test('trading is halted with a reason and a word, and resumed', async () => {
  const release = await holdBack(tab.page, 'Accounts');
  const { person, page } = await open('ADMIN', '/risk/halts');
  const { deep } = await prices(person);
  await page.click('[data-action=halt]');
  await page.selectOption('dialog [name=scope]', 'ACCOUNT');
  await page.fill('dialog [name=reason]', 'a drill');
  assert.ok(await page.isDisabled('dialog button[type=submit]'));
  await page.fill('dialog [name=confirm]', 'halt');
  // Whose trading stops is not known yet.
  assert.ok(await page.isDisabled('dialog button[type=submit]'));
  release();
  await page.click('dialog button[type=submit]');
  const halt = page.locator(`[data-test=halts] tr:has-text("Main ${person.name}")`);
  await halt.locator('.tag.bad').waitFor();
  assert.equal((await place(person, { limitPrice: deep })).status, 'REJECTED');

  await halt.locator('[data-action=resume]').click();
  await page.fill('dialog [name=reason]', 'the drill is over');
  await page.click('dialog button[type=submit]');
  await halt.locator('.tag.bad').waitFor({ state: 'detached' });
  assert.notEqual((await place(person, { limitPrice: deep })).status, 'REJECTED');
});

test('a new limit is told by the ticket at once, and its event is acknowledged and resolved', async () => {
  const { person, page } = await open('ADMIN', '/risk/rules');
  const { deep } = await prices(person);
  await place(person, { limitPrice: deep });
  await page.click('[data-action=new-rule]');
  await page.fill('[name=ruleName]', 'Small orders');
  await page.selectOption('[data-test=rule-form] [name=kind]', 'MAX_ORDER_QUANTITY');
  await page.fill('[name=threshold]', '0.001');
  await page.click('[data-action=try-rule]');
  assert.match(await page.innerText('[data-test=rule-trial]'), /1 of 1, 1 orders refused[^]*0\.01/);
  await page.click('[data-test=rule-form] button[type=submit]');
  await page.waitForFunction(() => document.querySelector('[data-test=rules]')?.textContent.includes('Small orders'));

  await goTo(page, '/desk');
  await page.fill('[name=quantity]', '0.5');
  await page.fill('[name=limitPrice]', deep);
  const violation = page.locator('[data-test=check] li.bad');
  await violation.waitFor();
  assert.match(await violation.innerText(), /0\.001/);
  await goTo(page, '/risk/events');
  const row = page.locator('[data-test=risk-events] tbody tr:has-text("Small orders: the order")').first();
  // Nobody can tell when the feed is heard: the limit is broken until it tells of it.
  await until(async () => {
    await place(person, { limitPrice: deep });
    return row.waitFor({ timeout: HEARD_MS }).then(() => true, () => false);
  });
  await row.locator('[data-action=acknowledge]').click();
  await page.waitForSelector('[data-test=risk-events] tr[data-state=ACKNOWLEDGED]');
  await page.click('[data-test=risk-events] tr[data-state=ACKNOWLEDGED] [data-action=resolve]');
  await page.fill('dialog [name=reason]', 'as it should be');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=risk-events] tr[data-state=RESOLVED]');
});

test('a viewer sees no button that trades, and no page of others', async () => {
  const { page } = await open('VIEWER', '/desk');
  await page.waitForSelector('.dock');
  await page.selectOption('#layout-choice', 'preset:trader');
  await page.waitForSelector('[data-test=ticket]');
  assert.ok(await page.isDisabled('[data-action=buy]'));
  await page.waitForSelector('[data-test=working-count]');
  assert.equal(await page.locator('[data-action=cancel-all]').count(), 0);
  assert.equal(await page.locator('.links >> text=System').count(), 0);
  await page.goto(`${ADDRESS}/system`);
  await page.waitForSelector('.missing');
});

test('an execution is corrected, then taken back, with a reason, and the desk shows both', async () => {
  const { person, page, problems } = await open('ADMIN', '/orders');
  const order = await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await goTo(page, `/orders/${order.id}`);
  await page.click('[data-action=correct]');
  await page.fill('dialog [name=correctQuantity]', '0.02');
  await page.fill('dialog [name=reason]', 'the venue sent another quantity');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=order-executions] tr:has-text("Corrected")');
  await page.click('[data-action=bust]');
  await page.fill('dialog [name=reason]', 'a mistake of the venue');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=order-executions] tr:has-text("Taken back")');
  await goTo(page, '/desk');
  await page.click('.dv-tab:has-text("Executions")');
  const fates = () => page.locator('[data-test=executions] .row-void [col-id=liquidity]').allInnerTexts();
  await becomes(async () => (await fates()).sort(), ['Corrected', 'Taken back']);
  assert.deepEqual(problems, []);
});

test('a risk manager stops, and opens nothing', async () => {
  const { person, page } = await open('RISK_MANAGER', '/desk');
  await page.selectOption('#layout-choice', 'preset:trader');
  await page.waitForSelector('[data-test=ticket]');
  assert.ok(await page.isDisabled('[data-action=buy]'));
  await page.waitForSelector('[data-action=cancel-all]');
  await goTo(page, '/system');
  await page.waitForSelector('[data-test=health-state]');
  await page.waitForSelector('[data-test=tasks] [data-action=run-task]');
  await page.waitForSelector('[data-test=parts-venues] li');
  await page.waitForSelector('h3:has-text("Venues and what waits for them")');
  assert.equal(person.name.startsWith('risk-manager'), true);

  // A channel of the platform: its secret is masked, and why a message did not arrive is told.
  await page.click('[data-action=new-channel]');
  await page.fill('[name=channelName]', `Desk ${person.name}`);
  await page.fill('[name=channelUrl]', 'nonsense');
  await page.click('[data-test=channel-form] button[type=submit]');
  await page.waitForSelector('[name=channelUrl][aria-invalid=true]');
  await page.fill('[name=channelUrl]', 'webhooks://:a-secret-of-ours@hooks.invalid/hook');
  await page.fill('[name=quietFrom]', '22:00');
  await page.fill('[name=quietTo]', '07:00');
  await page.click('[data-test=channel-form] button[type=submit]');
  const channel = page.locator(`[data-test=channels] tr:has-text("Desk ${person.name}")`);
  await channel.waitFor();
  assert.doesNotMatch(await channel.innerText(), /a-secret-of-ours/);
  await channel.locator('[data-action=test-channel]').click();
  await channel.locator('[data-test=last-error]').waitFor();
  await channel.locator('[data-action=edit-channel]').click();
  assert.equal(await page.inputValue('[name=quietFrom]'), '22:00');
  await page.fill('[name=channelName]', `Room ${person.name}`);
  await page.click('[data-test=channel-form] button[type=submit]');
  const renamed = page.locator(`[data-test=channels] tr:has-text("Room ${person.name}")`);
  await renamed.locator('[data-action=delete-channel]').click();
  await page.click('dialog button[type=submit]');
  await renamed.waitFor({ state: 'detached' });
});

test('an administrator adds a person, grants an account and takes it away', async () => {
  const { page, person } = await open('ADMIN', '/admin/users');
  await page.click('[data-action=new-user]');
  await page.fill('[data-test=user-form] [name=name]', 'New Trader');
  await page.fill('[name=newEmail]', `new-${process.pid}@example.com`);
  await page.fill('[name=newPassword]', 'shortish 12 x');
  await page.click('[data-test=user-form] button[type=submit]');
  await page.locator('[data-test=users] tr:has-text("New Trader") [data-action=grants]').click();
  await page.selectOption('[name=grantAccount]', person.accountId);
  await page.click('dialog [data-action=grant]');
  const held = page.locator('dialog .grants li');
  await held.waitFor();
  await held.locator('button').click();
  await held.waitFor({ state: 'detached' });
});

test('a task is paused and resumed, and run at once', async () => {
  const { page } = await open('ADMIN', '/system');
  const task = page.locator('[data-test=tasks] tbody tr').first();
  const name = await task.getAttribute('data-task');
  for (const paused of [true, false]) {
    await task.locator('[data-action=pause-task]').click();
    await page.waitForFunction(([of, muted]) => document.querySelector(`[data-task="${of}"]`)?.classList.contains('muted') === muted, [name, paused]);
  }
  await task.locator('[data-action=run-task]').click();
  await page.selectOption('#run-task', name);
  await page.locator('.runs tbody tr', { hasText: name }).first().waitFor();
});

test('a case is worked: taken, noted, dismissed, closed, learnt and forgotten; a detector is replayed', async () => {
  const { page, problems } = tab;
  const person = await newcomer('RISK_MANAGER');
  const { number } = await unusualCase(person);
  await enter(tab, ADDRESS, person, '/surveillance');
  await page.click(`[data-test=cases] button:has-text("#${number} ")`);
  const card = page.locator('[data-test=case]');
  await card.locator('[data-test=case-transactions] tbody tr').first().waitFor();
  await card.locator('canvas').waitFor();
  assert.match(await card.locator('[data-test=findings]').innerText(), /500000/);
  assert.ok(await page.isDisabled('[data-action=close-case]'));

  await page.click('[data-action=assign]');
  await page.waitForFunction((email) => document.querySelector('[data-test=assignee]')?.textContent === email, person.email);
  await page.fill('[data-test=case] [name=note]', 'asked the owner');
  await page.click('[data-action=comment]');
  await page.waitForFunction(() => document.querySelector('[data-test=timeline]')?.textContent.includes('asked the owner'));
  await page.click('[data-action=decide]');
  await page.check('dialog [value=DISMISSED]');
  await page.fill('dialog [name=reason]', 'its salary');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=case-disposition]');
  await page.click('[data-action=close-case]');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-action=reopen]');
  const learnt = page.locator(`[data-test=dismissals] tr:has-text("Main ${person.name}")`);
  await learnt.waitFor();
  assert.match(await learnt.innerText(), /its salary/);
  await learnt.locator('[data-action=remove-dismissal]').click();
  await learnt.waitFor({ state: 'detached' });

  await page.click('[data-replay=ACCOUNT_BALANCE]');
  await page.fill('dialog [name=sensitivity]', '1');
  await page.selectOption('dialog [name=account]', person.accountId);
  await page.click('[data-action=run-replay]');
  await page.waitForSelector('[data-test=replay-result]');
  assert.match(await page.innerText('[data-test=replay-result]'), /^[1-9]/);
  assert.deepEqual(problems, []);
});
