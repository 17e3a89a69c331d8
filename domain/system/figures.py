"""Figures of trading and of the schedule, as operators watch them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlatformFigures:
    """The platform at one moment.

    ``orders`` are those of the last minute by status, ``rejects`` the refused ones by reason. The two fill figures are
    from an order to its first fill, in the last minute, None without any. ``commands`` wait for venues, by venue;
    ``runs`` are those that ended in the last hour, by task and state.
    """

    orders: Mapping[str, int]
    rejects: Mapping[str, int]
    executions: int
    fill_p50_seconds: float | None
    fill_p99_seconds: float | None
    open_orders: int
    commands: Mapping[str, int]
    command_ages: Mapping[str, float]
    runs: Mapping[tuple[str, str], int]
    waiting_runs: int
    task_lag_seconds: float
    proof_age_seconds: float | None
    is_proved: bool
    notifications: int
