from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import EquityPoint


class GetEquityCurve(BaseModel):
    account: Optional["GetEquityCurveAccount"] = Field(default=None)


class GetEquityCurveAccount(BaseModel):
    equity_curve: list["GetEquityCurveAccountEquityCurve"]


GetEquityCurveAccountEquityCurve = EquityPoint
