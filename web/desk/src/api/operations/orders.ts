/** Orders of the past and one order's life. */
import { graphql } from '@/gql';

export const OrdersQuery = graphql(`
  query OrderHistory($filter: OrderFilter, $orderBy: OrderSort, $first: Int, $after: String) {
    orders(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
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
`);

export const OrderQuery = graphql(`
  query OrderLife($id: ID!) {
    order(id: $id) {
      ...OrderRow
      strategy
      tags
      limitOffset
      activationPrice
      triggerPrice
      triggeredAt
      positionEffect
      parentId
      venueOrderId
      reserved
      closedAt
      account {
        id
        name
        currency
      }
      instrument {
        ...InstrumentHead
      }
      violations {
        kind
        action
        limit
        observed
        message
        ruleId
      }
      executions {
        ...ExecutionRow
        tax
        fxRate
        venueExecutionId
        correctedBy
      }
      history {
        cursor
        kind
        status
        at
        by
        detail
        execution {
          ...ExecutionRow
        }
      }
    }
  }
`);

export const OrderStatisticsQuery = graphql(`
  query OrderStatistics($filter: OrderFilter) {
    orderStatistics(filter: $filter) {
      total
      open
      filled
      canceled
      rejected
      expired
      fillRate
      cancelRate
      rejectRate
      averageSecondsToFirstFill
      averageSlippageBps
      notional
      fees
      bySymbol {
        symbol
        orders
        executions
        quantity
        notional
        realizedPnl
      }
    }
  }
`);

export const BustExecutionMutation = graphql(`
  mutation BustExecution($input: BustExecutionInput!) {
    bustExecution(input: $input) {
      id
    }
  }
`);

export const CorrectExecutionMutation = graphql(`
  mutation CorrectExecution($input: CorrectExecutionInput!) {
    correctExecution(input: $input) {
      id
    }
  }
`);
