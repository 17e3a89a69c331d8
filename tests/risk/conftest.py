"""A platform without a venue: accounts, people, two instruments with quotes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.ids import new_id
from domain.risk.service import CreateRiskRule, create_rule
from domain.risk.types import RiskRule, RiskRuleKind, RiskScope
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        for instrument in (SPOT, PERPETUAL):
            await whole.add_instrument(replace(instrument, id=new_id()))
            await whole.quote(instrument.symbol, "99.99", "100.01")
        yield whole


async def limit(desk: Platform, kind: RiskRuleKind, threshold: str | None = None, **others: Any) -> RiskRule:
    """A rule in force, by default with the scope GLOBAL."""
    values: dict[str, Any] = {
        "name": "Limit",
        "kind": kind,
        "scope": RiskScope.GLOBAL,
        "threshold": None if threshold is None else Decimal(threshold),
    }
    return await create_rule(desk.services.bus, desk.admin, CreateRiskRule(**(values | others)))
