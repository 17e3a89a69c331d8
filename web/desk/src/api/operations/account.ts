/** One account's money, performance and proof. */
import { graphql } from '@/gql';

export const AccountQuery = graphql(`
  query AccountDetail($id: ID!) {
    account(id: $id) {
      ...AccountHead
      initialMargin
      maintenanceMargin
      marketValue
      feesPaid
      createdAt
    }
  }
`);

export const PerformanceQuery = graphql(`
  query Performance($id: ID!, $from: DateTime, $interval: BarInterval!) {
    account(id: $id) {
      currency
      equityCurve(from: $from, interval: $interval) {
        at
        equity
        cash
        unrealizedPnl
      }
      performance(from: $from) {
        totalReturn
        annualizedReturn
        annualizedVolatility
        sharpe
        sortino
        calmar
        maxDrawdown
        maxDrawdownAmount
        maxDrawdownSeconds
        winRate
        profitFactor
        averageWin
        averageLoss
        largestWin
        largestLoss
        closedTrades
        turnover
        feesPaid
      }
      transactions(first: 200, filter: { kinds: [DEPOSIT, WITHDRAWAL], from: $from }) {
        edges {
          node {
            kind
            amount
            createdAt
          }
        }
      }
    }
  }
`);

export const LedgerQuery = graphql(`
  query Ledger($id: ID!, $filter: TransactionFilter, $first: Int, $after: String) {
    account(id: $id) {
      transactions(filter: $filter, first: $first, after: $after) {
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            sequence
            kind
            amount
            balanceAfter
            contra
            currency
            reference
            note
            orderId
            createdAt
            hash
          }
        }
      }
    }
  }
`);

export const StatementsQuery = graphql(`
  query Statements($accountId: ID!) {
    dailyStatements(accountId: $accountId) {
      day
      openingEquity
      deposits
      withdrawals
      realizedPnl
      unrealizedPnlChange
      fees
      taxes
      financing
      dividends
      closingEquity
      executions
    }
  }
`);

export const ClosedTradesQuery = graphql(`
  query ClosedTrades($accountId: ID!, $limit: Int!) {
    closedTrades(accountId: $accountId, limit: $limit) {
      symbol
      side
      quantity
      entryPrice
      exitPrice
      openedAt
      closedAt
      fees
      realizedPnl
      matchedPnl
    }
  }
`);

export const BookProofQuery = graphql(`
  query BookProof($accountId: ID!) {
    bookProof(accountId: $accountId) {
      intact
      chainIntact
      executions
      transactions
      bookedCash
      derivedCash
      checkedAt
      breaks {
        what
        booked
        derived
      }
    }
  }
`);

export const OpenAccountMutation = graphql(`
  mutation OpenAccount($input: OpenAccountInput!) {
    openAccount(input: $input) {
      ...AccountHead
    }
  }
`);

export const DepositMutation = graphql(`
  mutation Deposit($input: CashInput!) {
    deposit(input: $input) {
      id
      balanceAfter
    }
  }
`);

export const WithdrawMutation = graphql(`
  mutation Withdraw($input: CashInput!) {
    withdraw(input: $input) {
      id
      balanceAfter
    }
  }
`);

export const SetAccountStateMutation = graphql(`
  mutation SetAccountState($input: SetAccountStateInput!) {
    setAccountState(input: $input) {
      ...AccountHead
    }
  }
`);
