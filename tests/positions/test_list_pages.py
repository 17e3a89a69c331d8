"""Lists of an account's past and of corporate actions page both ways; a foreign cursor is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.market.types import AssetClass
from domain.positions.history import snapshot_positions
from domain.system.imports.service import import_history
from tests.orders.factories import SPOT
from tests.support.asking import Asking
from tests.support.trading import Platform, platform

HISTORY = """reference,at,kind,symbol,side,quantity,price,amount
d,2024-01-01T00:00:00Z,DEPOSIT,,,,,100000
"""
RECORD = "mutation ($input: CorporateActionInput!) { recordCorporateAction(input: $input) { id } }"


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        for symbol, asset_class in (("COIN", AssetClass.CRYPTO), ("DIME", AssetClass.EQUITY)):
            await whole.add_instrument(replace(SPOT, id=new_id(), symbol=symbol, asset_class=asset_class))
        yield whole


def trades(count: int) -> str:
    """Purchases, each followed by its sale; and a holding that stays."""
    rows = [
        f"{side}{n},2024-01-{n + 2:02d}T0{hour}:00:00Z,EXECUTION,COIN,{side},1,{100 + n},"
        for n in range(count)
        for hour, side in ((1, "BUY"), (2, "SELL"))
    ]
    return "\n".join([*rows, "hold,2024-03-01T00:00:00Z,EXECUTION,DIME,BUY,1,5,"])


async def walked(api: Asking, name: str, arguments: str, fields: str, *, forwards: bool) -> list[Any]:
    """All nodes of a list, page after page of two, in the order of the list."""
    size, place, more, cursor = ("first", "after", "hasNextPage", "endCursor")
    if not forwards:
        size, place, more, cursor = ("last", "before", "hasPreviousPage", "startCursor")
    found: list[Any] = []
    after = ""
    while True:
        shown = f"edges {{ node {{ {fields} }} }} pageInfo {{ {more} {cursor} }}"
        page = await api.ask(f"{{ {name}({arguments} {size}: 2 {after}) {{ {shown} }} }}")
        nodes = [edge["node"] for edge in page["edges"]]
        found = found + nodes if forwards else nodes + found
        if not page["pageInfo"][more]:
            return found
        after = f'{place}: "{page["pageInfo"][cursor]}"'


async def test_lists_of_the_past_page_both_ways(desk: Platform) -> None:
    owner, book = await desk.open_account()
    file, services = BytesIO((HISTORY + trades(5)).encode()), desk.services
    await import_history(services.bus, services.market, owner, book.id, file)
    for hours in (1, 2, 3):
        await snapshot_positions(services.bus, services.market, utc_now() + timedelta(hours=hours))
    admin = Asking(desk, desk.admin)
    for day in (10, 11, 12):
        action = {"symbol": "DIME", "kind": "CASH_DIVIDEND", "exDate": f"2200-01-{day}", "amountPerUnit": "1"}
        await admin.ask(RECORD, input=action)
    api, account = Asking(desk, owner), f'accountId: "{book.id}"'
    for name, plain, arguments, fields in (
        ("closedTradesConnection", "closedTrades", account, "closedAt realizedPnl"),
        ("closedTradesConnection", "closedTrades", f'{account} from: "2024-01-03T00:00:00Z"', "closedAt entryPrice"),
        ("positionHistoryConnection", "positionHistory", account, "at symbol quantity"),
        ("corporateActionsConnection", "corporateActions", 'symbol: "DIME"', "id exDate"),
    ):
        expected = list(reversed(await api.ask(f"{{ {plain}({arguments}) {{ {fields} }} }}")))
        assert len(expected) >= 3
        for forwards in (True, False):
            assert await walked(api, name, arguments, fields, forwards=forwards) == expected
        assert await api.ask(f"{{ {name}({arguments}) {{ totalCount }} }}") == {"totalCount": len(expected)}
        for place in ("first: 2 after", "last: 2 before"):
            foreign = await api.refusal(f'{{ {name}({arguments} {place}: "Zm9v.bar") {{ totalCount }} }}')
            assert (foreign["code"], foreign["field"]) == ("BAD_USER_INPUT", place.split()[-1])
