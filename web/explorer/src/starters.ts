/** The operations that a new visitor finds in the tabs; what the visitor makes of them is kept by the browser afterwards. */
import type { GraphiQLProps } from 'graphiql';

const INSTRUMENTS = `# What can be traded, and at which price.
# Ctrl-Enter (on a Mac Cmd-Enter) runs it.
query Instruments {
  viewer {
    name
    role
  }
  instruments(first: 20) {
    edges {
      node {
        symbol
        name
        assetClass
        tickSize
        lotSize
        quote {
          bid
          ask
          last
          at
        }
      }
    }
  }
}
`;

const QUOTES = `# Live prices, at most one every intervalMs.
# Run it again to stop.
subscription Quotes(
  $symbols: [String!]!
  $intervalMs: Int!
) {
  quotes(
    symbols: $symbols
    intervalMs: $intervalMs
  ) {
    symbol
    bid
    ask
    last
    at
    stale
  }
}
`;

const ACCOUNTS = `# Your accounts: money, positions, orders.
query Accounts {
  accounts {
    id
    name
    state
    currency
    cash
    available
    equity
    positions {
      symbol
      quantity
      averagePrice
      unrealizedPnl
    }
    orders(first: 5) {
      edges {
        node {
          clientOrderId
          symbol
          side
          type
          quantity
          status
        }
      }
    }
  }
}
`;

const PLACE = `# Put an account's id in the variables.
# The same clientOrderId again returns
# the first order, so a retry is safe.
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    replayed
    order {
      id
      status
      filledQuantity
      averagePrice
      rejectReason
      rejectMessage
    }
  }
}
`;

const EVENTS = `# All that happens to an account's orders.
# $after, the last cursor seen, goes on there.
subscription OrderEvents(
  $accountId: ID!
  $after: Cursor
) {
  orderEvents(
    accountId: $accountId
    after: $after
  ) {
    cursor
    kind
    at
    order {
      clientOrderId
      symbol
      side
      status
      filledQuantity
    }
    execution {
      price
      quantity
      fee
    }
  }
}
`;

const json = (value: unknown): string => JSON.stringify(value, null, 2);

const ORDER = { accountId: '', clientOrderId: 'explorer-1', symbol: 'BTCUSDT.BINANCE', side: 'BUY', type: 'MARKET', quantity: '0.01' };

export const STARTERS: NonNullable<GraphiQLProps['defaultTabs']> = [
  { query: INSTRUMENTS },
  { query: QUOTES, variables: json({ symbols: ['BTCUSDT.BINANCE'], intervalMs: 500 }) },
  { query: ACCOUNTS },
  { query: PLACE, variables: json({ input: ORDER }) },
  { query: EVENTS, variables: json({ accountId: '', after: null }) },
];
