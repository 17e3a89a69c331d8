from .base_model import BaseModel
from .fragments import DailyStatement


class GetDailyStatements(BaseModel):
    daily_statements: list["GetDailyStatementsDailyStatements"]


GetDailyStatementsDailyStatements = DailyStatement
