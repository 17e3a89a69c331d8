"""Tables of the account area. ``account_events`` has a composite key, which the ORM lacks: see the migrations."""

from tortoise import Model, fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.access.types import Role
from domain.accounts.types import (
    GENESIS_HASH,
    AccountKind,
    AccountState,
    HouseAccount,
    PositionMode,
    TransactionKind,
)
from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO


class Account(Model):
    """The account; the lock of its row orders every change of the account."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    owner = fields.ForeignKeyField("tradegraph.User", related_name="accounts", on_delete=fields.RESTRICT, db_index=True)
    name = fields.CharField(max_length=100)
    venue = fields.CharField(max_length=40)
    kind = fields.CharEnumField(AccountKind, max_length=10)
    position_mode = fields.CharEnumField(PositionMode, max_length=10)
    state = fields.CharEnumField(AccountState, max_length=12, default=AccountState.ACTIVE)
    currency = fields.CharField(max_length=12)
    cash = NumericField(default=ZERO)
    reserved = NumericField(default=ZERO)
    realized_pnl = NumericField(default=ZERO)
    fees_paid = NumericField(default=ZERO)
    day_opening_equity = NumericField(default=ZERO)
    day_transfers = NumericField(default=ZERO)
    transaction_sequence = fields.BigIntField(default=0)
    transaction_hash = fields.CharField(max_length=64, default=GENESIS_HASH)
    event_sequence = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()
    rolled_at = fields.DatetimeField()
    carried_on = fields.DateField(null=True)
    peak_equity = NumericField(default=ZERO, db_default=ZERO)
    book_version = fields.BigIntField(default=0, db_default=0)
    reduce_only_role = fields.CharEnumField(Role, max_length=16, null=True)
    halted_role = fields.CharEnumField(Role, max_length=16, null=True)
    state_by = fields.CharField(max_length=254, null=True)
    state_reason = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "accounts"
        constraints = [
            CheckConstraint(check="reserved >= 0", name="accounts_reserved_not_negative"),
        ]


class InterestRate(Model):
    """The yearly interest rate of loans in a currency, as a ratio."""

    currency = fields.CharField(max_length=12, primary_key=True)
    loan_rate = NumericField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "interest_rates"
        constraints = [CheckConstraint(check="loan_rate BETWEEN 0 AND 10", name="interest_rates_bounds")]


class AccountTransaction(Model):
    """One ledger row; a trigger refuses to change or remove it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="transactions", on_delete=fields.RESTRICT)
    sequence = fields.BigIntField()
    kind = fields.CharEnumField(TransactionKind, max_length=16)
    contra = fields.CharEnumField(HouseAccount, max_length=12)
    amount = NumericField()
    balance_after = NumericField()
    currency = fields.CharField(max_length=12)
    order_id = fields.UUIDField(null=True)
    execution_id = fields.UUIDField(null=True)
    reference = fields.CharField(max_length=100, null=True)
    note = fields.CharField(max_length=500, null=True)
    hash = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    by = fields.CharField(max_length=254, null=True)

    class Meta:
        table = "account_transactions"
        indexes = [Index(fields=("order_id",), name="account_transactions_order")]
        constraints = [
            UniqueConstraint(fields=("account_id", "sequence"), name="account_transactions_sequence"),
            UniqueConstraint(
                fields=("account_id", "reference"),
                name="account_transactions_reference",
                condition="reference IS NOT NULL",
            ),
            CheckConstraint(check="amount <> 0", name="account_transactions_amount_not_zero"),
        ]
