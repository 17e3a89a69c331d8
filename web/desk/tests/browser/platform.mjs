/** The platform that the tests are given, spoken to without a browser; and a line to it that can be cut. */
import { connect, createServer } from 'node:net';

export const ADDRESS = process.env.DESK_ADDRESS;
export const ADMIN = { email: process.env.DESK_EMAIL, password: process.env.DESK_PASSWORD };
export const SYMBOL = 'BTCUSDT-PERP.BINANCE';
const PASSWORD = 'correct horse battery staple';

async function ask(token, query, variables = {}) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${ADDRESS}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function signIn({ email, password }) {
  const { login } = await ask(null, 'mutation ($input: LoginInput!) { login(input: $input) { accessToken user { id } } }', { input: { email, password } });
  return { token: login.accessToken, id: login.user.id };
}

let count = 0;
let admin;

/** A person who has nothing yet, as an administrator adds them. */
export async function stranger(role = 'TRADER', called = null) {
  admin ??= await signIn(ADMIN);
  const unique = `${role.toLowerCase().replace('_', '-')}-${process.pid}-${++count}`;
  const name = called ?? unique;
  const person = { email: `${unique}@example.com`, password: PASSWORD, name };
  await ask(admin.token, 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { ...person, role } });
  const { token, id } = await signIn(person);
  return { ...person, id, ask: (query, variables) => ask(token, query, variables), askAsAdmin: (query, variables) => ask(admin.token, query, variables) };
}

/** A person with an account of their own that holds money, and whoever may do more for them. */
export async function newcomer(role = 'TRADER', { called = null, ...account } = {}) {
  const person = await stranger(role, called);
  const { id, name } = person;
  const open = 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }';
  const { openAccount } = await person.askAsAdmin(open, { input: { name: called ? 'Main' : `Main ${name}`, currency: 'USDT', kind: 'MARGIN', ownerId: id, ...account } });
  const accountId = openAccount.id;
  await person.askAsAdmin('mutation ($input: CashInput!) { deposit(input: $input) { id } }', { input: { accountId, amount: '100000', reference: 'opening' } });
  // The account looked at, so that a risk manager who sees all accounts begins with this one; no tour.
  await person.ask('mutation ($given: JSON!) { savePreferences(preferences: $given) }', { given: { account: accountId, symbol: SYMBOL, seenTour: true, sound: false } });
  return { ...person, accountId };
}

const PLACE = 'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id status limitPrice } } }';

export async function place(person, given) {
  const input = { accountId: person.accountId, symbol: SYMBOL, side: 'BUY', type: 'LIMIT', quantity: '0.01', timeInForce: 'GTC', ...given };
  return (await person.ask(PLACE, { input })).placeOrder.order;
}

/** Deposits of about a hundred and one far beyond, which a detector tells of: the case. */
export async function unusualCase(person) {
  const deposit = 'mutation ($input: CashInput!) { deposit(input: $input) { id } }';
  const amounts = [...Array.from({ length: 12 }, (_, index) => 90 + 2 * index), 500_000];
  for (const [index, amount] of amounts.entries()) await person.askAsAdmin(deposit, { input: { accountId: person.accountId, amount: String(amount), reference: `pay-${index}` } });
  const cases = 'query ($accountId: ID!) { anomalyCases(filter: { accountId: $accountId, kinds: [ACCOUNT_BALANCE] }) { edges { node { id number } } } }';
  for (let attempt = 0; attempt < 100; attempt += 1) {
    await person.askAsAdmin('mutation { runAnomalyDetection { id } }');
    const [edge] = (await person.askAsAdmin(cases, { accountId: person.accountId })).anomalyCases.edges;
    if (edge) return edge.node;
  }
  throw new Error('no case was opened');
}

/** The market's price, and one so far below it that nothing trades there. */
export async function prices(person) {
  const { quotes } = await person.ask('query ($symbols: [String!]!) { quotes(symbols: $symbols) { bid ask } }', { symbols: [SYMBOL] });
  const bid = Math.round(Number(quotes[0].bid));
  return { bid, deep: String(bid - 3000), high: String(bid + 3000) };
}

/** A line to the platform: `cut` ends every connection and lets none through, until `mend`; it may let no WebSocket through. */
export async function line({ sockets = true } = {}) {
  const target = new URL(ADDRESS);
  const open = new Set();
  const upgraded = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    near.on('data', (data) => {
      if (!/^upgrade: websocket/im.test(data.toString('latin1'))) return;
      if (sockets) upgraded.add(near).add(far);
      else near.destroy();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy();
    },
    /** Let nothing through what is open, and tell nobody: as for a computer that slept, what is opened anew works. */
    stall() {
      for (const socket of open) {
        if (!upgraded.has(socket)) socket.destroy();
        else socket.unpipe().pause();
      }
    },
    mend() {
      isCut = false;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}
