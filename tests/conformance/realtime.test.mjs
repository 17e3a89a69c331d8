// The protocol graphql-transport-ws, spoken to a running server by the npm package graphql-ws and by a bare socket.
//
//   CONFORMANCE_URL=http://127.0.0.1:8000/graphql CONFORMANCE_AUTHORIZATION='Bearer ...' node realtime.test.mjs
//
// The caller must be an administrator: it makes an instrument and publishes quotes for it, so that there is something to hear.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { acknowledged, PROTOCOL, Socket, terminateAll } from './socket.mjs';

const url = process.env.CONFORMANCE_URL;
const authorization = process.env.CONFORMANCE_AUTHORIZATION;
const initSeconds = Number(process.env.CONFORMANCE_INIT_SECONDS ?? 10);
const socketUrl = url.replace(/^http/, 'ws');
const symbol = `CONFORM${Date.now().toString(36).toUpperCase()}`;
const QUOTES = 'subscription Quotes($symbols: [String!]!) { quotes(symbols: $symbols, intervalMs: 0) { symbol bid ask } }';

async function request(query, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

const publish = (bid) =>
  request('mutation Publish($input: PublishQuotesInput!) { publishQuotes(input: $input) }', {
    input: { quotes: [{ symbol, bid, ask: String(Number(bid) + 1), bidSize: '5', askSize: '5' }] },
  });

const subscribe = (id, query = QUOTES, variables = { symbols: [symbol] }) => ({ id, type: 'subscribe', payload: { query, variables } });

/** Publish until the subscription has heard it: a subscription has no message that says it has begun. */
async function hearQuote(socket, id, bid) {
  for (;;) {
    await publish(bid);
    const message = await socket.hear('next', id);
    if (Number(message.payload.data.quotes.bid) === Number(bid)) return message;
  }
}

before(async () => {
  await request('mutation Make($input: CreateInstrumentInput!) { createInstrument(input: $input) { symbol } }', {
    input: { symbol, exchange: 'TEST', assetClass: 'CRYPTO', currency: 'USD', tickSize: '0.01', lotSize: '0.01' },
  });
  await publish('1');
});

// Says nothing while the other tests run; the last one looks at it.
const silent = new Socket(socketUrl);

after(terminateAll);

test('the subprotocol is agreed on', async () => {
  const socket = new Socket(socketUrl);
  await socket.opened;
  assert.equal(socket.socket.protocol, PROTOCOL);
  await socket.end();
});

for (const protocols of [[], ['graphql-ws'], ['nonsense']]) {
  test(`the subprotocols [${protocols}] are not accepted`, async () => {
    const socket = new Socket(socketUrl, { protocols });
    const refused = await socket.opened.then(
      () => null,
      (error) => error.message,
    );
    if (refused === null) assert.equal(await socket.closeCode(), 4406);
    else assert.match(refused, /subprotocol|40[0-9]/);
  });
}

test('connection_init with a token is acknowledged', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  assert.deepEqual(socket.heard, []);
  await socket.end();
});

test('connection_init with a wrong token closes with 4403', async () => {
  const socket = new Socket(socketUrl);
  await socket.say({ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } });
  assert.equal(await socket.closeCode(), 4403);
});

test('a second connection_init closes with 4429', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say({ type: 'connection_init', payload: { authorization } });
  assert.equal(await socket.closeCode(), 4429);
});

test('subscribing before the acknowledgement closes with 4401', async () => {
  const socket = new Socket(socketUrl);
  await socket.say(subscribe('early'));
  assert.equal(await socket.closeCode(), 4401);
});

test('the id of a running operation, used again, closes with 4409', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say(subscribe('twice'));
  await socket.say(subscribe('twice'));
  assert.equal(await socket.closeCode(), 4409);
});

test('an id may be used again when its operation has ended', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  for (const bid of ['2', '3']) {
    await socket.say(subscribe('again'));
    await hearQuote(socket, 'again', bid);
    await socket.say({ id: 'again', type: 'complete' });
    await socket.settle();
  }
  await socket.end();
});

const MALFORMED = {
  'text that is not JSON': 'nonsense',
  'JSON that is not an object': '[]',
  'no type': '{}',
  'an unknown type': { type: 'nonsense' },
  'subscribe without an id': { type: 'subscribe', payload: { query: '{ __typename }' } },
  'subscribe without a payload': { id: 'x', type: 'subscribe' },
  'subscribe without a query': { id: 'x', type: 'subscribe', payload: {} },
  'a query that is not text': { id: 'x', type: 'subscribe', payload: { query: 7 } },
  'complete without an id': { type: 'complete' },
};
for (const [name, message] of Object.entries(MALFORMED)) {
  test(`${name} closes with 4400`, async () => {
    const socket = await acknowledged(socketUrl, authorization);
    await socket.say(message);
    assert.equal(await socket.closeCode(), 4400);
  });
}

