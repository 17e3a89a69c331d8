from datetime import datetime
from decimal import Decimal
from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import RiskRuleKind


class TryRiskRule(BaseModel):
    try_risk_rule: "TryRiskRuleTryRiskRule"


class TryRiskRuleTryRiskRule(BaseModel):
    count: int
    from_: datetime = Field(alias="from")
    hits: list["TryRiskRuleTryRiskRuleHits"]
    is_complete: bool
    kind: RiskRuleKind
    reached_at: datetime
    refused: int
    to: datetime
    tried: int


class TryRiskRuleTryRiskRuleHits(BaseModel):
    account_id: str
    at: datetime
    limit: Optional[Decimal] = Field(default=None)
    message: str
    observed: Optional[Decimal] = Field(default=None)
    order_id: Optional[str] = Field(default=None)
    symbol: Optional[str] = Field(default=None)
