/** Every page of the router's table through a slow line, a cut line and an account with nothing in it. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { becomes, enter, goTo, openBrowser, openTab, settled, until } from './desk.mjs';
import { ADDRESS, newcomer, place, prices, stranger } from './platform.mjs';

let browser;
let tab;
before(async () => {
  browser = await openBrowser();
  tab = await openTab(browser, ADDRESS);
  // No line but the one that the tests hold and cut.
  await tab.page.routeWebSocket('**/graphql', () => undefined);
  await tab.page.route('**/graphql/stream', (route) => route.abort());
});
afterEach(() => tab.page.unroute('**/graphql'));
after(() => browser.close());

const nameOf = (route) => route.request().postDataJSON()?.operationName;
// Without them no page begins.
const FIRST = ['Viewer', 'SavePreferences'];

/** The addresses that the router knows and somebody with this role may open; `ids` stand in the place of `:id`. */
async function addresses(page, { isRisk, ids }) {
  const routes = await page.evaluate(() =>
    document
      .querySelector('#app')
      .__vue_app__.config.globalProperties.$router.getRoutes()
      .map(({ path, meta, redirect, children }) => ({ path, meta: { ...meta }, isShown: !redirect && !children.length })),
  );
  const found = routes
    .filter(({ meta, isShown }) => isShown && !meta.isPublic && (!meta.needs || isRisk))
    .flatMap(({ path, meta }) => (path.includes(':tab') ? meta.tabs.map((each) => path.replace(/:tab(\([^)]*\))?/, each)) : path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : path.includes(':rest') ? [] : [path]));
  assert.ok(found.length >= 8, `${found}`);
  return found;
}

/** What the states of the page are: of what can be seen. */
const look = (page) =>
  page.evaluate(() => {
    const seen = (selector) => [...document.querySelectorAll(`#main ${selector}`)].filter((element) => element.checkVisibility());
    return {
      loading: seen('[role=status]').filter((element) => !element.matches('.badge, .dv-live-region')).length,
      failures: seen('.failure').map(({ innerText }) => innerText),
      mute: seen('.failure').filter((element) => !element.querySelector('button')).length,
      empty: seen('.empty').map(({ innerText }) => innerText),
      // What is empty says what would bring something.
      hintless: seen('.empty').filter((element) => !element.querySelector('.muted')).map(({ innerText }) => innerText),
    };
  });

test('while the line is slow every page says that it is loading, and none is taken for empty', async () => {
  const { page } = tab;
  const person = await newcomer('ADMIN');
  const order = await place(person, { limitPrice: (await prices(person)).deep });
  const known = [...FIRST, 'Accounts', 'Instruments'];
  let release;
  const gate = new Promise((resolve) => {
    release = resolve;
  });
  await page.route('**/graphql', async (route) => {
    if (!known.includes(nameOf(route))) await gate;
    await route.continue().catch(() => undefined);
  });
  await enter(tab, ADDRESS, person, '/settings');
  const all = await addresses(page, { isRisk: true, ids: [order.id] });
  for (const path of all) {
    await goTo(page, path);
    const state = await until(async () => {
      const now = await look(page);
      return now.loading > 0 && now;
    });
    assert.deepEqual([path, state.empty, state.failures], [path, [], []]);
  }
  // What was asked for arrives, and the page is there.
  await goTo(page, '/account/ledger');
  release();
  await page.waitForSelector('.table tbody tr');
  await becomes(async () => (await look(page)).loading, 0);
});

test('while nobody answers every page says so and offers to try again, which heals it', async () => {
  const { page } = tab;
  const person = await newcomer('ADMIN');
  const order = await place(person, { limitPrice: (await prices(person)).deep });
  const cut = (route) => (FIRST.includes(nameOf(route)) ? route.continue() : route.abort('connectionrefused'));
  await page.route('**/graphql', cut);
  await enter(tab, ADDRESS, person, '/settings');
  const all = await addresses(page, { isRisk: true, ids: [order.id] });
  for (const path of all) {
    await goTo(page, path);
    const state = await until(async () => {
      const now = await look(page);
      return now.failures.length > 0 && now.loading === 0 && now;
    });
    assert.deepEqual([path, state.empty, state.mute], [path, [], 0]);
  }
  await page.unroute('**/graphql', cut);
  for (const path of all) {
    await goTo(page, path);
    await until(async () => {
      // What is not there yet by itself is there when it is asked for again.
      for (const again of await page.locator('#main .failure button').all()) await again.click({ timeout: 1_000 }).catch(() => undefined);
      return !(await look(page)).failures.length;
    });
  }
});