test('ping is answered with pong, before and after connection_init', async () => {
  const socket = new Socket(socketUrl);
  await socket.settle();
  await socket.say({ type: 'connection_init', payload: { authorization } });
  await socket.hear('connection_ack');
  await socket.say({ type: 'ping', payload: { beat: 1 } });
  await socket.hear('pong');
  await socket.end();
});

test('an unasked pong is taken quietly', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say({ type: 'pong' });
  await socket.settle();
  await socket.end();
});

test('a query gets next and complete', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say(subscribe('query', '{ __typename }', undefined));
  assert.deepEqual((await socket.hear('next', 'query')).payload.data, { __typename: 'Query' });
  await socket.hear('complete', 'query');
  await socket.end();
});

test('a mutation gets next and complete', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  const mutation = 'mutation Publish($input: PublishQuotesInput!) { publishQuotes(input: $input) }';
  await socket.say(subscribe('mutation', mutation, { input: { quotes: [{ symbol, bid: '4', ask: '5' }] } }));
  assert.deepEqual((await socket.hear('next', 'mutation')).payload.data, { publishQuotes: 1 });
  await socket.hear('complete', 'mutation');
  await socket.end();
});

const REFUSED = {
  'a syntax error': { query: 'subscription {' },
  'an unknown field': { query: 'subscription { nonsense }' },
  'a missing variable': { query: QUOTES, variables: {} },
  'an unknown operation name': { query: QUOTES, variables: { symbols: [symbol] }, operationName: 'Nonsense' },
};
for (const [name, payload] of Object.entries(REFUSED)) {
  test(`${name} gets error, nothing after it, and leaves the socket open`, async () => {
    const socket = await acknowledged(socketUrl, authorization);
    await socket.say({ id: 'bad', type: 'subscribe', payload });
    const { payload: errors } = await socket.hear('error', 'bad');
    assert.ok(Array.isArray(errors) && errors.length > 0 && errors.every(({ message }) => typeof message === 'string'));
    await socket.settle();
    assert.deepEqual(socket.heard, []);
    await socket.end();
  });
}

test('complete ends a subscription and nothing else', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say(subscribe('ends'));
  await socket.say(subscribe('stays'));
  await hearQuote(socket, 'ends', '6');
  await hearQuote(socket, 'stays', '7');
  await socket.say({ id: 'ends', type: 'complete' });
  await socket.settle();
  socket.heard.length = 0;
  await hearQuote(socket, 'stays', '8');
  assert.deepEqual(
    socket.heard.filter(({ id }) => id === 'ends'),
    [],
  );
  await socket.end();
});

test('complete for an operation that is not there is taken quietly', async () => {
  const socket = await acknowledged(socketUrl, authorization);
  await socket.say({ id: 'never', type: 'complete' });
  await socket.settle();
  assert.deepEqual(socket.heard, []);
  await socket.end();
});

test('an origin that is not the server itself is refused', async () => {
  const socket = new Socket(socketUrl, { headers: { origin: 'https://elsewhere.example' } });
  await assert.rejects(socket.opened, /403/);
});

/** The npm package's client, which gives up at the first refusal and is gone when its test ends. */
function foreignClient(t, options = {}) {
  const client = createClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
    shouldRetry: () => false,
    ...options,
  });
  t.after(() => client.dispose());
  return client;
}

test('graphql-ws: many subscriptions share a socket, and each ends by itself', async (t) => {
  let sockets = 0;
  const client = foreignClient(t, { on: { connected: () => (sockets += 1) } });
  const streams = Array.from({ length: 20 }, () => client.iterate({ query: QUOTES, variables: { symbols: [symbol] } }));
  let heard = false;
  const first = Promise.all(streams.map((stream) => stream.next())).finally(() => (heard = true));
  for (let cents = 10; !heard; cents += 1) await publish(`9.${cents}`);
  for (const { value, done } of await first) {
    assert.equal(done, false);
    assert.equal(value.data.quotes.symbol, symbol);
  }
  assert.equal(sockets, 1);
  for (const stream of streams) assert.equal((await stream.return()).done, true);
});

test('graphql-ws: an error of the request reaches the caller', async (t) => {
  const stream = foreignClient(t).iterate({ query: 'subscription { nonsense }' });
  await assert.rejects(stream.next(), (errors) => errors[0].message.includes('nonsense'));
});

test('graphql-ws: a wrong token reaches the caller as close code 4403', async (t) => {
  const client = foreignClient(t, { connectionParams: { authorization: 'Bearer nonsense' } });
  const stream = client.iterate({ query: QUOTES, variables: { symbols: [symbol] } });
  await assert.rejects(stream.next(), ({ code }) => code === 4403);
});

test('no connection_init in time closes with 4408', async () => {
  assert.equal(await silent.closeCode((initSeconds + 5) * 1_000), 4408);
});
