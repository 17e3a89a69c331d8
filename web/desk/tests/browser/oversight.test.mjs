/** Halting and resuming, limits that a ticket meets, events that are worked, and what each role sees. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { becomes, goTo, holdBack, openBrowser, openTab, signIn } from './desk.mjs';
import { ADDRESS, newcomer, place, prices, unusualCase } from './platform.mjs';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

async function open(role) {
  const person = await newcomer(role);
  const tab = await openTab(browser, ADDRESS);
  await signIn(tab.page, ADDRESS, person.email, person.password);
  return { person, ...tab };
}

test('trading is halted with a reason and a word, and resumed', async () => {
  const { person, page, context } = await open('ADMIN');
  const { deep } = await prices(person);
  const release = await holdBack(page, 'Accounts');
  await page.goto(`${ADDRESS}/risk/halts`);
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
  await context.close();
});

test('a new limit is told by the ticket at once, and its event is acknowledged and resolved', async () => {
  const { person, page, context } = await open('ADMIN');
  const { deep } = await prices(person);
  await place(person, { limitPrice: deep });
  await page.goto(`${ADDRESS}/risk/rules`);
  await page.click('[data-action=new-rule]');
  await page.fill('[name=ruleName]', 'Small orders');
  await page.selectOption('[data-test=rule-form] [name=kind]', 'MAX_ORDER_QUANTITY');
  await page.fill('[name=threshold]', '0.001');
  await page.click('[data-action=try-rule]');
  assert.match(await page.innerText('[data-test=rule-trial]'), /1 of 1, 1 orders refused[^]*0\.01/);
  await page.click('[data-test=rule-form] button[type=submit]');
  await page.waitForFunction(() => document.querySelector('[data-test=rules]')?.textContent.includes('Small orders'));

  await page.goto(`${ADDRESS}/desk`);
  await page.fill('[name=quantity]', '0.5');
  await page.fill('[name=limitPrice]', deep);
  const violation = page.locator('[data-test=check] li.bad');
  await violation.waitFor();
  assert.match(await violation.innerText(), /0\.001/);
  await page.goto(`${ADDRESS}/risk/events`);
  await place(person, { limitPrice: deep });
  const row = page.locator('[data-test=risk-events] tbody tr:has-text("Small orders"), [data-test=risk-events] tbody tr').first();
  await row.locator('[data-action=acknowledge]').click();
  await page.waitForSelector('[data-test=risk-events] tr[data-state=ACKNOWLEDGED]');
  await page.click('[data-test=risk-events] tr[data-state=ACKNOWLEDGED] [data-action=resolve]');
  await page.fill('dialog [name=reason]', 'as it should be');
  await page.click('dialog button[type=submit]');
  await page.waitForSelector('[data-test=risk-events] tr[data-state=RESOLVED]');
  await context.close();
});

test('a viewer sees no button that trades, and no page of others', async () => {
  const { page, context } = await open('VIEWER');
  await page.waitForSelector('.dock');
  await page.selectOption('#layout-choice', 'preset:trader');
  await page.waitForSelector('[data-test=ticket]');
  assert.ok(await page.isDisabled('[data-action=buy]'));
  await page.waitForSelector('[data-test=working-count]');
  assert.equal(await page.locator('[data-action=cancel-all]').count(), 0);
  assert.equal(await page.locator('.links >> text=System').count(), 0);
  await page.goto(`${ADDRESS}/system`);
  await page.waitForSelector('.missing');
  await context.close();
});

test('an execution is corrected, then taken back, with a reason, and the desk shows both', async () => {
  const { person, page, context, problems } = await open('ADMIN');
  const order = await place(person, { type: 'MARKET', timeInForce: 'DAY' });
  await page.goto(`${ADDRESS}/orders/${order.id}`);
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
  await context.close();
});

test('a risk manager stops, and opens nothing', async () => {
  const { person, page, context } = await open('RISK_MANAGER');
  await page.goto(`${ADDRESS}/desk`);
  await page.selectOption('#layout-choice', 'preset:trader');
  await page.waitForSelector('[data-test=ticket]');
  assert.ok(await page.isDisabled('[data-action=buy]'));
  await page.waitForSelector('[data-action=cancel-all]');
  await page.goto(`${ADDRESS}/system`);
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
  await context.close();
});

test('an administrator adds a person', async () => {
  const { page, context } = await open('ADMIN');
  await page.goto(`${ADDRESS}/admin/users`);
  await page.click('[data-action=new-user]');
  await page.fill('[data-test=user-form] [name=name]', 'New Trader');
  await page.fill('[name=newEmail]', `new-${process.pid}@example.com`);
  await page.fill('[name=newPassword]', 'shortish 12 x');
  await page.click('[data-test=user-form] button[type=submit]');
  await page.waitForFunction(() => document.querySelector('[data-test=users]')?.textContent.includes('New Trader'));
  await context.close();
});

test('a case is worked: taken, noted, dismissed, closed, learnt and forgotten; a detector is replayed', async () => {
  const { person, page, context, problems } = await open('RISK_MANAGER');
  const number = await unusualCase(person);
  await page.goto(`${ADDRESS}/surveillance`);
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
  await context.close();
});
