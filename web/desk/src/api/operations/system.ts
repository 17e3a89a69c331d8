/** What the platform does by itself, and how its books stand. */
import { graphql } from '@/gql';

export const TasksQuery = graphql(`
  query Tasks {
    scheduledTasks {
      name
      description
      trigger
      cron
      intervalSeconds
      timezone
      enabled
      nextRunAt
      maxRetries
      timeoutSeconds
      catchUp
      version
      lastRun {
        ...TaskRunRow
      }
    }
  }

  fragment TaskRunRow on TaskRun {
    id
    task
    state
    cause
    attempt
    dueAt
    startedAt
    finishedAt
    durationMs
    error
    requestedBy
  }
`);

export const TaskRunsQuery = graphql(`
  query TaskRuns($task: String, $first: Int, $after: String) {
    taskRuns(task: $task, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...TaskRunRow
        }
      }
    }
  }
`);

export const TaskRunsStream = graphql(`
  subscription TaskRunsLive {
    taskRuns {
      ...TaskRunRow
    }
  }
`);

export const RunTaskMutation = graphql(`
  mutation RunTask($name: String!) {
    runScheduledTask(name: $name) {
      ...TaskRunRow
    }
  }
`);

export const UpdateTaskMutation = graphql(`
  mutation UpdateTask($input: UpdateScheduledTaskInput!) {
    updateScheduledTask(input: $input) {
      name
    }
  }
`);

export const TrialBalanceQuery = graphql(`
  query TrialBalance {
    trialBalance {
      currency
      accounts
      difference
      house {
        account
        balance
      }
    }
  }
`);

export const HealthQuery = graphql(`
  query Health {
    systemHealth {
      ...HealthParts
    }
  }

  fragment HealthParts on SystemHealth {
    state
    version
    startedAt
    checkedAt
    components {
      name
      state
      latencyMs
      detail
    }
  }
`);

export const HealthStream = graphql(`
  subscription HealthLive {
    systemHealth {
      ...HealthParts
    }
  }
`);

export const MetricsStream = graphql(`
  subscription MetricsLive($intervalMs: Int!) {
    systemMetrics(intervalMs: $intervalMs) {
      at
      cpuPercent
      memoryPercent
      diskPercent
      loadAverage
      requestsPerSecond
      errorRate
      latencyP50Ms
      latencyP99Ms
      ordersPerSecond
      executionsPerSecond
      openOrders
      subscriptions
      eventLagMs
      queueDepth
    }
  }
`);

export const StreamCursorsQuery = graphql(`
  query StreamCursors {
    streamCursors {
      riskEvents
      anomalyCases
    }
  }
`);
