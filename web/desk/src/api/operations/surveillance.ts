/** Cases of what detectors found, what they learnt not to tell, and how they are set. */
import { graphql } from '@/gql';

export const CasesQuery = graphql(`
  query Cases($filter: AnomalyCaseFilter, $first: Int, $after: String) {
    anomalyCases(filter: $filter, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...CaseRow
        }
      }
    }
  }

  fragment CaseRow on AnomalyCase {
    id
    number
    kind
    symbol
    component
    accountIds
    severity
    score
    findingCount
    status
    assignee
    disposition
    note
    openedAt
    foundAt
    closedAt
    version
  }
`);

export const CasesStream = graphql(`
  subscription CasesLive($after: Cursor) {
    anomalyCases(after: $after) {
      cursor
      case {
        ...CaseRow
      }
    }
  }
`);

export const CaseQuery = graphql(`
  query Case($id: ID!) {
    anomalyCase(id: $id) {
      ...CaseRow
      findings(first: 50) {
        id
        severity
        score
        threshold
        observed
        expected
        explanation
        evidence
        detectedAt
      }
      timeline(last: 200) {
        cursor
        kind
        at
        by
        note
        anomalyId
        case {
          assignee
          disposition
        }
      }
      evidence {
        isComplete
        orders(first: 100) {
          id
          symbol
          side
          type
          status
          quantity
          limitPrice
          createdAt
        }
        executions(first: 100) {
          id
          symbol
          side
          quantity
          price
          at
        }
        transactions(first: 100) {
          id
          kind
          amount
          currency
          createdAt
        }
        chart {
          kind
          points {
            at
            value
            size
          }
        }
      }
    }
  }
`);

export const AssignCaseMutation = graphql(`
  mutation AssignCase($input: AssignAnomalyCaseInput!) {
    assignAnomalyCase(input: $input) {
      ...CaseRow
    }
  }
`);

export const CommentCaseMutation = graphql(`
  mutation CommentCase($input: CommentAnomalyCaseInput!) {
    commentAnomalyCase(input: $input) {
      ...CaseRow
    }
  }
`);

export const DecideCaseMutation = graphql(`
  mutation DecideCase($input: DecideAnomalyCaseInput!) {
    decideAnomalyCase(input: $input) {
      ...CaseRow
    }
  }
`);

export const CloseCaseMutation = graphql(`
  mutation CloseCase($input: CloseAnomalyCaseInput!) {
    closeAnomalyCase(input: $input) {
      ...CaseRow
    }
  }
`);

export const ReopenCaseMutation = graphql(`
  mutation ReopenCase($input: ReopenAnomalyCaseInput!) {
    reopenAnomalyCase(input: $input) {
      ...CaseRow
    }
  }
`);

export const DismissalsQuery = graphql(`
  query Dismissals {
    anomalyDismissals {
      id
      kind
      accountId
      symbol
      component
      maxScore
      by
      note
      at
      suppressed
      lastSuppressedAt
    }
  }
`);

export const RemoveDismissalMutation = graphql(`
  mutation RemoveDismissal($id: ID!) {
    removeAnomalyDismissal(id: $id) {
      id
    }
  }
`);

export const ReplayQuery = graphql(`
  query Replay($input: ReplayDetectorInput!) {
    replayDetector(input: $input) {
      threshold
      events
      isComplete
      reachedAt
      count
      countNow
      findings {
        isFoundNow
        detectedAt
        severity
        accountId
        symbol
        score
        explanation
      }
    }
  }
`);

export const DetectorsQuery = graphql(`
  query Detectors {
    anomalyDetectors {
      kind
      description
      enabled
      sensitivity
      warmup
      action
      findings24h
      lastRunAt
    }
  }
`);

export const UpdateDetectorMutation = graphql(`
  mutation UpdateDetector($input: UpdateAnomalyDetectorInput!) {
    updateAnomalyDetector(input: $input) {
      kind
    }
  }
`);

export const RunDetectionMutation = graphql(`
  mutation RunDetection {
    runAnomalyDetection {
      id
    }
  }
`);
