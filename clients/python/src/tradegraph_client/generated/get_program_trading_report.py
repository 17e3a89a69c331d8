from .base_model import BaseModel
from .fragments import ProgramTradingReport


class GetProgramTradingReport(BaseModel):
    program_trading_report: "GetProgramTradingReportProgramTradingReport"


GetProgramTradingReportProgramTradingReport = ProgramTradingReport
