"""Results of a benchmark, and their table."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: rounds of what the product did and, where there is one, of the limit measured beside it."""

    name: str
    unit: str
    ours: Sequence[float]
    limit: Sequence[float] = ()
    limit_name: str = ""
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: each round is compared with the limit of the same moment."""
        if not self.limit:
            return None
        return median(ours / limit for ours, limit in zip(self.ours, self.limit, strict=True))

    def cells(self) -> list[str]:
        """The row of the table."""
        ratio = self.ratio
        return [
            self.name,
            "" if ratio is None else f"**{ratio:.2f}**",
            self.aim,
            f"{_number(median(self.ours))} {self.unit}",
            f"{_number(median(self.limit))} {self.unit}" if self.limit else "",
            self.limit_name,
        ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def markdown(rows: Sequence[Row]) -> str:
    """All rows as one table."""
    heads = ["what", "ratio", "aim", "on this run", "limit on this run", "the limit is"]
    lines = [heads, ["---"] * len(heads), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
