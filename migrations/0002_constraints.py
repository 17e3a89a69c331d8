"""Constraints: CHECK, UNIQUE and partial UNIQUE."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0001_tables")]

    operations = [
        ops.AddConstraint("Instrument", CheckConstraint(check="symbol <> ''", name="instruments_symbol_given")),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="tick_size > 0 AND lot_size > 0 AND multiplier > 0", name="instruments_grid_positive"
            ),
        ),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="min_quantity > 0 AND (max_quantity IS NULL OR max_quantity >= min_quantity) AND (min_notional IS NULL OR min_notional >= 0)",
                name="instruments_quantity_range",
            ),
        ),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="maintenance_margin_rate > 0 AND initial_margin_rate >= maintenance_margin_rate AND initial_margin_rate <= 1",
                name="instruments_margin_rates",
            ),
        ),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="maker_rate BETWEEN -1 AND 1 AND taker_rate BETWEEN 0 AND 1 AND fee_per_unit >= 0 AND fee_minimum >= 0 AND sell_tax_rate BETWEEN 0 AND 1",
                name="instruments_fees",
            ),
        ),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="price_limit_rate IS NULL OR (price_limit_rate > 0 AND price_limit_rate <= 1)",
                name="instruments_price_limit",
            ),
        ),
        ops.AddConstraint(
            "Bar",
            CheckConstraint(
                check="high >= open AND high >= close AND low <= open AND low <= close AND volume >= 0",
                name="bars_range",
            ),
        ),
        ops.AddConstraint(
            "Quote",
            CheckConstraint(
                check="COALESCE(bid_size, 0) >= 0 AND COALESCE(ask_size, 0) >= 0 AND COALESCE(last_size, 0) >= 0 AND COALESCE(volume, 0) >= 0",
                name="quotes_sizes",
            ),
        ),
        ops.AddConstraint("User", UniqueConstraint(fields=("email",), name="users_email")),
        ops.AddConstraint("User", CheckConstraint(check="email = lower(email)", name="users_email_lower_case")),
        ops.AddConstraint("Account", CheckConstraint(check="reserved >= 0", name="accounts_reserved_not_negative")),
        ops.AddConstraint(
            "AccountGrant", UniqueConstraint(fields=("user_id", "account_id"), name="account_grants_user_account")
        ),
        ops.AddConstraint(
            "AccountTransaction",
            UniqueConstraint(fields=("account_id", "sequence"), name="account_transactions_sequence"),
        ),
        ops.AddConstraint(
            "AccountTransaction",
            UniqueConstraint(
                fields=("account_id", "reference"),
                name="account_transactions_reference",
                condition="reference IS NOT NULL",
            ),
        ),
        ops.AddConstraint(
            "AccountTransaction", CheckConstraint(check="amount <> 0", name="account_transactions_amount_not_zero")
        ),
        ops.AddConstraint("ApiKey", UniqueConstraint(fields=("prefix",), name="api_keys_prefix")),
        ops.AddConstraint(
            "Order", UniqueConstraint(fields=("account_id", "client_order_id"), name="orders_client_order_id")
        ),
        ops.AddConstraint("Order", CheckConstraint(check="quantity > 0", name="orders_quantity_positive")),
        ops.AddConstraint("Order", CheckConstraint(check="filled_quantity >= 0", name="orders_filled_not_negative")),
        ops.AddConstraint("Order", CheckConstraint(check="reserved >= 0", name="orders_reserved_not_negative")),
        ops.AddConstraint(
            "Execution", UniqueConstraint(fields=("order_id", "venue_execution_id"), name="executions_once")
        ),
        ops.AddConstraint("Execution", CheckConstraint(check="quantity > 0", name="executions_quantity_positive")),
        ops.AddConstraint(
            "Position", UniqueConstraint(fields=("account_id", "instrument_id", "bucket"), name="positions_bucket")
        ),
        ops.AddConstraint(
            "Position",
            CheckConstraint(
                check="working_buy >= 0 AND working_sell >= 0 AND held_quantity >= 0 AND reserved >= 0",
                name="positions_not_negative",
            ),
        ),
        ops.AddConstraint(
            "Position",
            CheckConstraint(
                check="(bucket <> 'LONG' OR quantity >= 0) AND (bucket <> 'SHORT' OR quantity <= 0)",
                name="positions_bucket_side",
            ),
        ),
        ops.AddConstraint(
            "RiskRule", CheckConstraint(check="threshold IS NULL OR threshold >= 0", name="risk_rules_threshold")
        ),
        ops.AddConstraint(
            "Session",
            CheckConstraint(check="(ended_at IS NULL) = (end_reason IS NULL)", name="sessions_end_has_reason"),
        ),
        ops.AddConstraint("RefreshToken", UniqueConstraint(fields=("token_hash",), name="refresh_tokens_token_hash")),
    ]
