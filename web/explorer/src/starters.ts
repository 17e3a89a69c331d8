/**
 * The operations that a new visitor finds in the tabs, in the order in which a first visit tries them: from what can be traded
 * to the proof of the books. What the visitor makes of them is kept by the browser afterwards.
 */
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

const OPEN = `# A new account. The first start of a simulated
# market has made one for you: Demo.
mutation OpenAccount($input: OpenAccountInput!) {
  openAccount(input: $input) {
    id
    name
    kind
    currency
    state
  }
}
`;

const DEPOSIT = `# Money from outside. The same reference again
# returns the first transaction.
mutation Deposit($input: CashInput!) {
  deposit(input: $input) {
    amount
    balanceAfter
    currency
    at
    by
  }
}
`;

const ACCOUNTS = `# Your accounts: money, positions, orders.
query Accounts {
  accountsConnection(first: 10) {
    edges {
      node {
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
  }
}
`;

const PLACE = `# The same clientOrderId again returns
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

const RISK = `# What an account risks, how far its limits
# are used, and what was noticed about it.
query Risk($accountId: ID!) {
  riskMetrics(accountId: $accountId) {
    currency
    equity
    grossExposure
    leverage
    drawdown
    openOrders
    limits {
      usage
      observed
      limit
      rule {
        name
        kind
        action
      }
    }
  }
  riskEvents(
    first: 10
    filter: { accountId: $accountId }
  ) {
    edges {
      node {
        at
        eventKind
        severity
        message
      }
    }
  }
}
`;

const HALTS = `# Stops of trading. HaltTrading makes one: an
# operation is chosen beside the play button.
query Halts {
  tradingHaltsConnection(first: 10) {
    edges {
      node {
        id
        scope
        symbol
        reason
        by
        at
        liftedAt
      }
    }
  }
}

mutation HaltTrading($input: HaltTradingInput!) {
  haltTrading(input: $input) {
    id
    scope
    at
  }
}
`;

const PROOF = `# The account, rebuilt from its executions and
# transactions and compared with the books.
query Proof($accountId: ID!) {
  bookProof(accountId: $accountId) {
    intact
    chainIntact
    currency
    bookedCash
    derivedCash
    executions
    transactions
    breaks {
      booked
      derived
    }
  }
}
`;

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** The first tabs, about this account; empty where none is known yet. */
export function starters(accountId: string): NonNullable<GraphiQLProps['defaultTabs']> {
  const order = { accountId, clientOrderId: 'explorer-1', symbol: 'BTCUSDT.BINANCE', side: 'BUY', type: 'MARKET', quantity: '0.01' };
  const halt = { scope: 'ACCOUNT', accountId, reason: 'Trying it out', cancelOpenOrders: true };
  return [
    { query: INSTRUMENTS },
    { query: QUOTES, variables: json({ symbols: ['BTCUSDT.BINANCE'], intervalMs: 500 }) },
    { query: OPEN, variables: json({ input: { name: 'Mine', currency: 'USDT', kind: 'MARGIN' } }) },
    { query: DEPOSIT, variables: json({ input: { accountId, amount: '10000', reference: 'explorer-1' } }) },
    { query: PLACE, variables: json({ input: order }) },
    { query: EVENTS, variables: json({ accountId, after: null }) },
    { query: ACCOUNTS },
    { query: RISK, variables: json({ accountId }) },
    { query: HALTS, variables: json({ input: halt }) },
    { query: PROOF, variables: json({ accountId }) },
  ];
}
