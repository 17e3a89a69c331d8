"""Limits on open positions, pure: a valued account and the rules in force in, breaches out.

The checks are those before a trade, on the account as it is: working orders do not count until they fill. Missing data
breaks nothing here: it refuses a new order, but the monitor acts only on known values.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO, total
from domain.positions.values import AccountValue
from domain.risk.kinds import KINDS
from domain.risk.rules.before import CHECKS
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot
from domain.risk.types import RiskRule, RiskRuleKind, RiskScope, RiskViolation


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that an account's positions break; ``symbol`` is set where the rule limits one symbol."""

    rule: RiskRule
    account_id: UUID
    symbol: str | None
    violation: RiskViolation

    @property
    def fingerprint(self) -> str:
        """The identity of a breach while it lasts."""
        return f"rule:{self.rule.id}:{self.account_id}:{self.symbol or ''}"


def belongs_to(fingerprint: str, account_id: UUID) -> bool:
    """True if a fingerprint is one of the account's breaches."""
    return fingerprint.startswith("rule:") and fingerprint.split(":")[2] == str(account_id)


def watched_rules(rules: Iterable[RiskRule]) -> tuple[RiskRule, ...]:
    """The rules that apply to open positions."""
    return tuple(rule for rule in rules if rule.enabled and KINDS[rule.kind].monitored)


def breaches(value: AccountValue, peak: Decimal, rules: Iterable[RiskRule], now: datetime) -> list[Breach]:
    """The breaches of an account at its value; ``peak`` is its highest equity so far.

    None are found if it cannot be valued.
    """
    held = [row for row in value.positions if row.quantity != ZERO]
    if any(row.mark_price is None for row in held):
        return []
    worth: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in held:
        worth[row.symbol] += abs(row.market_value)
    account = AccountView(
        position=ZERO,
        position_notional=ZERO,
        gross_exposure=total(worth.values()),
        maintenance_margin=value.maintenance_margin,
        equity=value.equity,
        day_pnl=value.day_pnl,
        peak_equity=max(peak, value.equity),
    )
    found = []
    for rule in rules:
        if rule.scope is RiskScope.ACCOUNT and rule.account_id != value.id:
            continue
        if rule.kind is not RiskRuleKind.MAX_CONCENTRATION:
            found.append(_breach(rule, value, None, account, now))
            continue
        for symbol, notional in worth.items():
            if rule.symbol in (None, symbol):
                found.append(_breach(rule, value, symbol, _of_symbol(account, notional), now))
    return [breach for breach in found if breach is not None]


def _breach(
    rule: RiskRule, value: AccountValue, symbol: str | None, account: AccountView, now: datetime
) -> Breach | None:
    order = ProposedOrder(value.id, symbol or "", None, True, ZERO, None, None, is_exit=False)
    snapshot = RiskSnapshot(MarketView(None), account, Activity(), now)
    violation = CHECKS[rule.kind](rule, order, snapshot)
    return None if violation is None else Breach(rule, value.id, symbol, violation)


def _of_symbol(account: AccountView, notional: Decimal) -> AccountView:
    return AccountView(
        position=ZERO,
        position_notional=notional,
        gross_exposure=account.gross_exposure,
        maintenance_margin=account.maintenance_margin,
        equity=account.equity,
        day_pnl=account.day_pnl,
        peak_equity=account.peak_equity,
    )
