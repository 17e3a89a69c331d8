/** Limits, what broke them, and halts. */
import { graphql } from '@/gql';

export const RiskMetricsQuery = graphql(`
  query RiskMetrics($accountId: ID!) {
    riskMetrics(accountId: $accountId) {
      equity
      dayPnl
      dayPnlRatio
      drawdown
      maxDrawdown
      grossExposure
      netExposure
      leverage
      marginRatio
      largestConcentration
      valueAtRisk95
      expectedShortfall95
      openOrders
      ordersLastMinute
      limits {
        observed
        limit
        usage
        rule {
          ...RuleRow
        }
      }
    }
  }

  fragment RuleRow on RiskRule {
    id
    name
    kind
    scope
    accountId
    symbol
    strategy
    threshold
    windowSeconds
    action
    enabled
    version
    updatedAt
  }
`);

export const RiskRulesQuery = graphql(`
  query RiskRules {
    riskRules {
      ...RuleRow
    }
  }
`);

export const CreateRuleMutation = graphql(`
  mutation CreateRule($input: CreateRiskRuleInput!) {
    createRiskRule(input: $input) {
      ...RuleRow
    }
  }
`);

export const TryRuleQuery = graphql(`
  query TryRule($input: CreateRiskRuleInput!) {
    tryRiskRule(input: $input) {
      tried
      count
      refused
      isComplete
      reachedAt
      hits {
        at
        accountId
        symbol
        orderId
        limit
        observed
        message
      }
    }
  }
`);

export const UpdateRuleMutation = graphql(`
  mutation UpdateRule($input: UpdateRiskRuleInput!) {
    updateRiskRule(input: $input) {
      ...RuleRow
    }
  }
`);

export const DeleteRuleMutation = graphql(`
  mutation DeleteRule($id: ID!) {
    deleteRiskRule(id: $id)
  }
`);

export const RiskEventsQuery = graphql(`
  query RiskEvents($filter: RiskEventFilter, $first: Int, $after: String) {
    riskEvents(filter: $filter, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...RiskEventRow
        }
      }
    }
  }

  fragment RiskEventRow on RiskEvent {
    id
    cursor
    kind
    severity
    state
    source
    message
    accountId
    symbol
    orderId
    ruleId
    limit
    observed
    actionTaken
    acknowledgedBy
    note
    createdAt
    clearedAt
    resolvedAt
  }
`);

export const RiskEventsStream = graphql(`
  subscription RiskEventsLive($after: Cursor, $minSeverity: Severity!) {
    riskEvents(after: $after, minSeverity: $minSeverity) {
      ...RiskEventRow
    }
  }
`);

export const AccountRiskEventsStream = graphql(`
  subscription AccountRiskEvents($accountId: ID!, $after: Cursor, $minSeverity: Severity!) {
    riskEvents(accountId: $accountId, after: $after, minSeverity: $minSeverity) {
      ...RiskEventRow
    }
  }
`);

export const AcknowledgeMutation = graphql(`
  mutation Acknowledge($id: ID!) {
    acknowledgeRiskEvent(id: $id) {
      ...RiskEventRow
    }
  }
`);

export const ResolveMutation = graphql(`
  mutation Resolve($input: ResolveRiskEventInput!) {
    resolveRiskEvent(input: $input) {
      ...RiskEventRow
    }
  }
`);

export const HaltsQuery = graphql(`
  query Halts($activeOnly: Boolean!) {
    tradingHalts(activeOnly: $activeOnly) {
      id
      scope
      accountId
      symbol
      strategy
      reason
      by
      at
      liftedAt
      liftedBy
      liftReason
    }
  }
`);

export const HaltMutation = graphql(`
  mutation Halt($input: HaltTradingInput!) {
    haltTrading(input: $input) {
      id
    }
  }
`);

export const ResumeMutation = graphql(`
  mutation Resume($id: ID!, $reason: String!) {
    resumeTrading(id: $id, reason: $reason) {
      id
    }
  }
`);
