"""The order state changes of FIX 4.4 (volume 4, appendix D) as messages: what a client sends, and the reports it gets.

Each scenario is a list of steps; after each the reports are exactly those that the step names, in their order. A report
is ExecType, OrdStatus, CumQty and LeavesQty; of an OrderCancelReject it is ``9``, OrdStatus and CxlRejReason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.desk import Desk
from tests.support.fix_client import Fields, FixPeer
from tests.support.fix_orders import cancel, new_key, order

StartClient = Callable[..., FixPeer]
# The order of all scenarios: to buy ten at 100, where the market is 99 to 101.
BUY: dict[str, Any] = {"t38": "10", "t44": "100"}
NEW = ["A A 0 10", "0 0 0 10"]


@dataclass(frozen=True, slots=True)
class Step:
    """A message, or an offer at a price in a size; and the reports after it."""

    kind: str
    name: str
    original: str = ""
    fields: tuple[tuple[str, str | None], ...] = ()
    reports: tuple[str, ...] = ()


def new(*reports: str, name: str = "A", **fields: str | None) -> Step:
    return Step("D", name, fields=tuple((BUY | fields).items()), reports=reports)


def replaced(name: str, original: str, *reports: str, **fields: str | None) -> Step:
    return Step("G", name, original, tuple((BUY | fields).items()), reports)


def canceled(name: str, original: str, *reports: str) -> Step:
    return Step("F", name, original, reports=reports)


def offered(price: str, size: str, *reports: str) -> Step:
    return Step("quote", price, size, reports=reports)


SCENARIOS: dict[str, list[Step]] = {
    "A.1 filled in parts": [new(*NEW), offered("100", "4", "F 1 4 6"), offered("100", "6", "F 2 10 0")],
    "B.1 canceled unfilled": [new(*NEW), canceled("C", "A", "6 6 0 10", "4 4 0 0")],
    "B.2 canceled partly filled": [new(*NEW), offered("100", "4", "F 1 4 6"), canceled("C", "A", "6 6 4 6", "4 4 4 0")],
    "B.3 canceled too late": [new(*NEW), offered("100", "10", "F 2 10 0"), canceled("C", "A", "9 2 0")],
    "B.4 unknown order": [canceled("C", "A", "9 8 1")],
    "B.5 canceled twice": [new(*NEW), canceled("C", "A", "6 6 0 10", "4 4 0 0"), canceled("C2", "A", "9 4 0")],
    "C.1 replaced to a larger quantity": [
        new(*NEW),
        offered("100", "4", "F 1 4 6"),
        offered("101", "1000"),
        replaced("B", "A", "E E 4 6", "5 1 4 8", t38="12"),
        offered("100", "8", "F 2 12 0"),
    ],
    "C.2 replaced below filled": [new(*NEW), offered("100", "4", "F 1 4 6"), replaced("B", "A", "9 1 99", t38="3")],
    "C.3 replaced to the filled quantity": [
        new(*NEW),
        offered("100", "4", "F 1 4 6"),
        replaced("B", "A", "E E 4 6", "5 2 4 0", t38="4"),
    ],
    "C.4 replaced when filled": [new(*NEW), offered("100", "10", "F 2 10 0"), replaced("B", "A", "9 2 0", t38="12")],
    "C.5 replaced and filled at once": [new(*NEW), replaced("B", "A", "E E 0 10", "5 0 0 10", "F 2 10 0", t44="101")],
    "C.6 replaced in a chain": [
        new(*NEW),
        replaced("B", "A", "E E 0 10", "5 0 0 11", t38="11"),
        replaced("C", "B", "E E 0 11", "5 0 0 12", t38="12"),
        canceled("D", "C", "6 6 0 12", "4 4 0 0"),
    ],
    "C.7 replaced by its first name": [
        new(*NEW),
        replaced("B", "A", "E E 0 10", "5 0 0 11", t38="11"),
        replaced("C", "A", "E E 0 11", "5 0 0 12", t38="12"),
    ],
    "D.1 immediate or cancel": [offered("100", "4"), new(*NEW, "F 1 4 6", "4 4 4 0", t59="3")],
    "D.2 fill or kill": [offered("100", "4"), new(*NEW, "4 4 0 0", t59="4")],
    "D.3 a name twice": [new(*NEW), new("8 8 0 0", t38="9")],
    "D.4 rejected": [new("8 8 0 0", t38="1000000")],
}


async def test_each_scenario_has_its_reports(desk: Desk, fix_client: StartClient) -> None:
    account = await desk.open_account("1000000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    for number, (title, steps) in enumerate(SCENARIOS.items()):
        symbol = f"STATE{number}"
        await desk.create_instrument(symbol)
        await desk.publish(symbol, "99", "101")
        for step in steps:
            if step.kind == "quote":
                await desk.publish(symbol, "99", step.name, step.original)
            else:
                client.send(step.kind, message(step, f"S{number}", symbol))
            told = [client.expect("app", is_report) for _ in step.reports]
            assert [shown(fields) for fields in told] == list(step.reports), (title, step)
    # Nothing else was told meanwhile: an answer to a question is the next thing that comes.
    client.send("H", {11: "NEVER", 55: "STATE0", 54: "1"})
    assert client.expect("app")[150] == "I"


def message(step: Step, scenario: str, symbol: str) -> dict[int, str]:
    """The message of a step; names are of the scenario."""
    name, original = f"{scenario}-{step.name}", f"{scenario}-{step.original}"
    if step.kind == "F":
        return cancel(name, original, symbol)
    fields = dict(step.fields) | ({"t41": original} if step.original else {})
    return order(name, symbol, **fields)


def is_report(fields: Fields) -> bool:
    return fields[35] in ("8", "9")


def shown(fields: Fields) -> str:
    """A report, as scenarios name it."""
    if fields[35] == "9":
        return f"9 {fields[39]} {fields[102]}"
    return " ".join(fields[tag] for tag in (150, 39, 14, 151))
