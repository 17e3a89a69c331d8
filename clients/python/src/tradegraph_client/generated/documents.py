__all__ = [
    "ACKNOWLEDGE_RISK_EVENT_GQL",
    "ASSIGN_ANOMALY_CASE_GQL",
    "BEGIN_TWO_FACTOR_GQL",
    "BUST_EXECUTION_GQL",
    "CANCEL_ALL_AFTER_GQL",
    "CANCEL_ORDERS_GQL",
    "CANCEL_ORDER_GQL",
    "CHECK_ORDER_GQL",
    "CLOSE_ALL_POSITIONS_GQL",
    "CLOSE_ANOMALY_CASE_GQL",
    "CLOSE_POSITION_GQL",
    "COMMENT_ANOMALY_CASE_GQL",
    "CONFIRM_TWO_FACTOR_GQL",
    "CORRECT_EXECUTION_GQL",
    "CREATE_API_KEY_GQL",
    "CREATE_CALENDAR_GQL",
    "CREATE_INSTRUMENT_GQL",
    "CREATE_RISK_RULE_GQL",
    "CREATE_USER_GQL",
    "DECIDE_ANOMALY_CASE_GQL",
    "DELETE_NOTIFICATION_CHANNEL_GQL",
    "DELETE_RISK_RULE_GQL",
    "DEPOSIT_GQL",
    "DISABLE_TWO_FACTOR_GQL",
    "FREEZE_POSITION_GQL",
    "GET_ACCOUNTS_CONNECTION_GQL",
    "GET_ACCOUNT_GQL",
    "GET_ANOMALIES_GQL",
    "GET_ANOMALY_CASES_GQL",
    "GET_ANOMALY_CASE_GQL",
    "GET_ANOMALY_CASE_TIMELINE_GQL",
    "GET_ANOMALY_DETECTORS_CONNECTION_GQL",
    "GET_ANOMALY_DETECTORS_GQL",
    "GET_ANOMALY_DISMISSALS_CONNECTION_GQL",
    "GET_ANOMALY_GQL",
    "GET_API_KEYS_CONNECTION_GQL",
    "GET_API_KEYS_GQL",
    "GET_AUDIT_LOG_GQL",
    "GET_BARS_CONNECTION_GQL",
    "GET_BARS_GQL",
    "GET_BOOK_PROOF_GQL",
    "GET_CALENDARS_CONNECTION_GQL",
    "GET_CALENDARS_GQL",
    "GET_CLOSED_TRADES_CONNECTION_GQL",
    "GET_CORPORATE_ACTIONS_CONNECTION_GQL",
    "GET_DAILY_STATEMENTS_CONNECTION_GQL",
    "GET_EQUITY_CURVE_GQL",
    "GET_EVENT_CURSOR_GQL",
    "GET_EXECUTIONS_GQL",
    "GET_EXECUTION_GQL",
    "GET_INSTRUMENTS_GQL",
    "GET_INSTRUMENT_GQL",
    "GET_INTEREST_RATES_CONNECTION_GQL",
    "GET_INTEREST_RATES_GQL",
    "GET_NOTIFICATION_CHANNELS_CONNECTION_GQL",
    "GET_NOTIFICATION_CHANNELS_GQL",
    "GET_ORDERS_GQL",
    "GET_ORDER_GQL",
    "GET_ORDER_HISTORY_GQL",
    "GET_ORDER_STATISTICS_GQL",
    "GET_PERFORMANCE_GQL",
    "GET_POSITIONS_CONNECTION_GQL",
    "GET_POSITIONS_GQL",
    "GET_POSITION_GQL",
    "GET_POSITION_HISTORY_CONNECTION_GQL",
    "GET_POSITION_SUMMARY_GQL",
    "GET_PROGRAM_TRADING_REPORT_GQL",
    "GET_QUOTES_GQL",
    "GET_RISK_EVENTS_GQL",
    "GET_RISK_EVENT_GQL",
    "GET_RISK_METRICS_GQL",
    "GET_RISK_RULES_CONNECTION_GQL",
    "GET_RISK_RULE_GQL",
    "GET_SCHEDULED_TASKS_CONNECTION_GQL",
    "GET_SCHEDULED_TASKS_GQL",
    "GET_SESSIONS_CONNECTION_GQL",
    "GET_SESSIONS_GQL",
    "GET_STREAM_CURSORS_GQL",
    "GET_SYSTEM_HEALTH_GQL",
    "GET_SYSTEM_METRICS_GQL",
    "GET_TASK_RUNS_GQL",
    "GET_TRADING_HALTS_CONNECTION_GQL",
    "GET_TRANSACTIONS_GQL",
    "GET_TRANSACTION_GQL",
    "GET_TRIAL_BALANCE_CONNECTION_GQL",
    "GET_TRIAL_BALANCE_GQL",
    "GET_USERS_GQL",
    "GET_VIEWER_GQL",
    "GRANT_ACCOUNT_GQL",
    "HALT_TRADING_GQL",
    "LOGIN_GQL",
    "LOGOUT_GQL",
    "MODIFY_ORDER_GQL",
    "OPEN_ACCOUNT_GQL",
    "PLACE_BRACKET_GQL",
    "PLACE_OCO_GQL",
    "PLACE_ORDERS_GQL",
    "PLACE_ORDER_GQL",
    "PUBLISH_QUOTES_GQL",
    "RECORD_CORPORATE_ACTION_GQL",
    "REFRESH_SESSION_GQL",
    "REMOVE_ANOMALY_DISMISSAL_GQL",
    "REOPEN_ANOMALY_CASE_GQL",
    "REPLAY_DETECTOR_GQL",
    "RESOLVE_RISK_EVENT_GQL",
    "RESUME_TRADING_GQL",
    "REVOKE_ACCOUNT_GQL",
    "REVOKE_API_KEY_GQL",
    "REVOKE_OTHER_SESSIONS_GQL",
    "REVOKE_SESSION_GQL",
    "RUN_ANOMALY_DETECTION_GQL",
    "RUN_SCHEDULED_TASK_GQL",
    "SAVE_NOTIFICATION_CHANNEL_GQL",
    "SAVE_PREFERENCES_GQL",
    "SET_ACCOUNT_STATE_GQL",
    "SET_INTEREST_RATE_GQL",
    "TEST_NOTIFICATION_CHANNEL_GQL",
    "TRY_RISK_RULE_GQL",
    "UNFREEZE_POSITION_GQL",
    "UPDATE_ANOMALY_DETECTOR_GQL",
    "UPDATE_INSTRUMENT_GQL",
    "UPDATE_RISK_RULE_GQL",
    "UPDATE_SCHEDULED_TASK_GQL",
    "UPDATE_USER_GQL",
    "WATCH_ACCOUNT_EVENTS_GQL",
    "WATCH_ACCOUNT_GQL",
    "WATCH_ANOMALIES_GQL",
    "WATCH_ANOMALY_CASES_GQL",
    "WATCH_BARS_GQL",
    "WATCH_EXECUTIONS_GQL",
    "WATCH_ORDER_EVENTS_GQL",
    "WATCH_PNL_GQL",
    "WATCH_POSITIONS_GQL",
    "WATCH_QUOTES_GQL",
    "WATCH_RISK_EVENTS_GQL",
    "WATCH_SYSTEM_HEALTH_GQL",
    "WATCH_SYSTEM_METRICS_GQL",
    "WATCH_TASK_RUNS_GQL",
    "WITHDRAW_GQL",
]

GET_API_KEYS_GQL = """
query getApiKeys {
  apiKeys {
    ...ApiKey
  }
}

fragment ApiKey on ApiKey {
  accountIds
  addresses
  createdAt
  expiresAt
  id
  lastUsedAt
  name
  prefix
  revokedAt
  role
  scopes
}
"""

