/** What a desk looks like in use: a person whose pages all have something to show. */
import { newcomer, place, prices, SYMBOL, unusualCase } from './platform.mjs';

const PERP = SYMBOL;
const COIN = 'BTCUSDT.BINANCE';
const TRADES = [
  ['BUY', '0.25'],
  ['SELL', '0.1'],
  ['BUY', '0.05'],
  ['SELL', '0.2'],
  ['SELL', '0.15'],
  ['BUY', '0.4'],
];

const RULE = 'mutation ($input: CreateRiskRuleInput!) { createRiskRule(input: $input) { id } }';
const HALT = 'mutation ($input: HaltTradingInput!) { haltTrading(input: $input) { id } }';
const RESUME = 'mutation ($id: ID!, $reason: String!) { resumeTrading(id: $id, reason: $reason) { id } }';

async function trade(person) {
  const { bid, deep, high } = await prices(person);
  for (const [side, quantity] of TRADES) await place(person, { symbol: PERP, side, quantity, type: 'MARKET', timeInForce: 'IOC' });
  await place(person, { symbol: COIN, quantity: '0.04', type: 'MARKET', timeInForce: 'IOC' });
  await place(person, { symbol: 'EURUSD.OANDA', quantity: '5000', type: 'MARKET', timeInForce: 'IOC' });
  await place(person, { symbol: PERP, limitPrice: String(bid - 40), quantity: '0.05' });
  await place(person, { symbol: PERP, limitPrice: deep, quantity: '0.5', postOnly: true });
  await place(person, { symbol: PERP, side: 'SELL', limitPrice: String(bid + 60), quantity: '0.1' });
  await place(person, { symbol: PERP, side: 'SELL', type: 'STOP', stopPrice: deep, quantity: '0.2' });
  await place(person, { symbol: PERP, type: 'STOP_LIMIT', stopPrice: high, limitPrice: high, quantity: '0.02' });
  await place(person, { symbol: PERP, side: 'SELL', type: 'TRAILING_STOP', trailingOffset: '1500', quantity: '0.1' });
}

async function limits(person) {
  const { accountId } = person;
  const rules = [
    { name: 'Exposure of the desk', kind: 'MAX_GROSS_EXPOSURE', threshold: '60000', action: 'WARN' },
    { name: 'Open orders', kind: 'MAX_OPEN_ORDERS', threshold: '40' },
    { name: 'Size of one order', kind: 'MAX_ORDER_QUANTITY', threshold: '1' },
  ];
  for (const rule of rules) await person.askAsAdmin(RULE, { input: { scope: 'ACCOUNT', accountId, ...rule } });
  await place(person, { quantity: '2', limitPrice: (await prices(person)).deep });
}

/** The person, an order with a life, and a case. */
export async function tellStory() {
  const person = await newcomer('ADMIN', { called: 'Ada Lim' });
  // A halt that is over: it took nothing with it, as nothing waited yet.
  const { haltTrading } = await person.askAsAdmin(HALT, { input: { scope: 'ACCOUNT', accountId: person.accountId, reason: 'a drill' } });
  await person.askAsAdmin(RESUME, { id: haltTrading.id, reason: 'the drill is over' });
  await trade(person);
  await limits(person);
  const { id: caseId } = await unusualCase(person);
  await person.askAsAdmin('mutation ($input: CashInput!) { withdraw(input: $input) { id } }', { input: { accountId: person.accountId, amount: '20000', reference: 'profit-taking' } });
  const { orders } = await person.ask('query ($id: ID!) { orders(filter: { accountId: $id }, first: 50, orderBy: { direction: ASC }) { edges { node { id } } } }', { id: person.accountId });
  return { person, orderId: orders.edges[0].node.id, caseId };
}
