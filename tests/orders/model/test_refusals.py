"""Refusals: their texts stand in one module, and are sentences with the values that they are about."""

import ast
import inspect
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from domain.orders.model import refusals
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import OrderType, RejectReason, TimeInForce

ROOT = Path(__file__).parents[3]
MADE = {
    name: function
    for name, function in vars(refusals).items()
    if inspect.isfunction(function) and get_type_hints(function).get("return") is Refusal
}
NUMBERS = iter(range(1001, 10**6))


def some(kind: Any, name: str) -> Any:
    """A value of a parameter that can be found again in a text."""
    if kind is bool:
        return True
    if kind is OrderType:
        return OrderType.STOP
    if kind is TimeInForce:
        return TimeInForce.GTC
    return Decimal(next(NUMBERS)) if "Decimal" in str(kind) else next(NUMBERS) if "int" in str(kind) else f"the-{name}"


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_refusal_text_is_a_sentence_with_its_values(name: str) -> None:
    kinds = {key: kind for key, kind in get_type_hints(MADE[name]).items() if key != "return"}
    given = {key: some(kind, key) for key, kind in kinds.items()}
    found = MADE[name](**given)
    assert isinstance(found.reason, RejectReason)
    # A halt ends with the words of whoever ordered it.
    assert re.fullmatch(r"([A-Z0-9]|the-).*\.", found.message) or name == "trading_halted"
    assert "  " not in found.message
    shown = [value for value in given.values() if not isinstance(value, bool)]
    assert [value for value in shown if str(value) not in found.message] == []


def texts_beside_reasons(source: str) -> list[str]:
    """Texts of a module that stand in a call or a tuple together with a reason."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Tuple):
            parts = list(node.elts)
        elif isinstance(node, ast.Call):
            parts = [*node.args, *(word.value for word in node.keywords)]
        is_reason = [isinstance(part, ast.Attribute) and ast.unparse(part.value) == "RejectReason" for part in parts]
        if any(is_reason):
            found += [ast.unparse(part) for part in parts if isinstance(part, ast.JoinedStr)]
            found += [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return found


def test_refusal_texts_stand_in_one_module() -> None:
    modules = [path for path in (ROOT / "domain" / "orders").rglob("*.py") if path.name != "refusals.py"]
    found = {path.name: texts_beside_reasons(path.read_text(encoding="utf-8")) for path in modules}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_a_refusal_text_in_another_module_is_found() -> None:
    assert texts_beside_reasons('return RejectReason.INVALID_LOT, f"no {lot}"') == ["f'no {lot}'"]
    assert texts_beside_reasons('reject(reason=RejectReason.INVALID_LOT, message="no lot")') == ["no lot"]