test('with nothing there every page says what would bring something', async () => {
  const { page } = tab;
  const nobody = await stranger();
  await nobody.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { seenTour: true } });
  await enter(tab, ADDRESS, nobody, '/settings');
  const all = await addresses(page, { isRisk: false, ids: ['00000000-0000-0000-0000-000000000000'] });
  for (const path of all) {
    await goTo(page, path);
    await settled(tab);
    await becomes(async () => [path, (await look(page)).loading], [path, 0]);
    const state = await look(page);
    assert.deepEqual([path, state.failures, state.hintless], [path, [], []]);
    if (!['/settings', '/risk/rules'].includes(path)) assert.ok(state.empty.length, `${path} says nothing`);
  }
});

test('nothing typed is lost while nobody answers, and it is sent once afterwards', async () => {
  const { page } = tab;
  const person = await newcomer('ADMIN');
  await enter(tab, ADDRESS, person, '/desk');
  await page.waitForSelector('[data-test=ticket]');
  const { deep } = await prices(person);
  const commands = (route) => (/^(Viewer|Accounts|Instruments)$/.test(nameOf(route)) ? route.continue() : route.abort('connectionrefused'));
  const COMMANDS = [
    {
      path: '/desk',
      fields: { '[data-test=ticket] [name=quantity]': '0.01', '[data-test=ticket] [name=limitPrice]': deep },
      submit: '[data-action=buy]',
      failure: '[data-test=outcome] .failure',
      done: '[data-test=outcome] .sent',
    },
    { path: '/account/overview', open: '[data-action=deposit]', fields: { '[name=amount]': '5' }, submit: 'dialog button[type=submit]', failure: 'dialog .failure' },
    { path: '/risk/rules', open: '[data-action=new-rule]', fields: { '[name=ruleName]': `Rule of ${person.name}`, '[name=threshold]': '0.25' }, submit: '[data-test=rule-form] button[type=submit]', failure: '[data-test=rule-form] .failure' },
    { path: '/admin/users', open: '[data-action=new-user]', fields: { '[data-test=user-form] [name=name]': 'Somebody', '[name=newEmail]': `typed-${process.pid}@example.com`, '[name=newPassword]': 'quite long 12 y' }, submit: '[data-test=user-form] button[type=submit]', failure: '[data-test=user-form] .failure' },
    { path: '/settings', open: '[data-action=make-key]', fields: { '[name=keyName]': 'a program' }, submit: 'dialog button[type=submit]', failure: 'dialog .failure', done: 'dialog .secret' },
  ];
  for (const { path, open, fields, submit, failure, done } of COMMANDS) {
    await goTo(page, path);
    if (open) await page.click(open);
    for (const [field, value] of Object.entries(fields)) await page.fill(field, value);
    await page.route('**/graphql', commands);
    await page.click(submit);
    await page.waitForSelector(failure);
    for (const [field, value] of Object.entries(fields)) assert.equal(await page.inputValue(field), value, `${path} ${field}`);
    await page.unroute('**/graphql', commands);
    await page.click(submit);
    if (done) await page.waitForSelector(done);
    else await page.waitForFunction(() => !document.querySelector('dialog'));
    if (done?.startsWith('dialog')) await page.keyboard.press('Escape');
  }
  const sent = 'query ($id: ID!) { orders(filter: { accountId: $id }) { edges { node { id } } } account(id: $id) { cash } }';
  const { orders, account } = await person.ask(sent, { id: person.accountId });
  assert.deepEqual([orders.edges.length, account.cash], [1, '100005']);
});
