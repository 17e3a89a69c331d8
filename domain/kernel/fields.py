"""An ORM field for exact numbers, which the stock fields do not give."""

from decimal import Decimal
from typing import Any

from tortoise.fields.base import Field

from domain.kernel.numbers import within_bounds


class NumericField(Field[Decimal], Decimal):  # type: ignore[misc]  # the ORM wants both bases
    """Unconstrained NUMERIC: stores every digit that it is given; refuses floats, NaN and infinities.

    The stock DecimalField quantises in the default context and so rounds large numbers in silence.
    """

    SQL_TYPE = "NUMERIC"
    field_type = Decimal

    def to_python_value(self, value: Any) -> Decimal | None:
        """The value as read from the database or assigned."""
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float is not an exact number")
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError("not a finite number")
        return number

    def to_db_value(self, value: Any, instance: Any) -> Decimal | None:  # noqa: ARG002  the ORM's signature
        """The value as written to the database; a number beyond the kept digits is a programming error."""
        number = self.to_python_value(value)
        if number is not None and not within_bounds(number):
            raise ValueError(f"{number} has more digits than the platform keeps")
        return number
