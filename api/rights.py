"""Access rights of every root field: the one table that the tests check for every role, grant and credential.

The table of docs/api.md is generated from it. A root field that is not in it fails a test.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from domain.access.types import Actor, KeyScope
from domain.kernel.errors import Forbidden


class Rule(Enum):
    """The callers who pass; all others get FORBIDDEN, or NOT_FOUND for an account that does not exist for them."""

    PUBLIC = "all callers, signed in or not"
    SIGNED_IN = "signed-in callers, about themselves or data that is the same for all"
    VISIBLE = "signed-in callers, limited to the objects that they may see"
    READ = "callers who may see the account"
    TRADE = "a `TRADER` with `TRADE` for the account, and `ADMIN`"
    FUNDS = "a `TRADER` with `FUNDS` for the account, and `ADMIN`"
    STOP = "a `TRADER` with `TRADE` for the account; `RISK_MANAGER` and `ADMIN` for every account"
    TRADERS = "`TRADER`, `RISK_MANAGER` and `ADMIN`"
    OPERATORS = "`RISK_MANAGER` and `ADMIN`"
    ADMINISTRATORS = "`ADMIN`"


_FIELDS: Final[Mapping[Rule, str]] = {
    Rule.PUBLIC: "Mutation: login refreshSession",
    Rule.SIGNED_IN: (
        "Query: apiKeys apiKeysConnection bars barsConnection calendars calendarsConnection corporateActions "
        "corporateActionsConnection instrument instruments interestRates interestRatesConnection notificationChannels "
        "notificationChannelsConnection quotes sessions sessionsConnection streamCursors systemHealth "
        "systemMetrics viewer "
        "Mutation: beginTwoFactor confirmTwoFactor createApiKey deleteNotificationChannel disableTwoFactor logout "
        "revokeApiKey revokeOtherSessions revokeSession "
        "saveNotificationChannel savePreferences "
        "testNotificationChannel updateUser "
        "Subscription: bars quotes systemHealth systemMetrics"
    ),
    Rule.VISIBLE: (
        "Query: account accounts accountsConnection anomaly anomalyCase execution node nodes order riskEvent riskRule "
        "tradingHalts tradingHaltsConnection transaction"
    ),
    Rule.READ: (
        "Query: anomalies anomalyCases bookProof closedTrades closedTradesConnection dailyStatements "
        "dailyStatementsConnection executions "
        "orderStatistics orders position positionHistory positionHistoryConnection "
        "positionSummary positions positionsConnection riskEvents riskMetrics riskRules "
        "riskRulesConnection "
        "Subscription: account accountEvents anomalies anomalyCases executions orderEvents pnl positions riskEvents"
    ),
    Rule.TRADE: "Query: checkOrder Mutation: modifyOrder placeBracket placeOco placeOrder placeOrders",
    Rule.FUNDS: "Mutation: deposit withdraw",
    Rule.STOP: (
        "Mutation: cancelAllAfter cancelOrder cancelOrders closeAllPositions closePosition freezePosition "
        "setAccountState unfreezePosition"
    ),
    Rule.TRADERS: "Mutation: openAccount",
    Rule.OPERATORS: (
        "Query: anomalyDetectors anomalyDetectorsConnection anomalyDismissals anomalyDismissalsConnection auditLog "
        "programTradingReport replayDetector scheduledTasks scheduledTasksConnection "
        "taskRuns trialBalance trialBalanceConnection tryRiskRule "
        "Mutation: acknowledgeRiskEvent assignAnomalyCase bustExecution closeAnomalyCase commentAnomalyCase "
        "correctExecution createRiskRule decideAnomalyCase deleteRiskRule haltTrading removeAnomalyDismissal "
        "reopenAnomalyCase resolveRiskEvent resumeTrading runAnomalyDetection runScheduledTask "
        "updateAnomalyDetector updateRiskRule updateScheduledTask "
        "Subscription: taskRuns"
    ),
    Rule.ADMINISTRATORS: (
        "Query: users "
        "Mutation: createCalendar createInstrument createUser grantAccount publishQuotes recordCorporateAction "
        "revokeAccount setInterestRate updateInstrument"
    ),
}


def _decisions() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for rule, text in _FIELDS.items():
        root = ""
        for word in text.split():
            if word.endswith(":"):
                root = word[:-1]
                continue
            found[f"{root}.{word}"] = rule
    return found


# The scope that an API key needs for a mutation; all queries and subscriptions need READ, which every key has.
_SCOPES: Final[Mapping[Rule, KeyScope]] = {
    Rule.PUBLIC: KeyScope.READ,
    Rule.TRADE: KeyScope.TRADE,
    Rule.STOP: KeyScope.TRADE,
    Rule.FUNDS: KeyScope.FUNDS,
}


# A key may end itself, whatever it is for: who finds it where it should not be must not need another one.
_NEEDS_NO_SCOPE: Final = frozenset({"revokeApiKey"})


def scope_of(mutation: str) -> KeyScope:
    """The scope that an API key needs for a root field of mutations: MANAGE for what is no trade and no money."""
    if mutation in _NEEDS_NO_SCOPE:
        return KeyScope.READ
    return _SCOPES.get(DECISIONS[f"Mutation.{mutation}"], KeyScope.MANAGE)


def require_scope(actor: Actor, rule: Rule, action: str) -> None:
    """Let ``actor`` pass if its API key, if it came with one, has the scope that a rule needs.

    Raises:
        Forbidden: the key lacks it.
    """
    scope = _SCOPES[rule]
    if scope not in actor.scopes:
        raise Forbidden(f"This API key lacks the scope {scope}, which {action} needs.")


# By root field, such as ``Mutation.deposit``.
DECISIONS: Final[Mapping[str, Rule]] = _decisions()
