"""Finding a position by symbol and side, pure."""

from collections.abc import Iterable

from domain.kernel.errors import BadInput, Refused
from domain.positions.types import PositionBook, PositionSide


def find_position(positions: Iterable[PositionBook], symbol: str, side: PositionSide | None) -> PositionBook:
    """The position among ``positions`` in ``symbol`` that is held on ``side``.

    Raises:
        BadInput: FLAT is not a side to name, or a LONG and a SHORT are held and none was named.
        Refused: there is no such position.
    """
    if side is PositionSide.FLAT:
        raise BadInput("Name LONG or SHORT.", field="side")
    held = [position for position in positions if position.quantity and side in (None, position.side)]
    if len(held) > 1:
        raise BadInput(f"The account is both long and short of {symbol}: name the side.", field="side")
    if not held:
        kind = f"{side.value.lower()} position" if side is not None else "position"
        raise Refused(f"The account holds no {kind} of {symbol}.", reason="INSUFFICIENT_POSITION")
    return held[0]
