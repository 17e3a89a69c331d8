"""Days: corporate actions, the prices that days closed with, what adjusted positions, and daily statements."""

from tortoise import migrations
from tortoise.migrations import operations as ops

CORPORATE_ACTIONS = (
    "CREATE TABLE corporate_actions ("
    "id uuid PRIMARY KEY, instrument_id uuid NOT NULL REFERENCES instruments (id), symbol varchar(40) NOT NULL, "
    "kind varchar(16) NOT NULL, ex_date date NOT NULL, ratio numeric CHECK (ratio > 0), amount_per_unit numeric, "
    "new_symbol varchar(40), recorded_by varchar(254) NOT NULL, created_at timestamptz NOT NULL, "
    "effective_at timestamptz, applied_at timestamptz, "
    "accounts_affected int NOT NULL DEFAULT 0 CHECK (accounts_affected >= 0), "
    "CONSTRAINT corporate_actions_once UNIQUE (instrument_id, kind, ex_date), "
    "CONSTRAINT corporate_actions_applied_after_effect CHECK (applied_at IS NULL OR effective_at IS NOT NULL), "
    "CONSTRAINT corporate_actions_figures CHECK (CASE WHEN kind IN ('SPLIT', 'STOCK_DIVIDEND') "
    "THEN ratio IS NOT NULL AND amount_per_unit IS NULL AND new_symbol IS NULL "
    "WHEN kind = 'CASH_DIVIDEND' THEN ratio IS NULL AND amount_per_unit > 0 AND new_symbol IS NULL "
    "WHEN kind = 'SYMBOL_CHANGE' THEN ratio IS NULL AND amount_per_unit IS NULL AND new_symbol IS NOT NULL "
    "ELSE kind = 'DELISTING' AND ratio IS NULL AND new_symbol IS NULL END))",
    "CREATE INDEX corporate_actions_days ON corporate_actions (ex_date, id)",
    "CREATE INDEX corporate_actions_rolls ON corporate_actions (effective_at)",
)

MARKET_DAYS = (
    "CREATE TABLE market_days (moment timestamptz PRIMARY KEY, day date NOT NULL UNIQUE, "
    "closed_at timestamptz NOT NULL, restated text)",
    "CREATE TABLE day_closes (day date NOT NULL REFERENCES market_days (day), "
    "instrument_id uuid NOT NULL REFERENCES instruments (id), price numeric NOT NULL, ex_price numeric NOT NULL, "
    "PRIMARY KEY (day, instrument_id))",
)

# The sequence is that of the event which told the account of them; the place orders those of one event.
POSITION_ADJUSTMENTS = (
    "CREATE TABLE position_adjustments ("
    "id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts (id), "
    "instrument_id uuid NOT NULL REFERENCES instruments (id), bucket varchar(5) NOT NULL, kind varchar(12) NOT NULL, "
    "day date NOT NULL, sequence bigint NOT NULL CHECK (sequence > 0), place int NOT NULL, "
    "action_id uuid REFERENCES corporate_actions (id), factor numeric NOT NULL CHECK (factor > 0), unit numeric, "
    "price numeric, amount_per_unit numeric, quantity_before numeric NOT NULL, quantity_after numeric NOT NULL, "
    "realized_pnl numeric NOT NULL, cash numeric NOT NULL, fx_rate numeric NOT NULL CHECK (fx_rate > 0), "
    "created_at timestamptz NOT NULL, CONSTRAINT position_adjustments_place UNIQUE (account_id, sequence, place))",
    # A day's settlement happens to a position once, and so does an action.
    "CREATE UNIQUE INDEX position_adjustments_settled_once "
    "ON position_adjustments (account_id, instrument_id, bucket, day) WHERE kind = 'SETTLEMENT'",
    "CREATE UNIQUE INDEX position_adjustments_action_once "
    "ON position_adjustments (action_id, account_id, bucket) WHERE action_id IS NOT NULL",
)

DAILY_STATEMENTS = (
    "CREATE TABLE daily_statements ("
    "account_id uuid NOT NULL REFERENCES accounts (id), day date NOT NULL, moment timestamptz NOT NULL, "
    "opening_equity numeric NOT NULL, deposits numeric NOT NULL, withdrawals numeric NOT NULL, "
    "realized_pnl numeric NOT NULL, unrealized_pnl_change numeric NOT NULL, fees numeric NOT NULL, "
    "taxes numeric NOT NULL, financing numeric NOT NULL, dividends numeric NOT NULL, closing_equity numeric NOT NULL, "
    "executions int NOT NULL CHECK (executions >= 0), realized_total numeric NOT NULL, "
    "event_sequence bigint NOT NULL, transaction_sequence bigint NOT NULL, positions text NOT NULL, "
    "PRIMARY KEY (account_id, day), "
    "CONSTRAINT daily_statements_balance CHECK (closing_equity = opening_equity + deposits - withdrawals "
    "+ realized_pnl + unrealized_pnl_change - fees - taxes + financing + dividends))",
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0008_tasks")]

    operations = [
        ops.RunSQL(CORPORATE_ACTIONS, "DROP TABLE corporate_actions"),
        ops.RunSQL(MARKET_DAYS, ("DROP TABLE day_closes", "DROP TABLE market_days")),
        ops.RunSQL(POSITION_ADJUSTMENTS, "DROP TABLE position_adjustments"),
        ops.RunSQL(DAILY_STATEMENTS, "DROP TABLE daily_statements"),
    ]