GET_AUDIT_LOG_GQL = """
query getAuditLog($action: String, $actor: String, $after: String, $before: String, $first: Int, $from: DateTime, $last: Int, $outcome: AuditOutcome, $target: String, $to: DateTime) {
  auditLog(
    action: $action
    actor: $actor
    after: $after
    before: $before
    first: $first
    from: $from
    last: $last
    outcome: $outcome
    target: $target
    to: $to
  ) {
    edges {
      cursor
      node {
        ...AuditEntry
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment AuditEntry on AuditEntry {
  action
  address
  apiKeyId
  at
  by
  detail
  id
  requestId
  result
  target
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_NOTIFICATION_CHANNELS_GQL = """
query getNotificationChannels {
  notificationChannels {
    ...NotificationChannel
  }
}

fragment NotificationChannel on NotificationChannel {
  accountIds
  enabled
  escalateAfterMinutes
  id
  language
  lastError
  lastSentAt
  minSeverity
  name
  quietFrom
  quietTo
  shared
  timezone
  topics
  url
}
"""

GET_SESSIONS_GQL = """
query getSessions($userId: ID) {
  sessions(userId: $userId) {
    ...OpenSession
  }
}

fragment OpenSession on OpenSession {
  address
  createdAt
  current
  device
  expiresAt
  id
  usedAt
}
"""

GET_USERS_GQL = """
query getUsers($after: String, $before: String, $first: Int, $last: Int) {
  users(after: $after, before: $before, first: $first, last: $last) {
    edges {
      cursor
      node {
        ...User
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

GET_VIEWER_GQL = """
query getViewer {
  viewer {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

BEGIN_TWO_FACTOR_GQL = """
mutation beginTwoFactor {
  beginTwoFactor {
    ...TwoFactorSetup
  }
}

fragment TwoFactorSetup on TwoFactorSetup {
  secret
  uri
}
"""

CONFIRM_TWO_FACTOR_GQL = """
mutation confirmTwoFactor($code: String!) {
  confirmTwoFactor(code: $code)
}
"""

CREATE_API_KEY_GQL = """
mutation createApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    ...CreatedApiKey
  }
}

fragment ApiKey on ApiKey {
  accountIds
  addresses
  createdAt
  expiresAt
  id
  lastUsedAt
  name
  prefix
  revokedAt
  role
  scopes
}

fragment CreatedApiKey on CreatedApiKey {
  apiKey {
    ...ApiKey
  }
  secret
}
"""

CREATE_USER_GQL = """
mutation createUser($input: CreateUserInput!) {
  createUser(input: $input) {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

DELETE_NOTIFICATION_CHANNEL_GQL = """
mutation deleteNotificationChannel($id: ID!) {
  deleteNotificationChannel(id: $id)
}
"""

DISABLE_TWO_FACTOR_GQL = """
mutation disableTwoFactor($code: String, $userId: ID) {
  disableTwoFactor(code: $code, userId: $userId)
}
"""

GRANT_ACCOUNT_GQL = """
mutation grantAccount($input: GrantAccountInput!) {
  grantAccount(input: $input) {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

LOGIN_GQL = """
mutation login($input: LoginInput!) {
  login(input: $input) {
    ...Session
  }
}

fragment Session on Session {
  accessToken
  expiresAt
  refreshToken
  user {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

LOGOUT_GQL = """
mutation logout {
  logout
}
"""

REFRESH_SESSION_GQL = """
mutation refreshSession($refreshToken: String!) {
  refreshSession(refreshToken: $refreshToken) {
    ...Session
  }
}

fragment Session on Session {
  accessToken
  expiresAt
  refreshToken
  user {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

REVOKE_ACCOUNT_GQL = """
mutation revokeAccount($accountId: ID!, $permission: AccountPermission, $userId: ID!) {
  revokeAccount(accountId: $accountId, permission: $permission, userId: $userId) {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

REVOKE_API_KEY_GQL = """
mutation revokeApiKey($id: ID!) {
  revokeApiKey(id: $id) {
    ...ApiKey
  }
}

fragment ApiKey on ApiKey {
  accountIds
  addresses
  createdAt
  expiresAt
  id
  lastUsedAt
  name
  prefix
  revokedAt
  role
  scopes
}
"""

REVOKE_OTHER_SESSIONS_GQL = """
mutation revokeOtherSessions {
  revokeOtherSessions
}
"""

REVOKE_SESSION_GQL = """
mutation revokeSession($id: ID!) {
  revokeSession(id: $id) {
    ...OpenSession
  }
}

fragment OpenSession on OpenSession {
  address
  createdAt
  current
  device
  expiresAt
  id
  usedAt
}
"""

SAVE_NOTIFICATION_CHANNEL_GQL = """
mutation saveNotificationChannel($input: SaveNotificationChannelInput!) {
  saveNotificationChannel(input: $input) {
    ...NotificationChannel
  }
}

fragment NotificationChannel on NotificationChannel {
  accountIds
  enabled
  escalateAfterMinutes
  id
  language
  lastError
  lastSentAt
  minSeverity
  name
  quietFrom
  quietTo
  shared
  timezone
  topics
  url
}
"""

SAVE_PREFERENCES_GQL = """
mutation savePreferences($preferences: JSON!) {
  savePreferences(preferences: $preferences)
}
"""

TEST_NOTIFICATION_CHANNEL_GQL = """
mutation testNotificationChannel($id: ID!) {
  testNotificationChannel(id: $id)
}
"""

UPDATE_USER_GQL = """
mutation updateUser($input: UpdateUserInput!) {
  updateUser(input: $input) {
    ...User
  }
}

fragment User on User {
  active
  createdAt
  email
  id
  name
  preferences
  role
  twoFactor
}
"""

GET_API_KEYS_CONNECTION_GQL = """
query getApiKeysConnection($active: Boolean, $after: String, $before: String, $first: Int, $last: Int) {
  apiKeysConnection(
    active: $active
    after: $after
    before: $before
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...ApiKey
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment ApiKey on ApiKey {
  accountIds
  addresses
  createdAt
  expiresAt
  id
  lastUsedAt
  name
  prefix
  revokedAt
  role
  scopes
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_SESSIONS_CONNECTION_GQL = """
query getSessionsConnection($after: String, $before: String, $first: Int, $last: Int, $userId: ID) {
  sessionsConnection(
    after: $after
    before: $before
    first: $first
    last: $last
    userId: $userId
  ) {
    edges {
      cursor
      node {
        ...OpenSession
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment OpenSession on OpenSession {
  address
  createdAt
  current
  device
  expiresAt
  id
  usedAt
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_NOTIFICATION_CHANNELS_CONNECTION_GQL = """
query getNotificationChannelsConnection($after: String, $before: String, $enabled: Boolean, $first: Int, $last: Int, $topic: NotificationTopic) {
  notificationChannelsConnection(
    after: $after
    before: $before
    enabled: $enabled
    first: $first
    last: $last
    topic: $topic
  ) {
    edges {
      cursor
      node {
        ...NotificationChannel
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment NotificationChannel on NotificationChannel {
  accountIds
  enabled
  escalateAfterMinutes
  id
  language
  lastError
  lastSentAt
  minSeverity
  name
  quietFrom
  quietTo
  shared
  timezone
  topics
  url
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ACCOUNT_GQL = """
query getAccount($id: ID!) {
  account(id: $id) {
    ...Account
  }
}

fragment Account on Account {
  available
  buyingPower
  cash
  createdAt
  currency
  dayPnl
  equity
  feesPaid
  id
  initialMargin
  kind
  maintenanceMargin
  marginRatio
  marketValue
  name
  owner {
    id
    email
    name
  }
  positionMode
  realizedPnl
  reserved
  state
  stateBy
  stateReason
  unrealizedPnl
  venue
}
"""

GET_TRANSACTION_GQL = """
query getTransaction($id: ID!) {
  transaction(id: $id) {
    ...AccountTransaction
  }
}

fragment AccountTransaction on AccountTransaction {
  account {
    id
    name
  }
  amount
  at
  balanceAfter
  by
  contra
  currency
  executionId
  hash
  id
  kind
  note
  orderId
  reference
  sequence
}
"""

DEPOSIT_GQL = """
mutation deposit($input: CashInput!) {
  deposit(input: $input) {
    ...AccountTransaction
  }
}

fragment AccountTransaction on AccountTransaction {
  account {
    id
    name
  }
  amount
  at
  balanceAfter
  by
  contra
  currency
  executionId
  hash
  id
  kind
  note
  orderId
  reference
  sequence
}
"""

OPEN_ACCOUNT_GQL = """
mutation openAccount($input: OpenAccountInput!) {
  openAccount(input: $input) {
    ...Account
  }
}

fragment Account on Account {
  available
  buyingPower
  cash
  createdAt
  currency
  dayPnl
  equity
  feesPaid
  id
  initialMargin
  kind
  maintenanceMargin
  marginRatio
  marketValue
  name
  owner {
    id
    email
    name
  }
  positionMode
  realizedPnl
  reserved
  state
  stateBy
  stateReason
  unrealizedPnl
  venue
}
"""

SET_ACCOUNT_STATE_GQL = """
mutation setAccountState($input: SetAccountStateInput!) {
  setAccountState(input: $input) {
    ...Account
  }
}

fragment Account on Account {
  available
  buyingPower
  cash
  createdAt
  currency
  dayPnl
  equity
  feesPaid
  id
  initialMargin
  kind
  maintenanceMargin
  marginRatio
  marketValue
  name
  owner {
    id
    email
    name
  }
  positionMode
  realizedPnl
  reserved
  state
  stateBy
  stateReason
  unrealizedPnl
  venue
}
"""

WITHDRAW_GQL = """
mutation withdraw($input: CashInput!) {
  withdraw(input: $input) {
    ...AccountTransaction
  }
}

fragment AccountTransaction on AccountTransaction {
  account {
    id
    name
  }
  amount
  at
  balanceAfter
  by
  contra
  currency
  executionId
  hash
  id
  kind
  note
  orderId
  reference
  sequence
}
"""

GET_EVENT_CURSOR_GQL = """
query getEventCursor($id: ID!) {
  account(id: $id) {
    eventCursor
  }
}
"""

GET_EQUITY_CURVE_GQL = """
query getEquityCurve($id: ID!, $from: DateTime, $interval: BarInterval = MINUTE, $to: DateTime) {
  account(id: $id) {
    equityCurve(from: $from, interval: $interval, to: $to) {
      ...EquityPoint
    }
  }
}

fragment EquityPoint on EquityPoint {
  at
  cash
  currency
  equity
  unrealizedPnl
}
"""

GET_PERFORMANCE_GQL = """
query getPerformance($id: ID!, $from: DateTime, $to: DateTime) {
  account(id: $id) {
    performance(from: $from, to: $to) {
      ...PerformanceReport
    }
  }
}

fragment PerformanceReport on PerformanceReport {
  annualizedReturn
  annualizedVolatility
  averageLoss
  averageWin
  calmar
  closedTrades
  currency
  feesPaid
  largestLoss
  largestWin
  maxDrawdown
  maxDrawdownAmount
  maxDrawdownSeconds
  profitFactor
  sharpe
  sortino
  totalReturn
  turnover
  winRate
}
"""

GET_TRANSACTIONS_GQL = """
query getTransactions($id: ID!, $after: String, $before: String, $filter: TransactionFilter, $first: Int, $last: Int) {
  account(id: $id) {
    transactions(
      after: $after
      before: $before
      filter: $filter
      first: $first
      last: $last
    ) {
      edges {
        cursor
        node {
          ...AccountTransaction
        }
      }
      pageInfo {
        ...PageInfo
      }
    }
  }
}

fragment AccountTransaction on AccountTransaction {
  account {
    id
    name
  }
  amount
  at
  balanceAfter
  by
  contra
  currency
  executionId
  hash
  id
  kind
  note
  orderId
  reference
  sequence
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ACCOUNTS_CONNECTION_GQL = """
query getAccountsConnection($after: String, $before: String, $filter: AccountFilter, $first: Int, $last: Int) {
  accountsConnection(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...Account
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment Account on Account {
  available
  buyingPower
  cash
  createdAt
  currency
  dayPnl
  equity
  feesPaid
  id
  initialMargin
  kind
  maintenanceMargin
  marginRatio
  marketValue
  name
  owner {
    id
    email
    name
  }
  positionMode
  realizedPnl
  reserved
  state
  stateBy
  stateReason
  unrealizedPnl
  venue
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ANOMALIES_GQL = """
query getAnomalies($after: String, $before: String, $filter: AnomalyFilter, $first: Int, $last: Int) {
  anomalies(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...Anomaly
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment Anomaly on Anomaly {
  accountId
  at
  caseId
  cursor
  evidence
  expected
  explanation
  id
  kind
  observed
  riskEventId
  score
  severity
  symbol
  threshold
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ANOMALY_GQL = """
query getAnomaly($id: ID!) {
  anomaly(id: $id) {
    ...Anomaly
  }
}

fragment Anomaly on Anomaly {
  accountId
  at
  caseId
  cursor
  evidence
  expected
  explanation
  id
  kind
  observed
  riskEventId
  score
  severity
  symbol
  threshold
}
"""

GET_ANOMALY_CASE_GQL = """
query getAnomalyCase($id: ID!) {
  anomalyCase(id: $id) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

GET_ANOMALY_CASES_GQL = """
query getAnomalyCases($after: String, $before: String, $filter: AnomalyCaseFilter, $first: Int, $last: Int) {
  anomalyCases(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...AnomalyCase
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ANOMALY_DETECTORS_GQL = """
query getAnomalyDetectors {
  anomalyDetectors {
    ...AnomalyDetector
  }
}

fragment AnomalyDetector on AnomalyDetector {
  action
  description
  enabled
  findings24h
  kind
  lastRunAt
  sensitivity
  warmup
}
"""

GET_PROGRAM_TRADING_REPORT_GQL = """
query getProgramTradingReport($input: ProgramTradingReportInput!) {
  programTradingReport(input: $input) {
    ...ProgramTradingReport
  }
}

fragment BusiestMinute on BusiestMinute {
  at
  move
  notional
  share
  side
  symbol
}

fragment ProgramTradingAccount on ProgramTradingAccount {
  accountId
  behaviours
  busiestMinute {
    ...BusiestMinute
  }
  cancelRatio
  cancels
  currency
  instantCancels
  orders
  peakAt
  peakMessages
  pushes
}

fragment ProgramTradingReport on ProgramTradingReport {
  accounts {
    ...ProgramTradingAccount
  }
  from
  isComplete
  to
}
"""

REPLAY_DETECTOR_GQL = """
query replayDetector($input: ReplayDetectorInput!) {
  replayDetector(input: $input) {
    ...DetectorReplay
  }
}

fragment DetectorReplay on DetectorReplay {
  count
  countNow
  events
  findings {
    ...ReplayedFinding
  }
  from
  isComplete
  kind
  reachedAt
  sensitivity
  threshold
  to
  warmup
}

fragment ReplayedFinding on ReplayedFinding {
  accountId
  detectedAt
  evidence
  expected
  explanation
  isFoundNow
  observed
  score
  severity
  symbol
}
"""

ASSIGN_ANOMALY_CASE_GQL = """
mutation assignAnomalyCase($input: AssignAnomalyCaseInput!) {
  assignAnomalyCase(input: $input) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

CLOSE_ANOMALY_CASE_GQL = """
mutation closeAnomalyCase($input: CloseAnomalyCaseInput!) {
  closeAnomalyCase(input: $input) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

COMMENT_ANOMALY_CASE_GQL = """
mutation commentAnomalyCase($input: CommentAnomalyCaseInput!) {
  commentAnomalyCase(input: $input) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

DECIDE_ANOMALY_CASE_GQL = """
mutation decideAnomalyCase($input: DecideAnomalyCaseInput!) {
  decideAnomalyCase(input: $input) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

REMOVE_ANOMALY_DISMISSAL_GQL = """
mutation removeAnomalyDismissal($id: ID!) {
  removeAnomalyDismissal(id: $id) {
    ...AnomalyDismissal
  }
}

fragment AnomalyDismissal on AnomalyDismissal {
  accountId
  at
  by
  caseId
  component
  id
  kind
  lastSuppressedAt
  maxScore
  note
  suppressed
  symbol
}
"""

REOPEN_ANOMALY_CASE_GQL = """
mutation reopenAnomalyCase($input: ReopenAnomalyCaseInput!) {
  reopenAnomalyCase(input: $input) {
    ...AnomalyCase
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}
"""

RUN_ANOMALY_DETECTION_GQL = """
mutation runAnomalyDetection($kinds: [AnomalyKind!]) {
  runAnomalyDetection(kinds: $kinds) {
    ...Anomaly
  }
}

fragment Anomaly on Anomaly {
  accountId
  at
  caseId
  cursor
  evidence
  expected
  explanation
  id
  kind
  observed
  riskEventId
  score
  severity
  symbol
  threshold
}
"""

UPDATE_ANOMALY_DETECTOR_GQL = """
mutation updateAnomalyDetector($input: UpdateAnomalyDetectorInput!) {
  updateAnomalyDetector(input: $input) {
    ...AnomalyDetector
  }
}

fragment AnomalyDetector on AnomalyDetector {
  action
  description
  enabled
  findings24h
  kind
  lastRunAt
  sensitivity
  warmup
}
"""

GET_ANOMALY_DISMISSALS_CONNECTION_GQL = """
query getAnomalyDismissalsConnection($accountId: ID, $after: String, $before: String, $first: Int, $last: Int) {
  anomalyDismissalsConnection(
    accountId: $accountId
    after: $after
    before: $before
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...AnomalyDismissal
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment AnomalyDismissal on AnomalyDismissal {
  accountId
  at
  by
  caseId
  component
  id
  kind
  lastSuppressedAt
  maxScore
  note
  suppressed
  symbol
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ANOMALY_DETECTORS_CONNECTION_GQL = """
query getAnomalyDetectorsConnection($after: String, $before: String, $enabled: Boolean, $first: Int, $last: Int) {
  anomalyDetectorsConnection(
    after: $after
    before: $before
    enabled: $enabled
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...AnomalyDetector
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment AnomalyDetector on AnomalyDetector {
  action
  description
  enabled
  findings24h
  kind
  lastRunAt
  sensitivity
  warmup
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ANOMALY_CASE_TIMELINE_GQL = """
query getAnomalyCaseTimeline($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  anomalyCase(id: $id) {
    timelineConnection(after: $after, before: $before, first: $first, last: $last) {
      edges {
        cursor
        node {
          ...AnomalyCaseEvent
        }
      }
      pageInfo {
        ...PageInfo
      }
    }
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}

fragment AnomalyCaseEvent on AnomalyCaseEvent {
  anomalyId
  at
  by
  case {
    ...AnomalyCase
  }
  cursor
  kind
  note
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_BOOK_PROOF_GQL = """
query getBookProof($accountId: ID!) {
  bookProof(accountId: $accountId) {
    ...BookProof
  }
}

fragment BookBreak on BookBreak {
  booked
  derived
  orderId
  positionId
  transactionId
  what
}

fragment BookProof on BookProof {
  accountId
  bookedCash
  breaks {
    ...BookBreak
  }
  chainIntact
  checkedAt
  currency
  derivedCash
  executions
  intact
  transactions
}
"""

GET_TRIAL_BALANCE_GQL = """
query getTrialBalance {
  trialBalance {
    ...TrialBalance
  }
}

fragment HouseBalance on HouseBalance {
  account
  balance
}

fragment TrialBalance on TrialBalance {
  accounts
  currency
  difference
  house {
    ...HouseBalance
  }
}
"""

GET_DAILY_STATEMENTS_CONNECTION_GQL = """
query getDailyStatementsConnection($accountId: ID!, $after: String, $before: String, $first: Int, $from: Date, $last: Int, $to: Date) {
  dailyStatementsConnection(
    accountId: $accountId
    after: $after
    before: $before
    first: $first
    from: $from
    last: $last
    to: $to
  ) {
    edges {
      cursor
      node {
        ...DailyStatement
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment DailyStatement on DailyStatement {
  accountId
  closingEquity
  currency
  day
  deposits
  dividends
  executions
  fees
  financing
  openingEquity
  positions {
    ...PositionSnapshot
  }
  realizedPnl
  taxes
  unrealizedPnlChange
  withdrawals
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment PositionSnapshot on PositionSnapshot {
  at
  averagePrice
  currency
  markPrice
  quantity
  realizedPnl
  symbol
  unrealizedPnl
}
"""

GET_TRIAL_BALANCE_CONNECTION_GQL = """
query getTrialBalanceConnection($after: String, $before: String, $first: Int, $last: Int) {
  trialBalanceConnection(
    after: $after
    before: $before
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...TrialBalance
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment HouseBalance on HouseBalance {
  account
  balance
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment TrialBalance on TrialBalance {
  accounts
  currency
  difference
  house {
    ...HouseBalance
  }
}
"""

GET_BARS_GQL = """
query getBars($from: DateTime, $interval: BarInterval!, $limit: Int = 500, $symbol: String!, $to: DateTime) {
  bars(from: $from, interval: $interval, limit: $limit, symbol: $symbol, to: $to) {
    ...Bar
  }
}

fragment Bar on Bar {
  at
  close
  high
  interval
  low
  open
  symbol
  volume
}
"""

GET_CALENDARS_GQL = """
query getCalendars {
  calendars {
    ...TradingCalendar
  }
}

fragment CalendarSession on CalendarSession {
  closes
  day
  opens
}

fragment TradingCalendar on TradingCalendar {
  closed
  code
  daysOf
  lastDay
  name
  sessions {
    ...CalendarSession
  }
  source
  timeZone
}
"""

GET_INSTRUMENT_GQL = """
query getInstrument($symbol: String!) {
  instrument(symbol: $symbol) {
    ...Instrument
  }
}

fragment FeeSchedule on FeeSchedule {
  makerRate
  minimum
  perUnit
  sellTaxRate
  takerRate
}

fragment Instrument on Instrument {
  assetClass
  borrowRate
  calendar
  currency
  exchange
  fees {
    ...FeeSchedule
  }
  fundingHours
  fundingRate
  id
  initialMarginRate
  inverse
  lotSize
  maintenanceMarginRate
  maxQuantity
  minNotional
  minQuantity
  multiplier
  name
  priceLimitRate
  sessionOpen
  settlementCycle
  shortable
  symbol
  tickSize
  tradable
  venueSymbol
}
"""

GET_INSTRUMENTS_GQL = """
query getInstruments($after: String, $before: String, $filter: InstrumentFilter, $first: Int, $last: Int) {
  instruments(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...Instrument
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment FeeSchedule on FeeSchedule {
  makerRate
  minimum
  perUnit
  sellTaxRate
  takerRate
}

fragment Instrument on Instrument {
  assetClass
  borrowRate
  calendar
  currency
  exchange
  fees {
    ...FeeSchedule
  }
  fundingHours
  fundingRate
  id
  initialMarginRate
  inverse
  lotSize
  maintenanceMarginRate
  maxQuantity
  minNotional
  minQuantity
  multiplier
  name
  priceLimitRate
  sessionOpen
  settlementCycle
  shortable
  symbol
  tickSize
  tradable
  venueSymbol
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_INTEREST_RATES_GQL = """
query getInterestRates {
  interestRates {
    ...InterestRate
  }
}

fragment InterestRate on InterestRate {
  currency
  loanRate
  updatedAt
}
"""

GET_QUOTES_GQL = """
query getQuotes($symbols: [String!]!) {
  quotes(symbols: $symbols) {
    ...Quote
  }
}

fragment Quote on Quote {
  ask
  askSize
  at
  bid
  bidSize
  last
  lastSize
  previousClose
  stale
  symbol
  volume
}
"""

CREATE_CALENDAR_GQL = """
mutation createCalendar($input: CreateCalendarInput!) {
  createCalendar(input: $input) {
    ...TradingCalendar
  }
}

fragment CalendarSession on CalendarSession {
  closes
  day
  opens
}

fragment TradingCalendar on TradingCalendar {
  closed
  code
  daysOf
  lastDay
  name
  sessions {
    ...CalendarSession
  }
  source
  timeZone
}
"""

CREATE_INSTRUMENT_GQL = """
mutation createInstrument($input: CreateInstrumentInput!) {
  createInstrument(input: $input) {
    ...Instrument
  }
}

fragment FeeSchedule on FeeSchedule {
  makerRate
  minimum
  perUnit
  sellTaxRate
  takerRate
}

fragment Instrument on Instrument {
  assetClass
  borrowRate
  calendar
  currency
  exchange
  fees {
    ...FeeSchedule
  }
  fundingHours
  fundingRate
  id
  initialMarginRate
  inverse
  lotSize
  maintenanceMarginRate
  maxQuantity
  minNotional
  minQuantity
  multiplier
  name
  priceLimitRate
  sessionOpen
  settlementCycle
  shortable
  symbol
  tickSize
  tradable
  venueSymbol
}
"""

PUBLISH_QUOTES_GQL = """
mutation publishQuotes($input: PublishQuotesInput!) {
  publishQuotes(input: $input)
}
"""

RECORD_CORPORATE_ACTION_GQL = """
mutation recordCorporateAction($input: CorporateActionInput!) {
  recordCorporateAction(input: $input) {
    ...CorporateAction
  }
}

fragment CorporateAction on CorporateAction {
  accountsAffected
  amountPerUnit
  appliedAt
  currency
  exDate
  id
  kind
  newSymbol
  ratio
  symbol
}
"""

SET_INTEREST_RATE_GQL = """
mutation setInterestRate($input: SetInterestRateInput!) {
  setInterestRate(input: $input) {
    ...InterestRate
  }
}

fragment InterestRate on InterestRate {
  currency
  loanRate
  updatedAt
}
"""

UPDATE_INSTRUMENT_GQL = """
mutation updateInstrument($input: UpdateInstrumentInput!) {
  updateInstrument(input: $input) {
    ...Instrument
  }
}

fragment FeeSchedule on FeeSchedule {
  makerRate
  minimum
  perUnit
  sellTaxRate
  takerRate
}

fragment Instrument on Instrument {
  assetClass
  borrowRate
  calendar
  currency
  exchange
  fees {
    ...FeeSchedule
  }
  fundingHours
  fundingRate
  id
  initialMarginRate
  inverse
  lotSize
  maintenanceMarginRate
  maxQuantity
  minNotional
  minQuantity
  multiplier
  name
  priceLimitRate
  sessionOpen
  settlementCycle
  shortable
  symbol
  tickSize
  tradable
  venueSymbol
}
"""

GET_CORPORATE_ACTIONS_CONNECTION_GQL = """
query getCorporateActionsConnection($after: String, $before: String, $first: Int, $from: Date, $last: Int, $symbol: String, $to: Date) {
  corporateActionsConnection(
    after: $after
    before: $before
    first: $first
    from: $from
    last: $last
    symbol: $symbol
    to: $to
  ) {
    edges {
      cursor
      node {
        ...CorporateAction
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment CorporateAction on CorporateAction {
  accountsAffected
  amountPerUnit
  appliedAt
  currency
  exDate
  id
  kind
  newSymbol
  ratio
  symbol
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_CALENDARS_CONNECTION_GQL = """
query getCalendarsConnection($after: String, $before: String, $first: Int, $last: Int, $search: String) {
  calendarsConnection(
    after: $after
    before: $before
    first: $first
    last: $last
    search: $search
  ) {
    edges {
      cursor
      node {
        ...TradingCalendar
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment CalendarSession on CalendarSession {
  closes
  day
  opens
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment TradingCalendar on TradingCalendar {
  closed
  code
  daysOf
  lastDay
  name
  sessions {
    ...CalendarSession
  }
  source
  timeZone
}
"""

GET_BARS_CONNECTION_GQL = """
query getBarsConnection($after: String, $before: String, $first: Int, $from: DateTime, $interval: BarInterval!, $last: Int, $symbol: String!, $to: DateTime) {
  barsConnection(
    after: $after
    before: $before
    first: $first
    from: $from
    interval: $interval
    last: $last
    symbol: $symbol
    to: $to
  ) {
    edges {
      cursor
      node {
        ...Bar
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment Bar on Bar {
  at
  close
  high
  interval
  low
  open
  symbol
  volume
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_INTEREST_RATES_CONNECTION_GQL = """
query getInterestRatesConnection($after: String, $before: String, $currency: String, $first: Int, $last: Int) {
  interestRatesConnection(
    after: $after
    before: $before
    currency: $currency
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...InterestRate
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment InterestRate on InterestRate {
  currency
  loanRate
  updatedAt
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

CHECK_ORDER_GQL = """
query checkOrder($input: PlaceOrderInput!) {
  checkOrder(input: $input) {
    ...OrderCheck
  }
}

fragment OrderCheck on OrderCheck {
  accepted
  availableAfter
  currency
  estimatedFee
  rejectMessage
  rejectReason
  reservation
  violations {
    ...RiskViolation
  }
}

fragment RiskViolation on RiskViolation {
  action
  kind
  limit
  message
  observed
  ruleId
}
"""

GET_EXECUTION_GQL = """
query getExecution($id: ID!) {
  execution(id: $id) {
    ...Execution
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}
"""

GET_EXECUTIONS_GQL = """
query getExecutions($after: String, $before: String, $filter: ExecutionFilter, $first: Int, $last: Int) {
  executions(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...Execution
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_ORDER_GQL = """
query getOrder($accountId: ID, $clientOrderId: String, $id: ID) {
  order(accountId: $accountId, clientOrderId: $clientOrderId, id: $id) {
    ...Order
    executions {
      ...Execution
    }
    history {
      at
      by
      detail
      kind
      status
    }
    violations {
      ...RiskViolation
    }
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment RiskViolation on RiskViolation {
  action
  kind
  limit
  message
  observed
  ruleId
}
"""

GET_ORDER_STATISTICS_GQL = """
query getOrderStatistics($filter: OrderFilter) {
  orderStatistics(filter: $filter) {
    ...OrderStatistics
  }
}

fragment CurrencyStatistics on CurrencyStatistics {
  currency
  executions
  fees
  notional
  orders
  realizedPnl
}

fragment OrderStatistics on OrderStatistics {
  averageSecondsToFirstFill
  averageSlippageBps
  byCurrency {
    ...CurrencyStatistics
  }
  bySymbol {
    ...SymbolStatistics
  }
  cancelRate
  canceled
  expired
  fillRate
  filled
  open
  rejectRate
  rejected
  total
}

fragment SymbolStatistics on SymbolStatistics {
  currency
  executions
  notional
  orders
  quantity
  realizedPnl
  symbol
}
"""

GET_ORDERS_GQL = """
query getOrders($after: String, $before: String, $filter: OrderFilter, $first: Int, $last: Int, $orderBy: OrderSort) {
  orders(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
    orderBy: $orderBy
  ) {
    edges {
      cursor
      node {
        ...Order
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

BUST_EXECUTION_GQL = """
mutation bustExecution($input: BustExecutionInput!) {
  bustExecution(input: $input) {
    ...Execution
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}
"""

CANCEL_ALL_AFTER_GQL = """
mutation cancelAllAfter($input: CancelAllAfterInput!) {
  cancelAllAfter(input: $input) {
    ...CancelAllAfterPayload
  }
}

fragment CancelAllAfterPayload on CancelAllAfterPayload {
  accountId
  triggersAt
  unconfirmedCancels
}
"""

CANCEL_ORDER_GQL = """
mutation cancelOrder($input: CancelOrderInput!) {
  cancelOrder(input: $input) {
    ...OrderPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}
"""

CANCEL_ORDERS_GQL = """
mutation cancelOrders($input: CancelOrdersInput!) {
  cancelOrders(input: $input) {
    ...CancelOrdersPayload
  }
}

fragment CancelOrdersPayload on CancelOrdersPayload {
  orders {
    ...Order
  }
  unconfirmedCancels
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}
"""

CLOSE_ALL_POSITIONS_GQL = """
mutation closeAllPositions($accountId: ID!, $cancelWorking: Boolean = false) {
  closeAllPositions(accountId: $accountId, cancelWorking: $cancelWorking) {
    ...OrdersPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}

fragment OrdersPayload on OrdersPayload {
  accepted
  rejected
  results {
    ...OrderPayload
  }
}
"""

CLOSE_POSITION_GQL = """
mutation closePosition($input: ClosePositionInput!) {
  closePosition(input: $input) {
    ...OrderPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}
"""

CORRECT_EXECUTION_GQL = """
mutation correctExecution($input: CorrectExecutionInput!) {
  correctExecution(input: $input) {
    ...Execution
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}
"""

MODIFY_ORDER_GQL = """
mutation modifyOrder($input: ModifyOrderInput!) {
  modifyOrder(input: $input) {
    ...OrderPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}
"""

PLACE_BRACKET_GQL = """
mutation placeBracket($input: PlaceBracketInput!) {
  placeBracket(input: $input) {
    ...OrderGroupPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderGroupPayload on OrderGroupPayload {
  groupId
  orders {
    ...Order
  }
}
"""

PLACE_OCO_GQL = """
mutation placeOco($input: PlaceOcoInput!) {
  placeOco(input: $input) {
    ...OrderGroupPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderGroupPayload on OrderGroupPayload {
  groupId
  orders {
    ...Order
  }
}
"""

PLACE_ORDER_GQL = """
mutation placeOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    ...OrderPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}
"""

PLACE_ORDERS_GQL = """
mutation placeOrders($input: PlaceOrdersInput!) {
  placeOrders(input: $input) {
    ...OrdersPayload
  }
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderPayload on OrderPayload {
  order {
    ...Order
  }
  replayed
}

fragment OrdersPayload on OrdersPayload {
  accepted
  rejected
  results {
    ...OrderPayload
  }
}
"""

GET_ORDER_HISTORY_GQL = """
query getOrderHistory($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  order(id: $id) {
    historyConnection(after: $after, before: $before, first: $first, last: $last) {
      edges {
        cursor
        node {
          at
          by
          cursor
          detail
          execution {
            ...Execution
          }
          kind
          order {
            ...Order
          }
          status
        }
      }
      pageInfo {
        ...PageInfo
      }
    }
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_POSITION_GQL = """
query getPosition($accountId: ID!, $side: PositionSide, $symbol: String!) {
  position(accountId: $accountId, side: $side, symbol: $symbol) {
    ...Position
  }
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

GET_POSITION_SUMMARY_GQL = """
query getPositionSummary($accountId: ID!) {
  positionSummary(accountId: $accountId) {
    ...PositionSummary
  }
}

fragment ExposureBucket on ExposureBucket {
  key
  longValue
  netExposure
  shortValue
  weight
}

fragment PositionSummary on PositionSummary {
  accountId
  byAssetClass {
    ...ExposureBucket
  }
  byCurrency {
    ...ExposureBucket
  }
  bySymbol {
    ...ExposureBucket
  }
  count
  currency
  grossExposure
  largestWeight
  leverage
  longValue
  netExposure
  realizedPnl
  shortValue
  unrealizedPnl
}
"""

GET_POSITIONS_GQL = """
query getPositions($accountId: ID!, $includeClosed: Boolean = false) {
  positions(accountId: $accountId, includeClosed: $includeClosed) {
    ...Position
  }
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

FREEZE_POSITION_GQL = """
mutation freezePosition($input: FreezePositionInput!) {
  freezePosition(input: $input) {
    ...Position
  }
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

UNFREEZE_POSITION_GQL = """
mutation unfreezePosition($input: FreezePositionInput!) {
  unfreezePosition(input: $input) {
    ...Position
  }
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

GET_CLOSED_TRADES_CONNECTION_GQL = """
query getClosedTradesConnection($accountId: ID!, $after: String, $before: String, $first: Int, $from: DateTime, $last: Int, $symbol: String, $to: DateTime) {
  closedTradesConnection(
    accountId: $accountId
    after: $after
    before: $before
    first: $first
    from: $from
    last: $last
    symbol: $symbol
    to: $to
  ) {
    edges {
      cursor
      node {
        ...ClosedTrade
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment ClosedTrade on ClosedTrade {
  closedAt
  currency
  entryPrice
  exitPrice
  fees
  matchedPnl
  openedAt
  quantity
  realizedPnl
  side
  symbol
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}
"""

GET_POSITION_HISTORY_CONNECTION_GQL = """
query getPositionHistoryConnection($accountId: ID!, $after: String, $before: String, $first: Int, $from: DateTime, $last: Int, $symbol: String, $to: DateTime) {
  positionHistoryConnection(
    accountId: $accountId
    after: $after
    before: $before
    first: $first
    from: $from
    last: $last
    symbol: $symbol
    to: $to
  ) {
    edges {
      cursor
      node {
        ...PositionSnapshot
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment PositionSnapshot on PositionSnapshot {
  at
  averagePrice
  currency
  markPrice
  quantity
  realizedPnl
  symbol
  unrealizedPnl
}
"""

GET_POSITIONS_CONNECTION_GQL = """
query getPositionsConnection($accountId: ID!, $after: String, $before: String, $first: Int, $includeClosed: Boolean! = false, $last: Int, $side: PositionSide, $symbols: [String!]) {
  positionsConnection(
    accountId: $accountId
    after: $after
    before: $before
    first: $first
    includeClosed: $includeClosed
    last: $last
    side: $side
    symbols: $symbols
  ) {
    edges {
      cursor
      node {
        ...Position
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

GET_RISK_EVENT_GQL = """
query getRiskEvent($id: ID!) {
  riskEvent(id: $id) {
    ...RiskEvent
  }
}

fragment RiskEvent on RiskEvent {
  accountId
  acknowledgedBy
  actionTaken
  at
  clearedAt
  cursor
  eventKind
  id
  limit
  message
  note
  observed
  orderId
  origin
  resolvedAt
  ruleId
  severity
  state
  symbol
}
"""

GET_RISK_EVENTS_GQL = """
query getRiskEvents($after: String, $before: String, $filter: RiskEventFilter, $first: Int, $last: Int) {
  riskEvents(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...RiskEvent
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment RiskEvent on RiskEvent {
  accountId
  acknowledgedBy
  actionTaken
  at
  clearedAt
  cursor
  eventKind
  id
  limit
  message
  note
  observed
  orderId
  origin
  resolvedAt
  ruleId
  severity
  state
  symbol
}
"""

GET_RISK_METRICS_GQL = """
query getRiskMetrics($accountId: ID!) {
  riskMetrics(accountId: $accountId) {
    ...RiskMetrics
  }
}

fragment LimitUsage on LimitUsage {
  limit
  observed
  rule {
    ...RiskRule
  }
  usage
}

fragment RiskMetrics on RiskMetrics {
  accountId
  currency
  dayPnl
  dayPnlRatio
  drawdown
  equity
  expectedShortfall95
  grossExposure
  largestConcentration
  leverage
  limits {
    ...LimitUsage
  }
  marginRatio
  maxDrawdown
  netExposure
  openOrders
  ordersLastMinute
  valueAtRisk95
}

fragment RiskRule on RiskRule {
  accountId
  action
  createdAt
  createdBy
  enabled
  id
  kind
  name
  scope
  selfTradePrevention
  strategy
  symbol
  threshold
  updatedAt
  updatedBy
  version
  windowSeconds
}
"""

GET_RISK_RULE_GQL = """
query getRiskRule($id: ID!) {
  riskRule(id: $id) {
    ...RiskRule
  }
}

fragment RiskRule on RiskRule {
  accountId
  action
  createdAt
  createdBy
  enabled
  id
  kind
  name
  scope
  selfTradePrevention
  strategy
  symbol
  threshold
  updatedAt
  updatedBy
  version
  windowSeconds
}
"""

TRY_RISK_RULE_GQL = """
query tryRiskRule($from: DateTime, $input: CreateRiskRuleInput!, $to: DateTime) {
  tryRiskRule(from: $from, input: $input, to: $to) {
    count
    from
    hits {
      accountId
      at
      limit
      message
      observed
      orderId
      symbol
    }
    isComplete
    kind
    reachedAt
    refused
    to
    tried
  }
}
"""

ACKNOWLEDGE_RISK_EVENT_GQL = """
mutation acknowledgeRiskEvent($id: ID!) {
  acknowledgeRiskEvent(id: $id) {
    ...RiskEvent
  }
}

fragment RiskEvent on RiskEvent {
  accountId
  acknowledgedBy
  actionTaken
  at
  clearedAt
  cursor
  eventKind
  id
  limit
  message
  note
  observed
  orderId
  origin
  resolvedAt
  ruleId
  severity
  state
  symbol
}
"""

CREATE_RISK_RULE_GQL = """
mutation createRiskRule($input: CreateRiskRuleInput!) {
  createRiskRule(input: $input) {
    ...RiskRule
  }
}

fragment RiskRule on RiskRule {
  accountId
  action
  createdAt
  createdBy
  enabled
  id
  kind
  name
  scope
  selfTradePrevention
  strategy
  symbol
  threshold
  updatedAt
  updatedBy
  version
  windowSeconds
}
"""

DELETE_RISK_RULE_GQL = """
mutation deleteRiskRule($id: ID!) {
  deleteRiskRule(id: $id)
}
"""

HALT_TRADING_GQL = """
mutation haltTrading($input: HaltTradingInput!) {
  haltTrading(input: $input) {
    ...TradingHalt
  }
}

fragment TradingHalt on TradingHalt {
  accountId
  at
  by
  id
  liftReason
  liftedAt
  liftedBy
  reason
  role
  scope
  strategy
  symbol
  unconfirmedCancels
}
"""

RESOLVE_RISK_EVENT_GQL = """
mutation resolveRiskEvent($input: ResolveRiskEventInput!) {
  resolveRiskEvent(input: $input) {
    ...RiskEvent
  }
}

fragment RiskEvent on RiskEvent {
  accountId
  acknowledgedBy
  actionTaken
  at
  clearedAt
  cursor
  eventKind
  id
  limit
  message
  note
  observed
  orderId
  origin
  resolvedAt
  ruleId
  severity
  state
  symbol
}
"""

RESUME_TRADING_GQL = """
mutation resumeTrading($id: ID!, $reason: String!) {
  resumeTrading(id: $id, reason: $reason) {
    ...TradingHalt
  }
}

fragment TradingHalt on TradingHalt {
  accountId
  at
  by
  id
  liftReason
  liftedAt
  liftedBy
  reason
  role
  scope
  strategy
  symbol
  unconfirmedCancels
}
"""

UPDATE_RISK_RULE_GQL = """
mutation updateRiskRule($input: UpdateRiskRuleInput!) {
  updateRiskRule(input: $input) {
    ...RiskRule
  }
}

fragment RiskRule on RiskRule {
  accountId
  action
  createdAt
  createdBy
  enabled
  id
  kind
  name
  scope
  selfTradePrevention
  strategy
  symbol
  threshold
  updatedAt
  updatedBy
  version
  windowSeconds
}
"""

GET_TRADING_HALTS_CONNECTION_GQL = """
query getTradingHaltsConnection($after: String, $before: String, $filter: TradingHaltFilter, $first: Int, $last: Int) {
  tradingHaltsConnection(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...TradingHalt
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment TradingHalt on TradingHalt {
  accountId
  at
  by
  id
  liftReason
  liftedAt
  liftedBy
  reason
  role
  scope
  strategy
  symbol
  unconfirmedCancels
}
"""

GET_RISK_RULES_CONNECTION_GQL = """
query getRiskRulesConnection($after: String, $before: String, $filter: RiskRuleFilter, $first: Int, $last: Int) {
  riskRulesConnection(
    after: $after
    before: $before
    filter: $filter
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...RiskRule
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment RiskRule on RiskRule {
  accountId
  action
  createdAt
  createdBy
  enabled
  id
  kind
  name
  scope
  selfTradePrevention
  strategy
  symbol
  threshold
  updatedAt
  updatedBy
  version
  windowSeconds
}
"""

GET_SCHEDULED_TASKS_GQL = """
query getScheduledTasks {
  scheduledTasks {
    ...ScheduledTask
  }
}

fragment ScheduledTask on ScheduledTask {
  catchUp
  cron
  description
  enabled
  id
  intervalSeconds
  lastRun {
    ...TaskRun
  }
  maxRetries
  name
  nextRunAt
  timeoutSeconds
  timezone
  trigger
  version
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""

GET_SYSTEM_HEALTH_GQL = """
query getSystemHealth {
  systemHealth {
    ...SystemHealth
  }
}

fragment ComponentHealth on ComponentHealth {
  detail
  latencyMs
  name
  state
}

fragment SystemHealth on SystemHealth {
  checkedAt
  components {
    ...ComponentHealth
  }
  startedAt
  state
  version
}
"""

GET_SYSTEM_METRICS_GQL = """
query getSystemMetrics {
  systemMetrics {
    ...SystemMetrics
  }
}

fragment NamedCount on NamedCount {
  count
  name
}

fragment SystemMetrics on SystemMetrics {
  at
  cpuPercent
  databaseConnections
  diskPercent
  errorRate
  eventLagMs
  executionsPerSecond
  latencyP50Ms
  latencyP99Ms
  loadAverage
  memoryBytes
  memoryPercent
  openOrders
  orderToFillP50Ms
  orderToFillP99Ms
  ordersLastMinute {
    ...NamedCount
  }
  ordersPerSecond
  queueDepth
  rejectsLastMinute {
    ...NamedCount
  }
  requestsPerSecond
  subscriptions
}
"""

GET_TASK_RUNS_GQL = """
query getTaskRuns($after: String, $before: String, $first: Int, $last: Int, $states: [TaskRunState!], $task: String) {
  taskRuns(
    after: $after
    before: $before
    first: $first
    last: $last
    states: $states
    task: $task
  ) {
    edges {
      cursor
      node {
        ...TaskRun
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""

RUN_SCHEDULED_TASK_GQL = """
mutation runScheduledTask($name: String!) {
  runScheduledTask(name: $name) {
    ...TaskRun
  }
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""

UPDATE_SCHEDULED_TASK_GQL = """
mutation updateScheduledTask($input: UpdateScheduledTaskInput!) {
  updateScheduledTask(input: $input) {
    ...ScheduledTask
  }
}

fragment ScheduledTask on ScheduledTask {
  catchUp
  cron
  description
  enabled
  id
  intervalSeconds
  lastRun {
    ...TaskRun
  }
  maxRetries
  name
  nextRunAt
  timeoutSeconds
  timezone
  trigger
  version
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""

GET_SCHEDULED_TASKS_CONNECTION_GQL = """
query getScheduledTasksConnection($after: String, $before: String, $enabled: Boolean, $first: Int, $last: Int) {
  scheduledTasksConnection(
    after: $after
    before: $before
    enabled: $enabled
    first: $first
    last: $last
  ) {
    edges {
      cursor
      node {
        ...ScheduledTask
      }
    }
    pageInfo {
      ...PageInfo
    }
  }
}

fragment PageInfo on PageInfo {
  endCursor
  hasNextPage
  hasPreviousPage
  startCursor
}

fragment ScheduledTask on ScheduledTask {
  catchUp
  cron
  description
  enabled
  id
  intervalSeconds
  lastRun {
    ...TaskRun
  }
  maxRetries
  name
  nextRunAt
  timeoutSeconds
  timezone
  trigger
  version
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""

GET_STREAM_CURSORS_GQL = """
query getStreamCursors {
  streamCursors {
    ...StreamCursors
  }
}

fragment StreamCursors on StreamCursors {
  anomalies
  anomalyCases
  riskEvents
}
"""

WATCH_ACCOUNT_GQL = """
subscription watchAccount($id: ID!, $intervalMs: Int = 250) {
  account(id: $id, intervalMs: $intervalMs) {
    ...Account
  }
}

fragment Account on Account {
  available
  buyingPower
  cash
  createdAt
  currency
  dayPnl
  equity
  feesPaid
  id
  initialMargin
  kind
  maintenanceMargin
  marginRatio
  marketValue
  name
  owner {
    id
    email
    name
  }
  positionMode
  realizedPnl
  reserved
  state
  stateBy
  stateReason
  unrealizedPnl
  venue
}
"""

WATCH_ACCOUNT_EVENTS_GQL = """
subscription watchAccountEvents($accountIds: [ID!], $after: Cursor) {
  accountEvents(accountIds: $accountIds, after: $after) {
    ...AccountEvent
  }
}

fragment AccountEvent on AccountEvent {
  accountId
  at
  by
  cash
  currency
  cursor
  execution {
    ...Execution
  }
  kind
  order {
    ...Order
  }
  reason
  reserved
  sequence
  state
  transaction {
    ...AccountTransaction
  }
}

fragment AccountTransaction on AccountTransaction {
  account {
    id
    name
  }
  amount
  at
  balanceAfter
  by
  contra
  currency
  executionId
  hash
  id
  kind
  note
  orderId
  reference
  sequence
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}
"""

WATCH_ANOMALIES_GQL = """
subscription watchAnomalies($accountId: ID, $after: Cursor, $minSeverity: Severity = INFO) {
  anomalies(accountId: $accountId, after: $after, minSeverity: $minSeverity) {
    ...Anomaly
  }
}

fragment Anomaly on Anomaly {
  accountId
  at
  caseId
  cursor
  evidence
  expected
  explanation
  id
  kind
  observed
  riskEventId
  score
  severity
  symbol
  threshold
}
"""

WATCH_ANOMALY_CASES_GQL = """
subscription watchAnomalyCases($accountId: ID, $after: Cursor) {
  anomalyCases(accountId: $accountId, after: $after) {
    ...AnomalyCaseEvent
  }
}

fragment AnomalyCase on AnomalyCase {
  accountIds
  assignee
  closedAt
  component
  disposition
  findingCount
  foundAt
  id
  kind
  note
  number
  openedAt
  score
  severity
  status
  symbol
  updatedAt
  version
}

fragment AnomalyCaseEvent on AnomalyCaseEvent {
  anomalyId
  at
  by
  case {
    ...AnomalyCase
  }
  cursor
  kind
  note
}
"""

WATCH_BARS_GQL = """
subscription watchBars($interval: BarInterval!, $symbol: String!) {
  bars(interval: $interval, symbol: $symbol) {
    ...Bar
  }
}

fragment Bar on Bar {
  at
  close
  high
  interval
  low
  open
  symbol
  volume
}
"""

WATCH_EXECUTIONS_GQL = """
subscription watchExecutions($accountId: ID!, $after: Cursor, $symbol: String) {
  executions(accountId: $accountId, after: $after, symbol: $symbol) {
    ...Execution
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}
"""

WATCH_ORDER_EVENTS_GQL = """
subscription watchOrderEvents($accountId: ID!, $after: Cursor) {
  orderEvents(accountId: $accountId, after: $after) {
    ...OrderEvent
  }
}

fragment Execution on Execution {
  account {
    id
    name
    currency
  }
  at
  bustedAt
  bustedBy
  correctedBy
  cursor
  fee
  fxRate
  id
  liquidity
  order {
    id
    clientOrderId
    strategy
  }
  price
  quantity
  realizedPnl
  side
  symbol
  tax
  venueExecutionId
  venueFee
  venueFeeCurrency
  withheld
}

fragment Order on Order {
  account {
    id
    name
    currency
  }
  activationPrice
  averagePrice
  clientOrderId
  closedAt
  contingency
  createdAt
  expiresAt
  fees
  filledQuantity
  groupId
  id
  limitOffset
  limitPrice
  parentId
  pendingAction
  placedBy
  placedByKey
  positionEffect
  postOnly
  quantity
  reduceOnly
  rejectMessage
  rejectReason
  remainingQuantity
  reserved
  side
  status
  stopPrice
  strategy
  symbol
  tags
  timeInForce
  trailingOffset
  trailingOffsetKind
  triggerPrice
  triggeredAt
  type
  updatedAt
  venueOrderId
  version
}

fragment OrderEvent on OrderEvent {
  at
  by
  cursor
  detail
  execution {
    ...Execution
  }
  kind
  order {
    ...Order
  }
  status
}
"""

WATCH_PNL_GQL = """
subscription watchPnl($accountId: ID, $accountIds: [ID!], $intervalMs: Int = 250) {
  pnl(accountId: $accountId, accountIds: $accountIds, intervalMs: $intervalMs) {
    ...PnlUpdate
  }
}

fragment PnlUpdate on PnlUpdate {
  accountId
  at
  available
  cash
  currency
  dayPnl
  equity
  marginRatio
  positions {
    ...PositionPnl
  }
  realizedPnl
  unrealizedPnl
}

fragment PositionPnl on PositionPnl {
  markPrice
  quantity
  realizedPnl
  symbol
  unrealizedPnl
}
"""

WATCH_POSITIONS_GQL = """
subscription watchPositions($accountId: ID, $accountIds: [ID!], $intervalMs: Int = 250) {
  positions(
    accountId: $accountId
    accountIds: $accountIds
    intervalMs: $intervalMs
  ) {
    ...Position
  }
}

fragment Position on Position {
  account {
    id
    name
    currency
  }
  averagePrice
  closable
  closedAt
  currency
  feesPaid
  freezes {
    ...PositionFreeze
  }
  frozen
  fxRate
  id
  initialMargin
  liquidationPrice
  markPrice
  marketValue
  openedAt
  quantity
  realizedPnl
  side
  symbol
  todayQuantity
  unrealizedPnl
  updatedAt
  weight
}

fragment PositionFreeze on PositionFreeze {
  by
  quantity
  role
}
"""

WATCH_QUOTES_GQL = """
subscription watchQuotes($intervalMs: Int = 0, $symbols: [String!]!) {
  quotes(intervalMs: $intervalMs, symbols: $symbols) {
    ...Quote
  }
}

fragment Quote on Quote {
  ask
  askSize
  at
  bid
  bidSize
  last
  lastSize
  previousClose
  stale
  symbol
  volume
}
"""

WATCH_RISK_EVENTS_GQL = """
subscription watchRiskEvents($accountId: ID, $after: Cursor, $minSeverity: Severity = INFO) {
  riskEvents(accountId: $accountId, after: $after, minSeverity: $minSeverity) {
    ...RiskEvent
  }
}

fragment RiskEvent on RiskEvent {
  accountId
  acknowledgedBy
  actionTaken
  at
  clearedAt
  cursor
  eventKind
  id
  limit
  message
  note
  observed
  orderId
  origin
  resolvedAt
  ruleId
  severity
  state
  symbol
}
"""

WATCH_SYSTEM_HEALTH_GQL = """
subscription watchSystemHealth {
  systemHealth {
    ...SystemHealth
  }
}

fragment ComponentHealth on ComponentHealth {
  detail
  latencyMs
  name
  state
}

fragment SystemHealth on SystemHealth {
  checkedAt
  components {
    ...ComponentHealth
  }
  startedAt
  state
  version
}
"""

WATCH_SYSTEM_METRICS_GQL = """
subscription watchSystemMetrics($intervalMs: Int = 1000) {
  systemMetrics(intervalMs: $intervalMs) {
    ...SystemMetrics
  }
}

fragment NamedCount on NamedCount {
  count
  name
}

fragment SystemMetrics on SystemMetrics {
  at
  cpuPercent
  databaseConnections
  diskPercent
  errorRate
  eventLagMs
  executionsPerSecond
  latencyP50Ms
  latencyP99Ms
  loadAverage
  memoryBytes
  memoryPercent
  openOrders
  orderToFillP50Ms
  orderToFillP99Ms
  ordersLastMinute {
    ...NamedCount
  }
  ordersPerSecond
  queueDepth
  rejectsLastMinute {
    ...NamedCount
  }
  requestsPerSecond
  subscriptions
}
"""

WATCH_TASK_RUNS_GQL = """
subscription watchTaskRuns($task: String) {
  taskRuns(task: $task) {
    ...TaskRun
  }
}

fragment TaskRun on TaskRun {
  attempt
  cause
  dueAt
  durationMs
  error
  finishedAt
  id
  requestedBy
  result
  startedAt
  state
  task
}
"""
