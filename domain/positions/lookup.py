"""Finding positions, pure: by symbol and side, and the bucket that fills go to."""

from collections.abc import Iterable

from domain.accounts.types import PositionMode
from domain.kernel.errors import BadInput, Refused
from domain.positions.types import Bucket, PositionBook, PositionSide


def find_position(positions: Iterable[PositionBook], symbol: str, side: PositionSide | None) -> PositionBook:
    """The position among ``positions`` in ``symbol`` that is held on ``side``.

    Raises:
        BadInput: FLAT is not a side to name, or a LONG and a SHORT are held and none was named.
        Refused: there is no such position.
    """
    if side is PositionSide.FLAT:
        raise BadInput("Give the side: LONG or SHORT.", field="side")
    held = [position for position in positions if position.quantity and side in (None, position.side)]
    if len(held) > 1:
        raise BadInput(f"The account has a long and a short position in {symbol}: give the side.", field="side")
    if not held:
        kind = f"{side.value.lower()} position" if side is not None else "position"
        raise Refused(f"The account holds no {kind} of {symbol}.", reason="INSUFFICIENT_POSITION")
    return held[0]


def bucket_for(mode: PositionMode, *, buys: bool, closes: bool) -> Bucket:
    """The bucket that the fills of an order go to: in hedging mode a buy opens LONG or closes SHORT."""
    if mode is PositionMode.NETTING:
        return Bucket.NET
    return Bucket.LONG if buys != closes else Bucket.SHORT
