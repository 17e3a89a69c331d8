"""The function of each task: one for each of ``domain.system.task_definitions.DEFINITIONS``, and no other."""

from collections.abc import Mapping

from domain.system.task_definitions import (
    ANOMALY_DETECTION,
    BALANCES,
    BOOK_PROOF,
    CANCEL_TIMERS,
    DAY_ROLL,
    EQUITY_SAMPLES,
    FUNDING,
    HEALTH,
    HISTORY,
    LATE_COMMANDS,
    ORDER_EXPIRY,
    POSITION_SNAPSHOTS,
    RETENTION,
    RISK_SWEEP,
    VENUE_RECONCILIATION,
)
from workers.tasks.anomalies import detect_anomalies
from workers.tasks.balances import refresh_all
from workers.tasks.books import prove_books
from workers.tasks.context import TaskFunction
from workers.tasks.days import pay_funding, roll_day
from workers.tasks.history import keep_months, sample_accounts, snapshot_accounts
from workers.tasks.orders import check_late_commands, end_overdue_orders, fire_cancel_timers
from workers.tasks.platform import check_health, forget
from workers.tasks.risk import sweep_risk
from workers.tasks.venues import compare_venues

TASKS: Mapping[str, TaskFunction] = {
    DAY_ROLL: roll_day,
    FUNDING: pay_funding,
    BOOK_PROOF: prove_books,
    EQUITY_SAMPLES: sample_accounts,
    POSITION_SNAPSHOTS: snapshot_accounts,
    HISTORY: keep_months,
    BALANCES: refresh_all,
    ORDER_EXPIRY: end_overdue_orders,
    CANCEL_TIMERS: fire_cancel_timers,
    LATE_COMMANDS: check_late_commands,
    RETENTION: forget,
    HEALTH: check_health,
    VENUE_RECONCILIATION: compare_venues,
    RISK_SWEEP: sweep_risk,
    ANOMALY_DETECTION: detect_anomalies,
}
