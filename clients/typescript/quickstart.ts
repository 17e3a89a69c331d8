/**
 * Places an order and follows it: `npm start ACCOUNT SYMBOL`.
 *
 * Queries and mutations go through urql, streams of states too; event streams go through graphql-ws itself, because they
 * resume after the last event that was processed.
 */
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { randomUUID } from "node:crypto";
import WebSocket from "ws";

// Money is text: exact decimals that are not to be read as floating point numbers.
type Decimal = string;

interface Order {
  id: string;
  clientOrderId: string;
  status: string;
  filledQuantity: Decimal;
  averagePrice: Decimal | null;
  rejectMessage: string | null;
}

const Place = gql<{ placeOrder: { order: Order; replayed: boolean } }, { input: Record<string, unknown> }>`
  mutation Place($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      replayed
      order { id clientOrderId status filledQuantity averagePrice rejectMessage }
    }
  }
`;
const Cursor = gql<{ account: { eventCursor: string } | null }, { id: string }>`
  query Cursor($id: ID!) { account(id: $id) { eventCursor } }
`;
const Quotes = gql<{ quotes: { symbol: string; bid: Decimal | null; ask: Decimal | null } }, { symbols: string[] }>`
  subscription Quotes($symbols: [String!]!) { quotes(symbols: $symbols, intervalMs: 250) { symbol bid ask } }
`;
const ORDER_EVENTS = `
  subscription ($id: ID!, $after: Cursor) {
    orderEvents(accountId: $id, after: $after) { cursor kind order { id status filledQuantity averagePrice } }
  }
`;
interface OrderEvents {
  orderEvents: { cursor: string; kind: string; order: Pick<Order, "id" | "status" | "filledQuantity" | "averagePrice"> };
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const address = required("TRADEGRAPH_CLIENT_ADDRESS");
const authorization = `Bearer ${required("TRADEGRAPH_CLIENT_KEY")}`;
const [accountId, symbol] = process.argv.slice(2);
if (!accountId || !symbol) throw new Error("usage: npm start ACCOUNT SYMBOL");

const sockets = createClient({
  url: `${address.replace(/^http/, "ws")}/graphql`,
  webSocketImpl: WebSocket, // browsers, and Node.js from 22 on, have their own
  connectionParams: { authorization },
  retryAttempts: Infinity,
  shouldRetry: () => true,
});
const api = new Client({
  url: `${address}/graphql`,
  preferGetMethod: false,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (operation) => ({
        subscribe: (sink) => ({
          unsubscribe: sockets.subscribe({ ...operation, query: operation.query ?? "" }, sink),
        }),
      }),
    }),
  ],
});

// States: the present quote, then each newer one.
const quote = await new Promise<{ bid: Decimal | null; ask: Decimal | null }>((resolve, reject) => {
  const { unsubscribe } = api.subscription(Quotes, { symbols: [symbol] }).subscribe(({ data, error }) => {
    if (error) reject(error);
    if (data) {
      resolve(data.quotes);
      queueMicrotask(() => unsubscribe());
    }
  });
});
console.log(`${symbol} ${quote.bid} / ${quote.ask}`);

// Where the account's events stand, before the order is placed: nothing that happens to it is missed.
const { data: stands, error: unseen } = await api.query(Cursor, { id: accountId });
if (!stands?.account) throw unseen ?? new Error(`there is no account ${accountId}`);

// The client order id is made once: sending the same order again, after an answer was lost, places nothing more.
const input = { accountId, symbol, side: "BUY", type: "MARKET", quantity: "1", clientOrderId: randomUUID() };
const { data: placed, error } = await api.mutation(Place, { input });
if (!placed) throw error;
console.log(placed.placeOrder.order.status, placed.placeOrder.order.rejectMessage ?? "");

// Events: every one once and in order. After a lost connection graphql-ws sends the variables as they are then.
const variables = { id: accountId, after: stands.account.eventCursor };
for await (const { data, errors } of sockets.iterate<OrderEvents>({ query: ORDER_EVENTS, variables })) {
  if (!data) throw errors?.[0] ?? new Error("no data");
  const { cursor, kind, order } = data.orderEvents;
  variables.after = cursor;
  if (order.id !== placed.placeOrder.order.id) continue;
  console.log(kind, order.status, order.filledQuantity, order.averagePrice ?? "");
  if (["FILLED", "CANCELED", "EXPIRED", "REJECTED"].includes(order.status)) break;
}
await sockets.dispose();
