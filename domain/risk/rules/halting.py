"""The coverage of trading halts, pure."""

from collections.abc import Iterable
from uuid import UUID

from domain.risk.types import RiskScope, TradingHalt


def halt_over(
    halts: Iterable[TradingHalt], *, account_id: UUID, symbol: str, strategy: str | None
) -> TradingHalt | None:
    """The first halt that covers an order."""
    return next((halt for halt in halts if covers(halt, account_id=account_id, symbol=symbol, strategy=strategy)), None)


def covers(halt: TradingHalt, *, account_id: UUID, symbol: str, strategy: str | None) -> bool:
    """True if a halt covers an order."""
    if halt.scope is RiskScope.ACCOUNT:
        return halt.account_id == account_id
    if halt.scope is RiskScope.INSTRUMENT:
        return halt.symbol == symbol
    return halt.scope is RiskScope.GLOBAL or halt.strategy == strategy
