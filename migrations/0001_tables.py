"""All tables. Their constraints follow in the next migration, because creating a table leaves them out."""

from decimal import Decimal
from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from domain.access.types import AccountPermission, AuditOutcome, Role
from domain.accounts.types import AccountKind, AccountState, HouseAccount, PositionMode, TransactionKind
from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.market.types import AssetClass, BarInterval, SettlementCycle
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)
from domain.orders.models import TextArrayField
from domain.positions.types import Bucket
from domain.risk.types import RiskAction, RiskRuleKind, RiskScope


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor", fields.CharField(max_length=254)),
                ("action", fields.CharField(max_length=64)),
                ("target", fields.CharField(null=True, max_length=300)),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="DONE: DONE\nREFUSED: REFUSED", enum_type=AuditOutcome, max_length=8
                    ),
                ),
                ("detail", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "audit_entries",
                "app": "tradegraph",
                "indexes": [
                    Index(fields=["actor", "id"], name="audit_entries_actor"),
                    Index(fields=["action", "id"], name="audit_entries_action"),
                    Index(fields=["at"], name="audit_entries_at"),
                ],
                "pk_attr": "id",
                "table_description": "One action; a trigger refuses to change or remove it. ``actor`` and ``target`` are text, not references.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CancelTimer",
            fields=[
                ("account_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("triggers_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("armed_by", fields.CharField(max_length=254)),
            ],
            options={
                "table": "cancel_timers",
                "app": "tradegraph",
                "pk_attr": "account_id",
                "table_description": "A dead man's switch: unless it is set again, all open orders of the account are cancelled at ``triggers_at``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Instrument",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("symbol", fields.CharField(unique=True, max_length=40)),
                ("name", fields.CharField(max_length=120)),
                ("exchange", fields.CharField(max_length=20)),
                (
                    "asset_class",
                    fields.CharEnumField(
                        description="EQUITY: EQUITY\nETF: ETF\nCRYPTO: CRYPTO\nFX: FX\nFUTURE: FUTURE\nPERPETUAL: PERPETUAL",
                        enum_type=AssetClass,
                        max_length=12,
                    ),
                ),
                ("currency", fields.CharField(max_length=10)),
                ("tick_size", NumericField(generated=False, null=False, unique=False)),
                ("lot_size", NumericField(generated=False, null=False, unique=False)),
                ("min_quantity", NumericField(generated=False, null=False, unique=False)),
                ("max_quantity", NumericField(null=True, generated=False, unique=False)),
                ("min_notional", NumericField(null=True, generated=False, unique=False)),
                ("multiplier", NumericField(generated=False, null=False, unique=False)),
                ("inverse", fields.BooleanField()),
                ("initial_margin_rate", NumericField(generated=False, null=False, unique=False)),
                ("maintenance_margin_rate", NumericField(generated=False, null=False, unique=False)),
                ("maker_rate", NumericField(generated=False, null=False, unique=False)),
                ("taker_rate", NumericField(generated=False, null=False, unique=False)),
                ("fee_per_unit", NumericField(generated=False, null=False, unique=False)),
                ("fee_minimum", NumericField(generated=False, null=False, unique=False)),
                ("sell_tax_rate", NumericField(generated=False, null=False, unique=False)),
                (
                    "settlement_cycle",
                    fields.CharEnumField(description="T0: T0\nT1: T1", enum_type=SettlementCycle, max_length=4),
                ),
                ("price_limit_rate", NumericField(null=True, generated=False, unique=False)),
                ("shortable", fields.BooleanField()),
                ("tradable", fields.BooleanField()),
                ("calendar", fields.CharField(max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "instruments",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "The terms of one contract.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Bar",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "interval",
                    fields.CharEnumField(
                        description="SECOND: SECOND\nMINUTE: MINUTE\nFIVE_MINUTES: FIVE_MINUTES\nFIFTEEN_MINUTES: FIFTEEN_MINUTES\nHOUR: HOUR\nDAY: DAY",
                        enum_type=BarInterval,
                        max_length=16,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("open", NumericField(generated=False, null=False, unique=False)),
                ("high", NumericField(generated=False, null=False, unique=False)),
                ("low", NumericField(generated=False, null=False, unique=False)),
                ("close", NumericField(generated=False, null=False, unique=False)),
                ("volume", NumericField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "bars",
                "app": "tradegraph",
                "unique_together": (("instrument", "interval", "at"),),
                "pk_attr": "id",
                "table_description": "One bar of one instrument; the newest one of an interval is still being built.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Lease",
            fields=[
                ("role", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=60)),
                ("epoch", fields.BigIntField()),
                ("position", fields.CharField(null=True, max_length=60)),
            ],
            options={
                "table": "leases",
                "app": "tradegraph",
                "pk_attr": "role",
                "table_description": "Who holds a role that must be single: each holder raises the epoch.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Quote",
            fields=[
                (
                    "instrument",
                    fields.OneToOneField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("at", fields.BigIntField()),
                ("bid", NumericField(null=True, generated=False, unique=False)),
                ("ask", NumericField(null=True, generated=False, unique=False)),
                ("bid_size", NumericField(null=True, generated=False, unique=False)),
                ("ask_size", NumericField(null=True, generated=False, unique=False)),
                ("last_price", NumericField(source_field="last", null=True, generated=False, unique=False)),
                ("last_size", NumericField(null=True, generated=False, unique=False)),
                ("volume", NumericField(null=True, generated=False, unique=False)),
                ("previous_close", NumericField(null=True, generated=False, unique=False)),
                ("received_at", fields.BigIntField()),
            ],
            options={
                "table": "quotes",
                "app": "tradegraph",
                "pk_attr": "instrument_id",
                "table_description": "The newest quote of an instrument, so that a restarted process knows last price and previous close.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TickPosition",
            fields=[
                ("consumer", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("position", fields.CharField(max_length=48)),
            ],
            options={
                "table": "tick_positions",
                "app": "tradegraph",
                "pk_attr": "consumer",
                "table_description": "The place in the tick stream up to which a consumer has stored what it made of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TopicVersion",
            fields=[
                ("topic", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "topic_versions",
                "app": "tradegraph",
                "pk_attr": "topic",
                "table_description": "How often a cached topic has changed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("email", fields.CharField(max_length=254)),
                ("name", fields.CharField(max_length=100)),
                (
                    "role",
                    fields.CharEnumField(
                        description="VIEWER: VIEWER\nTRADER: TRADER\nRISK_MANAGER: RISK_MANAGER\nADMIN: ADMIN",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                ("active", fields.BooleanField(default=True)),
                ("password_hash", fields.CharField(max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "users",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "A person; never removed, only made inactive. ``email`` is stored in lower case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "tradegraph.User",
                        source_field="owner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="accounts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("venue", fields.CharField(max_length=40)),
                (
                    "kind",
                    fields.CharEnumField(
                        description="CASH: CASH\nMARGIN: MARGIN", enum_type=AccountKind, max_length=10
                    ),
                ),
                (
                    "position_mode",
                    fields.CharEnumField(
                        description="NETTING: NETTING\nHEDGING: HEDGING", enum_type=PositionMode, max_length=10
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=AccountState.ACTIVE,
                        description="ACTIVE: ACTIVE\nREDUCE_ONLY: REDUCE_ONLY\nHALTED: HALTED\nCLOSED: CLOSED",
                        enum_type=AccountState,
                        max_length=12,
                    ),
                ),
                ("currency", fields.CharField(max_length=12)),
                ("cash", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserved", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("realized_pnl", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("fees_paid", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("day_opening_equity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("day_transfers", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("transaction_sequence", fields.BigIntField(default=0)),
                (
                    "transaction_hash",
                    fields.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000", max_length=64
                    ),
                ),
                ("event_sequence", fields.BigIntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("rolled_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "accounts",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "The row whose lock orders every change of an account.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccountGrant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tradegraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "permission",
                    fields.CharEnumField(
                        description="READ: READ\nTRADE: TRADE", enum_type=AccountPermission, max_length=5
                    ),
                ),
                ("granted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account_grants",
                "app": "tradegraph",
                "indexes": [Index(fields=["account_id"], name="account_grants_account")],
                "pk_attr": "id",
                "table_description": "Access of a user to an account that somebody else owns.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AccountTransaction",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="transactions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sequence", fields.BigIntField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="DEPOSIT: DEPOSIT\nWITHDRAWAL: WITHDRAWAL\nTRADE: TRADE\nFEE: FEE\nTAX: TAX\nREALIZED_PNL: REALIZED_PNL\nSETTLEMENT: SETTLEMENT\nFUNDING: FUNDING\nINTEREST: INTEREST\nDIVIDEND: DIVIDEND\nADJUSTMENT: ADJUSTMENT\nTRANSFER: TRANSFER",
                        enum_type=TransactionKind,
                        max_length=16,
                    ),
                ),
                (
                    "contra",
                    fields.CharEnumField(
                        description="EXTERNAL: EXTERNAL\nCLEARING: CLEARING\nFEES: FEES\nTAX: TAX\nFUNDING: FUNDING\nINTEREST: INTEREST\nDIVIDEND: DIVIDEND\nADJUSTMENT: ADJUSTMENT",
                        enum_type=HouseAccount,
                        max_length=12,
                    ),
                ),
                ("amount", NumericField(generated=False, null=False, unique=False)),
                ("balance_after", NumericField(generated=False, null=False, unique=False)),
                ("currency", fields.CharField(max_length=12)),
                ("order_id", fields.UUIDField(null=True)),
                ("execution_id", fields.UUIDField(null=True)),
                ("reference", fields.CharField(null=True, max_length=100)),
                ("note", fields.CharField(null=True, max_length=500)),
                ("hash", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account_transactions",
                "app": "tradegraph",
                "indexes": [Index(fields=["order_id"], name="account_transactions_order")],
                "pk_attr": "id",
                "table_description": "One ledger row; a trigger refuses to change or remove it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiKey",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tradegraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="api_keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("prefix", fields.CharField(max_length=16)),
                ("secret_hash", fields.CharField(max_length=64)),
                (
                    "role",
                    fields.CharEnumField(
                        description="VIEWER: VIEWER\nTRADER: TRADER\nRISK_MANAGER: RISK_MANAGER\nADMIN: ADMIN",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_keys",
                "app": "tradegraph",
                "indexes": [Index(fields=["user_id"], name="api_keys_user")],
                "pk_attr": "id",
                "table_description": "A credential for programs; never removed, only revoked.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Order",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="orders",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="orders",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("client_order_id", fields.CharField(max_length=64)),
                ("request_digest", fields.BinaryField()),
                ("venue", fields.CharField(max_length=40)),
                ("side", fields.CharEnumField(description="BUY: BUY\nSELL: SELL", enum_type=Side, max_length=4)),
                (
                    "type",
                    fields.CharEnumField(
                        description="MARKET: MARKET\nLIMIT: LIMIT\nSTOP: STOP\nSTOP_LIMIT: STOP_LIMIT\nTRAILING_STOP: TRAILING_STOP\nTRAILING_STOP_LIMIT: TRAILING_STOP_LIMIT\nMARKET_IF_TOUCHED: MARKET_IF_TOUCHED\nLIMIT_IF_TOUCHED: LIMIT_IF_TOUCHED\nMARKET_TO_LIMIT: MARKET_TO_LIMIT",
                        enum_type=OrderType,
                        max_length=20,
                    ),
                ),
                (
                    "time_in_force",
                    fields.CharEnumField(
                        description="DAY: DAY\nGTC: GTC\nIOC: IOC\nFOK: FOK\nGTD: GTD",
                        enum_type=TimeInForce,
                        max_length=3,
                    ),
                ),
                (
                    "position_effect",
                    fields.CharEnumField(
                        description="AUTO: AUTO\nOPEN: OPEN\nCLOSE: CLOSE\nCLOSE_TODAY: CLOSE_TODAY",
                        enum_type=PositionEffect,
                        max_length=11,
                    ),
                ),
                ("quantity", NumericField(generated=False, null=False, unique=False)),
                ("limit_price", NumericField(null=True, generated=False, unique=False)),
                ("stop_price", NumericField(null=True, generated=False, unique=False)),
                ("trailing_offset", NumericField(null=True, generated=False, unique=False)),
                (
                    "trailing_offset_kind",
                    fields.CharEnumField(
                        null=True,
                        description="PRICE: PRICE\nBASIS_POINTS: BASIS_POINTS\nTICKS: TICKS",
                        enum_type=OffsetKind,
                        max_length=12,
                    ),
                ),
                ("limit_offset", NumericField(null=True, generated=False, unique=False)),
                ("activation_price", NumericField(null=True, generated=False, unique=False)),
                (
                    "trigger_price",
                    fields.CharEnumField(
                        description="BID_ASK: BID_ASK\nLAST: LAST\nMID: MID", enum_type=TriggerPrice, max_length=7
                    ),
                ),
                ("post_only", fields.BooleanField(default=False)),
                ("reduce_only", fields.BooleanField(default=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("works_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "status",
                    fields.CharEnumField(
                        description="HELD: HELD\nPENDING_NEW: PENDING_NEW\nNEW: NEW\nPARTIALLY_FILLED: PARTIALLY_FILLED\nFILLED: FILLED\nCANCELED: CANCELED\nREJECTED: REJECTED\nEXPIRED: EXPIRED",
                        enum_type=OrderStatus,
                        max_length=16,
                    ),
                ),
                ("filled_quantity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("filled_value", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("average_price", NumericField(null=True, generated=False, unique=False)),
                ("execution_count", fields.IntField(default=0)),
                ("fees", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserved", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserved_margin", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserved_fee", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserve_price", NumericField(null=True, generated=False, unique=False)),
                ("arrival_price", NumericField(null=True, generated=False, unique=False)),
                ("strategy", fields.CharField(null=True, max_length=100)),
                ("tags", TextArrayField(generated=False, null=False, unique=False)),
                (
                    "contingency",
                    fields.CharEnumField(
                        default=Contingency.NONE,
                        description="NONE: NONE\nOCO: OCO\nOTO: OTO\nOUO: OUO",
                        enum_type=Contingency,
                        max_length=4,
                    ),
                ),
                ("parent_id", fields.UUIDField(null=True)),
                ("group_id", fields.UUIDField(null=True)),
                (
                    "pending_action",
                    fields.CharEnumField(
                        null=True, description="CANCEL: CANCEL\nREPLACE: REPLACE", enum_type=PendingAction, max_length=8
                    ),
                ),
                (
                    "reject_reason",
                    fields.CharEnumField(
                        null=True,
                        description="INSUFFICIENT_FUNDS: INSUFFICIENT_FUNDS\nINSUFFICIENT_POSITION: INSUFFICIENT_POSITION\nRISK_RULE: RISK_RULE\nACCOUNT_NOT_ACTIVE: ACCOUNT_NOT_ACTIVE\nTRADING_HALTED: TRADING_HALTED\nINSTRUMENT_NOT_TRADABLE: INSTRUMENT_NOT_TRADABLE\nMARKET_CLOSED: MARKET_CLOSED\nNO_MARKET_PRICE: NO_MARKET_PRICE\nSTALE_PRICE: STALE_PRICE\nINVALID_TICK: INVALID_TICK\nINVALID_LOT: INVALID_LOT\nQUANTITY_OUT_OF_RANGE: QUANTITY_OUT_OF_RANGE\nPRICE_OUT_OF_LIMITS: PRICE_OUT_OF_LIMITS\nNOT_SHORTABLE: NOT_SHORTABLE\nPOST_ONLY_WOULD_CROSS: POST_ONLY_WOULD_CROSS\nREDUCE_ONLY_WOULD_INCREASE: REDUCE_ONLY_WOULD_INCREASE\nUNSUPPORTED_BY_VENUE: UNSUPPORTED_BY_VENUE\nVENUE_REJECTED: VENUE_REJECTED\nGROUP_REJECTED: GROUP_REJECTED",
                        enum_type=RejectReason,
                        max_length=32,
                    ),
                ),
                ("reject_message", fields.CharField(null=True, max_length=1000)),
                ("venue_order_id", fields.CharField(null=True, max_length=100)),
                ("venue_sequence", fields.BigIntField(default=0)),
                ("activated", fields.BooleanField(default=False)),
                ("violations", fields.TextField(default="[]", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("triggered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
                ("working_quantity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("pending_changes", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "orders",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "An order with its whole state. ``request_digest`` tells a repeat from other content under the same id.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Execution",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "tradegraph.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="executions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="executions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="executions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("venue_execution_id", fields.CharField(max_length=100)),
                ("sequence", fields.BigIntField()),
                ("side", fields.CharEnumField(description="BUY: BUY\nSELL: SELL", enum_type=Side, max_length=4)),
                (
                    "position_effect",
                    fields.CharEnumField(
                        description="AUTO: AUTO\nOPEN: OPEN\nCLOSE: CLOSE\nCLOSE_TODAY: CLOSE_TODAY",
                        enum_type=PositionEffect,
                        max_length=11,
                    ),
                ),
                ("price", NumericField(generated=False, null=False, unique=False)),
                ("quantity", NumericField(generated=False, null=False, unique=False)),
                ("fee", NumericField(generated=False, null=False, unique=False)),
                ("tax", NumericField(generated=False, null=False, unique=False)),
                ("realized_pnl", NumericField(generated=False, null=False, unique=False)),
                (
                    "liquidity",
                    fields.CharEnumField(description="MAKER: MAKER\nTAKER: TAKER", enum_type=Liquidity, max_length=5),
                ),
                ("at_nanos", fields.BigIntField()),
                ("busted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("corrected_by_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "executions",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "One fill. ``at_nanos`` is the venue's time to the nanosecond, ``sequence`` that of its event in the account.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Position",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="positions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="positions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "bucket",
                    fields.CharEnumField(
                        description="NET: NET\nLONG: LONG\nSHORT: SHORT", enum_type=Bucket, max_length=5
                    ),
                ),
                ("quantity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("average_price", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("realized_pnl", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("fees_paid", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("today_quantity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("held_quantity", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("working_buy", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("working_sell", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("working_buy_margin", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("working_sell_margin", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("working_fees", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("reserved", NumericField(default=Decimal("0"), generated=False, null=False, unique=False)),
                ("opened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "positions",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "What an account holds of an instrument in one bucket, and what working orders would do to it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskRule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=100)),
                (
                    "kind",
                    fields.CharEnumField(
                        description="MAX_ORDER_NOTIONAL: MAX_ORDER_NOTIONAL\nPRICE_COLLAR: PRICE_COLLAR",
                        enum_type=RiskRuleKind,
                        max_length=30,
                    ),
                ),
                (
                    "scope",
                    fields.CharEnumField(
                        description="GLOBAL: GLOBAL\nACCOUNT: ACCOUNT\nINSTRUMENT: INSTRUMENT\nSTRATEGY: STRATEGY",
                        enum_type=RiskScope,
                        max_length=12,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="risk_rules",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("strategy", fields.CharField(null=True, max_length=100)),
                ("threshold", NumericField(null=True, generated=False, unique=False)),
                ("window_seconds", fields.IntField(null=True)),
                (
                    "action",
                    fields.CharEnumField(description="WARN: WARN\nREJECT: REJECT", enum_type=RiskAction, max_length=16),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("version", fields.IntField(default=1)),
            ],
            options={
                "table": "risk_rules",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "One configured limit; read through the cache of the topic ``risk_rules``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tradegraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("end_reason", fields.CharField(null=True, max_length=40)),
            ],
            options={
                "table": "sessions",
                "app": "tradegraph",
                "indexes": [Index(fields=["user_id", "expires_at"], name="sessions_user")],
                "pk_attr": "id",
                "table_description": "One sign-in, with all tokens that descend from it. ``expires_at`` is that of its newest refresh token.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefreshToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "session",
                    fields.ForeignKeyField(
                        "tradegraph.Session",
                        source_field="session_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refresh_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("token_hash", fields.CharField(max_length=64)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refresh_tokens",
                "app": "tradegraph",
                "indexes": [Index(fields=["session_id"], name="refresh_tokens_session")],
                "pk_attr": "id",
                "table_description": "One refresh token that was handed out. A used one is kept, so that using it again is noticed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VenueCommand",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("venue", fields.CharField(max_length=40)),
                ("kind", fields.CharField(max_length=10)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "tradegraph.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="commands",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("account_id", fields.UUIDField()),
                ("payload", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "venue_commands",
                "app": "tradegraph",
                "pk_attr": "id",
                "table_description": "What a venue is asked to do; written with the order, removed with the answer.",
            },
            bases=["Model"],
        ),
    ]
