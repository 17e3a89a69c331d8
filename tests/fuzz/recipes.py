"""Inputs with which each mutation succeeds, so that the code behind its checks is reached too."""

import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pyotp

SYMBOL, OTHER, SPLIT = "FUZZ.LAB", "OTHER.LAB", "SPLIT.LAB"
PASSWORD = "correct horse battery staple"
_numbers = count(1)

Known = Mapping[str, Any]
Recipe = Callable[[Known], dict[str, Any]]


def _name(what: str) -> str:
    return f"{what}-{next(_numbers)}"


def _order(known: Known, **terms: Any) -> dict[str, Any]:
    plain = {"accountId": known["account"], "symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "quantity": "1"}
    return {**plain, "limitPrice": "50", "clientOrderId": _name("o"), **terms}


def instrument(symbol: str) -> dict[str, Any]:
    """The terms of a coin."""
    plain = {"symbol": symbol, "exchange": "LAB", "assetClass": "CRYPTO", "currency": "USD"}
    return {**plain, "tickSize": "0.01", "lotSize": "0.001", "shortable": True}


def _input(**given: Any) -> dict[str, Any]:
    return {"input": given}


RECIPES: Mapping[str, Recipe] = {
    "login": lambda known: _input(email=known["email"], password=PASSWORD),
    "refreshSession": lambda known: {"refreshToken": known["refreshToken"]},
    "createUser": lambda _: _input(email=f"{_name('u')}@example.com", name="U", password=PASSWORD, role="TRADER"),
    "updateUser": lambda known: _input(id=known["user"], name=_name("U")),
    "savePreferences": lambda _: {"preferences": {"theme": _name("t")}},
    "grantAccount": lambda known: _input(userId=known["user"], accountId=known["account"], permission="TRADE"),
    "revokeAccount": lambda known: {"userId": known["user"], "accountId": known["account"], "permission": None},
    "createApiKey": lambda _: _input(name=_name("k"), role="VIEWER"),
    "revokeApiKey": lambda known: {"id": known["key"]},
    "beginTwoFactor": lambda _: {},
    "confirmTwoFactor": lambda known: {"code": pyotp.TOTP(known["totp"]).now()},
    "disableTwoFactor": lambda known: {"code": pyotp.TOTP(known["totp"]).at(time.time() + 30), "userId": None},
    "revokeSession": lambda known: {"id": known["session"]},
    "revokeOtherSessions": lambda _: {},
    "createInstrument": lambda _: _input(**instrument(_name("I").upper())),
    "createCalendar": lambda _: _input(
        code=_name("c").upper(),
        name="Calendar",
        timeZone="Europe/Berlin",
        sessions=[{"opens": "09:00", "closes": "17:30"}],
    ),
    "updateInstrument": lambda _: _input(symbol=OTHER, name=_name("n")),
    "recordCorporateAction": lambda _: _input(symbol=SPLIT, kind="SPLIT", exDate="2200-01-01", ratio="2"),
    "publishQuotes": lambda _: _input(
        quotes=[{"symbol": SYMBOL, "bid": "99", "ask": "101", "bidSize": "9", "askSize": "9"}]
    ),
    "openAccount": lambda _: _input(name=_name("a"), currency="USD", kind="MARGIN"),
    "deposit": lambda known: _input(accountId=known["account"], amount="1000", reference=_name("r")),
    "withdraw": lambda known: _input(accountId=known["account"], amount="1", reference=_name("r")),
    "setInterestRate": lambda _: _input(currency="EUR", loanRate="0.01"),
    "setAccountState": lambda known: _input(accountId=known["idle"], state="REDUCE_ONLY", reason="a test"),
    "placeOrder": lambda known: _input(**_order(known)),
    "placeOrders": lambda known: _input(orders=[_order(known), _order(known, side="SELL", limitPrice="150")]),
    "cancelOrder": lambda known: _input(id=known["order"]),
    "modifyOrder": lambda known: _input(id=known["other_order"], limitPrice="51"),
    "cancelOrders": lambda known: _input(accountId=known["idle"]),
    "cancelAllAfter": lambda known: _input(accountId=known["idle"], seconds=3_600),
    "placeBracket": lambda known: _input(entry=_order(known), takeProfit={"type": "LIMIT", "limitPrice": "150"}),
    "placeOco": lambda known: _input(
        first=_order(known, side="SELL", limitPrice="160"),
        second=_order(known, side="SELL", type="STOP", stopPrice="40", limitPrice=None),
    ),
    "bustExecution": lambda known: _input(id=known["execution"], reason="a test"),
    "correctExecution": lambda known: _input(id=known["other_execution"], price="100", quantity="20", reason="a test"),
    "closePosition": lambda known: _input(accountId=known["account"], symbol=SYMBOL, quantity="0.001"),
    "closeAllPositions": lambda known: {"accountId": known["idle"], "cancelWorking": False},
    "freezePosition": lambda known: _input(
        accountId=known["account"], symbol=SYMBOL, quantity="0.001", reason="a test"
    ),
    "unfreezePosition": lambda known: _input(
        accountId=known["account"], symbol=SYMBOL, quantity="0.001", reason="a test"
    ),
    "createRiskRule": lambda _: _input(
        name=_name("rule"), kind="MAX_ORDER_QUANTITY", scope="GLOBAL", threshold="1e6", action="WARN"
    ),
    "updateRiskRule": lambda known: _input(id=known["rule"], threshold="1e7"),
    "deleteRiskRule": lambda known: {"id": known["rule"]},
    "acknowledgeRiskEvent": lambda known: {"id": known["event"]},
    "resolveRiskEvent": lambda known: _input(id=known["event"], note=_name("note")),
    "haltTrading": lambda _: _input(scope="INSTRUMENT", symbol=OTHER, reason="a test"),
    "resumeTrading": lambda known: {"id": known["halt"], "reason": "a test"},
    "updateAnomalyDetector": lambda _: _input(kind="PRICE_DEVIATION", enabled=True),
    "runAnomalyDetection": lambda _: {"kinds": ["PRICE_DEVIATION"]},
    "assignAnomalyCase": lambda known: _input(id=known["case"]),
    "commentAnomalyCase": lambda known: _input(id=known["case"], note=_name("note")),
    "decideAnomalyCase": lambda known: _input(id=known["case"], disposition="DISMISSED", note=_name("note")),
    "closeAnomalyCase": lambda known: _input(id=known["case"]),
    "removeAnomalyDismissal": lambda known: {"id": known["dismissal"]},
    "reopenAnomalyCase": lambda known: _input(id=known["case"], reason="a test"),
    "updateScheduledTask": lambda _: _input(name="retention", maxRetries=2),
    "runScheduledTask": lambda _: {"name": "retention"},
    "saveNotificationChannel": lambda _: _input(
        name=_name("channel"), url="webhooks://:0123456789abcdef@hooks.invalid/in", topics=["RISK_EVENT"]
    ),
    "testNotificationChannel": lambda known: {"id": known["channel"]},
    "deleteNotificationChannel": lambda known: {"id": known["channel"]},
    "logout": lambda _: {},
}
