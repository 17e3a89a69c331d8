/** What the trading desk asks, orders and listens to. */
import { graphql } from '@/gql';

export const AccountsQuery = graphql(`
  query Accounts {
    accounts {
      ...AccountHead
    }
  }

  fragment AccountHead on Account {
    id
    name
    currency
    kind
    state
    positionMode
    venue
    equity
    available
    cash
    dayPnl
    unrealizedPnl
    realizedPnl
    reserved
    marginRatio
    buyingPower
    owner {
      id
      name
      email
    }
  }
`);

export const InstrumentsQuery = graphql(`
  query Instruments($first: Int, $after: String) {
    instruments(first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...InstrumentHead
          quote {
            ...QuoteParts
          }
        }
      }
    }
  }

  fragment InstrumentHead on Instrument {
    symbol
    name
    assetClass
    exchange
    currency
    tickSize
    lotSize
    minQuantity
    multiplier
    tradable
    shortable
    sessionOpen
  }

  fragment QuoteParts on Quote {
    symbol
    bid
    ask
    bidSize
    askSize
    last
    lastSize
    previousClose
    volume
    stale
    at
  }
`);

export const QuotesStream = graphql(`
  subscription Quotes($symbols: [String!]!, $intervalMs: Int!) {
    quotes(symbols: $symbols, intervalMs: $intervalMs) {
      ...QuoteParts
    }
  }
`);

export const AccountStream = graphql(`
  subscription AccountState($id: ID!, $intervalMs: Int!) {
    account(id: $id, intervalMs: $intervalMs) {
      ...AccountHead
    }
  }
`);

export const PositionsStream = graphql(`
  subscription Positions($accountId: ID!, $intervalMs: Int!) {
    positions(accountId: $accountId, intervalMs: $intervalMs) {
      ...PositionRow
    }
  }

  fragment PositionRow on Position {
    id
    symbol
    side
    quantity
    closable
    frozen
    averagePrice
    markPrice
    marketValue
    unrealizedPnl
    realizedPnl
    feesPaid
    liquidationPrice
    weight
    openedAt
    updatedAt
  }
`);

export const PositionsQuery = graphql(`
  query PositionsOf($accountId: ID!) {
    positions(accountId: $accountId) {
      ...PositionRow
    }
  }
`);

export const EventCursorQuery = graphql(`
  query EventCursor($accountId: ID!) {
    account(id: $accountId) {
      eventCursor
    }
  }
`);

export const OpenOrdersQuery = graphql(`
  query OpenOrders($accountId: ID!, $after: String) {
    orders(first: 500, after: $after, filter: { accountId: $accountId, open: true }) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...OrderRow
        }
      }
    }
  }

  fragment OrderRow on Order {
    id
    clientOrderId
    symbol
    side
    type
    status
    pendingAction
    contingency
    groupId
    quantity
    filledQuantity
    remainingQuantity
    limitPrice
    stopPrice
    trailingOffset
    trailingOffsetKind
    averagePrice
    timeInForce
    expiresAt
    postOnly
    reduceOnly
    rejectReason
    rejectMessage
    fees
    version
    createdAt
    updatedAt
  }
`);

export const OrderEventsStream = graphql(`
  subscription OrderEvents($accountId: ID!, $after: Cursor) {
    orderEvents(accountId: $accountId, after: $after) {
      cursor
      kind
      status
      at
      execution {
        ...ExecutionRow
      }
      order {
        ...OrderRow
      }
    }
  }

  fragment ExecutionRow on Execution {
    id
    symbol
    side
    price
    quantity
    fee
    liquidity
    realizedPnl
    bustedAt
    correctedBy
    at
  }
`);

export const ExecutionsQuery = graphql(`
  query Executions($filter: ExecutionFilter, $first: Int, $after: String) {
    executions(filter: $filter, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...ExecutionRow
        }
      }
    }
  }
`);

export const BarsQuery = graphql(`
  query Bars($symbol: String!, $interval: BarInterval!, $limit: Int!, $to: DateTime) {
    bars(symbol: $symbol, interval: $interval, limit: $limit, to: $to) {
      at
      open
      high
      low
      close
      volume
    }
  }
`);

export const BarsStream = graphql(`
  subscription BarsLive($symbol: String!, $interval: BarInterval!) {
    bars(symbol: $symbol, interval: $interval) {
      at
      open
      high
      low
      close
      volume
    }
  }
`);

export const CheckOrderQuery = graphql(`
  query CheckOrder($input: PlaceOrderInput!) {
    checkOrder(input: $input) {
      accepted
      reservation
      estimatedFee
      availableAfter
      rejectReason
      rejectMessage
      violations {
        kind
        action
        limit
        observed
        message
        ruleId
      }
    }
  }
`);

export const PlaceOrderMutation = graphql(`
  mutation PlaceOrder($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      replayed
      order {
        ...OrderRow
      }
    }
  }
`);

export const PlaceBracketMutation = graphql(`
  mutation PlaceBracket($input: PlaceBracketInput!) {
    placeBracket(input: $input) {
      orders {
        ...OrderRow
      }
    }
  }
`);

export const PlaceOcoMutation = graphql(`
  mutation PlaceOco($input: PlaceOcoInput!) {
    placeOco(input: $input) {
      orders {
        ...OrderRow
      }
    }
  }
`);

export const ModifyOrderMutation = graphql(`
  mutation ModifyOrder($input: ModifyOrderInput!) {
    modifyOrder(input: $input) {
      order {
        ...OrderRow
      }
    }
  }
`);

export const CancelOrderMutation = graphql(`
  mutation CancelOrder($id: ID!) {
    cancelOrder(input: { id: $id }) {
      order {
        ...OrderRow
      }
    }
  }
`);

export const CancelOrdersMutation = graphql(`
  mutation CancelOrders($input: CancelOrdersInput!) {
    cancelOrders(input: $input) {
      orders {
        ...OrderRow
      }
    }
  }
`);

export const ClosePositionMutation = graphql(`
  mutation ClosePosition($input: ClosePositionInput!) {
    closePosition(input: $input) {
      order {
        ...OrderRow
      }
    }
  }
`);

export const CloseAllMutation = graphql(`
  mutation CloseAll($accountId: ID!, $cancelWorking: Boolean!) {
    closeAllPositions(accountId: $accountId, cancelWorking: $cancelWorking) {
      accepted
      rejected
    }
  }
`);

export const FreezePositionMutation = graphql(`
  mutation FreezePosition($input: FreezePositionInput!) {
    freezePosition(input: $input) {
      ...PositionRow
    }
  }
`);

export const UnfreezePositionMutation = graphql(`
  mutation UnfreezePosition($input: FreezePositionInput!) {
    unfreezePosition(input: $input) {
      ...PositionRow
    }
  }
`);
