// The protocol graphql-sse, spoken to a running server by the npm package of that name: a connection for each operation.
//
//   CONFORMANCE_URL=http://127.0.0.1:8000/graphql CONFORMANCE_AUTHORIZATION='Bearer ...' node streams.test.mjs
//
// The caller must be an administrator: it makes an account, so that there is an event to hear.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from 'graphql-sse';

const url = process.env.CONFORMANCE_URL;
const authorization = process.env.CONFORMANCE_AUTHORIZATION;
const EVENTS = 'subscription ($id: ID!, $after: Cursor) { orderEvents(accountId: $id, after: $after) { cursor } }';
const ACCOUNTS = 'subscription ($ids: [ID!]!, $after: Cursor) { accountEvents(accountIds: $ids, after: $after) { cursor } }';

function client(t, headers = { authorization }) {
  const made = createClient({ url: `${url}/stream`, headers, retryAttempts: 0 });
  t.after(() => made.dispose());
  return made;
}

async function ask(t, query, variables) {
  for await (const { data, errors } of client(t).iterate({ query, variables })) {
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  }
}

async function account(t) {
  const mutation = 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }';
  const { openAccount } = await ask(t, mutation, { input: { name: `c${Date.now()}${Math.random()}`, currency: 'USD' } });
  return openAccount.id;
}

const deposit = (t, id, reference) =>
  ask(t, 'mutation ($input: CashInput!) { deposit(input: $input) { id } }', {
    input: { accountId: id, amount: '1', reference },
  });

test('a query and a mutation are answered and complete', async (t) => {
  const results = [];
  for await (const result of client(t).iterate({ query: '{ __typename }' })) results.push(result);
  assert.deepEqual(results, [{ data: { __typename: 'Query' } }]);
  assert.ok(await account(t));
});

test('events come, and resume after a cursor', async (t) => {
  const id = await account(t);
  await deposit(t, id, 'one');
  await deposit(t, id, 'two');
  const cursors = [];
  for await (const { data } of client(t).iterate({ query: ACCOUNTS, variables: { ids: [id], after: await origin(t, id) } })) {
    cursors.push(data.accountEvents.cursor);
    if (cursors.length === 2) break;
  }
  const again = client(t).iterate({ query: ACCOUNTS, variables: { ids: [id], after: cursors[0] } });
  assert.equal((await again.next()).value.data.accountEvents.cursor, cursors[1]);
  await again.return();
});

/** A cursor from before anything happened to the account: that of a stream of another one. */
async function origin(t, id) {
  const other = await account(t);
  const stream = client(t).iterate({ query: ACCOUNTS, variables: { ids: [other] } });
  const first = stream.next();
  let heard = false;
  first.finally(() => (heard = true));
  for (let number = 0; !heard; number += 1) await deposit(t, other, `${id}${number}`);
  const { value } = await first;
  await stream.return();
  return value.data.accountEvents.cursor;
}

test('an error of the request is a result', async (t) => {
  for await (const { errors } of client(t).iterate({ query: 'subscription { nonsense }' })) {
    assert.match(errors[0].message, /nonsense/);
  }
  for await (const { errors } of client(t).iterate({ query: EVENTS, variables: { id: 'nothing' } })) {
    assert.ok(errors[0].extensions.code);
  }
});

test('a wrong token reaches the caller as 401', async (t) => {
  const stream = client(t, { authorization: 'Bearer nonsense' }).iterate({ query: EVENTS, variables: { id: 'x' } });
  await assert.rejects(stream.next(), (error) => error.response.status === 401);
});
