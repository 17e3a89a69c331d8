from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any, Optional, Union

from .acknowledge_risk_event import (
    AcknowledgeRiskEvent,
    AcknowledgeRiskEventAcknowledgeRiskEvent,
)
from .assign_anomaly_case import AssignAnomalyCase, AssignAnomalyCaseAssignAnomalyCase
from .async_base import AsyncBase
from .base_model import UNSET, UnsetType
from .begin_two_factor import BeginTwoFactor, BeginTwoFactorBeginTwoFactor
from .bust_execution import BustExecution, BustExecutionBustExecution
from .cancel_all_after import CancelAllAfter, CancelAllAfterCancelAllAfter
from .cancel_order import CancelOrder, CancelOrderCancelOrder
from .cancel_orders import CancelOrders, CancelOrdersCancelOrders
from .check_order import CheckOrder, CheckOrderCheckOrder
from .close_all_positions import CloseAllPositions, CloseAllPositionsCloseAllPositions
from .close_anomaly_case import CloseAnomalyCase, CloseAnomalyCaseCloseAnomalyCase
from .close_position import ClosePosition, ClosePositionClosePosition
from .comment_anomaly_case import (
    CommentAnomalyCase,
    CommentAnomalyCaseCommentAnomalyCase,
)
from .confirm_two_factor import ConfirmTwoFactor
from .correct_execution import CorrectExecution, CorrectExecutionCorrectExecution
from .create_api_key import CreateApiKey, CreateApiKeyCreateApiKey
from .create_calendar import CreateCalendar, CreateCalendarCreateCalendar
from .create_instrument import CreateInstrument, CreateInstrumentCreateInstrument
from .create_risk_rule import CreateRiskRule, CreateRiskRuleCreateRiskRule
from .create_user import CreateUser, CreateUserCreateUser
from .decide_anomaly_case import DecideAnomalyCase, DecideAnomalyCaseDecideAnomalyCase
from .delete_notification_channel import DeleteNotificationChannel
from .delete_risk_rule import DeleteRiskRule
from .deposit import Deposit, DepositDeposit
from .disable_two_factor import DisableTwoFactor
from .documents import (
    ACKNOWLEDGE_RISK_EVENT_GQL,
    ASSIGN_ANOMALY_CASE_GQL,
    BEGIN_TWO_FACTOR_GQL,
    BUST_EXECUTION_GQL,
    CANCEL_ALL_AFTER_GQL,
    CANCEL_ORDER_GQL,
    CANCEL_ORDERS_GQL,
    CHECK_ORDER_GQL,
    CLOSE_ALL_POSITIONS_GQL,
    CLOSE_ANOMALY_CASE_GQL,
    CLOSE_POSITION_GQL,
    COMMENT_ANOMALY_CASE_GQL,
    CONFIRM_TWO_FACTOR_GQL,
    CORRECT_EXECUTION_GQL,
    CREATE_API_KEY_GQL,
    CREATE_CALENDAR_GQL,
    CREATE_INSTRUMENT_GQL,
    CREATE_RISK_RULE_GQL,
    CREATE_USER_GQL,
    DECIDE_ANOMALY_CASE_GQL,
    DELETE_NOTIFICATION_CHANNEL_GQL,
    DELETE_RISK_RULE_GQL,
    DEPOSIT_GQL,
    DISABLE_TWO_FACTOR_GQL,
    FREEZE_POSITION_GQL,
    GET_ACCOUNT_GQL,
    GET_ACCOUNTS_CONNECTION_GQL,
    GET_ANOMALIES_GQL,
    GET_ANOMALY_CASE_GQL,
    GET_ANOMALY_CASE_TIMELINE_GQL,
    GET_ANOMALY_CASES_GQL,
    GET_ANOMALY_DETECTORS_CONNECTION_GQL,
    GET_ANOMALY_DETECTORS_GQL,
    GET_ANOMALY_DISMISSALS_CONNECTION_GQL,
    GET_ANOMALY_GQL,
    GET_API_KEYS_CONNECTION_GQL,
    GET_API_KEYS_GQL,
    GET_AUDIT_LOG_GQL,
    GET_BARS_CONNECTION_GQL,
    GET_BARS_GQL,
    GET_BOOK_PROOF_GQL,
    GET_CALENDARS_CONNECTION_GQL,
    GET_CALENDARS_GQL,
    GET_CLOSED_TRADES_CONNECTION_GQL,
    GET_CORPORATE_ACTIONS_CONNECTION_GQL,
    GET_DAILY_STATEMENTS_CONNECTION_GQL,
    GET_EQUITY_CURVE_GQL,
    GET_EVENT_CURSOR_GQL,
    GET_EXECUTION_GQL,
    GET_EXECUTIONS_GQL,
    GET_INSTRUMENT_GQL,
    GET_INSTRUMENTS_GQL,
    GET_INTEREST_RATES_CONNECTION_GQL,
    GET_INTEREST_RATES_GQL,
    GET_NOTIFICATION_CHANNELS_CONNECTION_GQL,
    GET_NOTIFICATION_CHANNELS_GQL,
    GET_ORDER_GQL,
    GET_ORDER_HISTORY_GQL,
    GET_ORDER_STATISTICS_GQL,
    GET_ORDERS_GQL,
    GET_PERFORMANCE_GQL,
    GET_POSITION_GQL,
    GET_POSITION_HISTORY_CONNECTION_GQL,
    GET_POSITION_SUMMARY_GQL,
    GET_POSITIONS_CONNECTION_GQL,
    GET_POSITIONS_GQL,
    GET_PROGRAM_TRADING_REPORT_GQL,
    GET_QUOTES_GQL,
    GET_RISK_EVENT_GQL,
    GET_RISK_EVENTS_GQL,
    GET_RISK_METRICS_GQL,
    GET_RISK_RULE_GQL,
    GET_RISK_RULES_CONNECTION_GQL,
    GET_SCHEDULED_TASKS_CONNECTION_GQL,
    GET_SCHEDULED_TASKS_GQL,
    GET_SESSIONS_CONNECTION_GQL,
    GET_SESSIONS_GQL,
    GET_STREAM_CURSORS_GQL,
    GET_SYSTEM_HEALTH_GQL,
    GET_SYSTEM_METRICS_GQL,
    GET_TASK_RUNS_GQL,
    GET_TRADING_HALTS_CONNECTION_GQL,
    GET_TRANSACTION_GQL,
    GET_TRANSACTIONS_GQL,
    GET_TRIAL_BALANCE_CONNECTION_GQL,
    GET_TRIAL_BALANCE_GQL,
    GET_USERS_GQL,
    GET_VIEWER_GQL,
    GRANT_ACCOUNT_GQL,
    HALT_TRADING_GQL,
    LOGIN_GQL,
    LOGOUT_GQL,
    MODIFY_ORDER_GQL,
    OPEN_ACCOUNT_GQL,
    PLACE_BRACKET_GQL,
    PLACE_OCO_GQL,
    PLACE_ORDER_GQL,
    PLACE_ORDERS_GQL,
    PUBLISH_QUOTES_GQL,
    RECORD_CORPORATE_ACTION_GQL,
    REFRESH_SESSION_GQL,
    REMOVE_ANOMALY_DISMISSAL_GQL,
    REOPEN_ANOMALY_CASE_GQL,
    REPLAY_DETECTOR_GQL,
    RESOLVE_RISK_EVENT_GQL,
    RESUME_TRADING_GQL,
    REVOKE_ACCOUNT_GQL,
    REVOKE_API_KEY_GQL,
    REVOKE_OTHER_SESSIONS_GQL,
    REVOKE_SESSION_GQL,
    RUN_ANOMALY_DETECTION_GQL,
    RUN_SCHEDULED_TASK_GQL,
    SAVE_NOTIFICATION_CHANNEL_GQL,
    SAVE_PREFERENCES_GQL,
    SET_ACCOUNT_STATE_GQL,
    SET_INTEREST_RATE_GQL,
    TEST_NOTIFICATION_CHANNEL_GQL,
    TRY_RISK_RULE_GQL,
    UNFREEZE_POSITION_GQL,
    UPDATE_ANOMALY_DETECTOR_GQL,
    UPDATE_INSTRUMENT_GQL,
    UPDATE_RISK_RULE_GQL,
    UPDATE_SCHEDULED_TASK_GQL,
    UPDATE_USER_GQL,
    WATCH_ACCOUNT_EVENTS_GQL,
    WATCH_ACCOUNT_GQL,
    WATCH_ANOMALIES_GQL,
    WATCH_ANOMALY_CASES_GQL,
    WATCH_BARS_GQL,
    WATCH_EXECUTIONS_GQL,
    WATCH_ORDER_EVENTS_GQL,
    WATCH_PNL_GQL,
    WATCH_POSITIONS_GQL,
    WATCH_QUOTES_GQL,
    WATCH_RISK_EVENTS_GQL,
    WATCH_SYSTEM_HEALTH_GQL,
    WATCH_SYSTEM_METRICS_GQL,
    WATCH_TASK_RUNS_GQL,
    WITHDRAW_GQL,
)
from .enums import (
    AccountPermission,
    AnomalyKind,
    AuditOutcome,
    BarInterval,
    NotificationTopic,
    PositionSide,
    Severity,
    TaskRunState,
)
from .freeze_position import FreezePosition, FreezePositionFreezePosition
from .get_account import GetAccount, GetAccountAccount
from .get_accounts_connection import (
    GetAccountsConnection,
    GetAccountsConnectionAccountsConnection,
)
from .get_anomalies import GetAnomalies, GetAnomaliesAnomalies
from .get_anomaly import GetAnomaly, GetAnomalyAnomaly
from .get_anomaly_case import GetAnomalyCase, GetAnomalyCaseAnomalyCase
from .get_anomaly_case_timeline import (
    GetAnomalyCaseTimeline,
    GetAnomalyCaseTimelineAnomalyCase,
)
from .get_anomaly_cases import GetAnomalyCases, GetAnomalyCasesAnomalyCases
from .get_anomaly_detectors import (
    GetAnomalyDetectors,
    GetAnomalyDetectorsAnomalyDetectors,
)
from .get_anomaly_detectors_connection import (
    GetAnomalyDetectorsConnection,
    GetAnomalyDetectorsConnectionAnomalyDetectorsConnection,
)
from .get_anomaly_dismissals_connection import (
    GetAnomalyDismissalsConnection,
    GetAnomalyDismissalsConnectionAnomalyDismissalsConnection,
)
from .get_api_keys import GetApiKeys, GetApiKeysApiKeys
from .get_api_keys_connection import (
    GetApiKeysConnection,
    GetApiKeysConnectionApiKeysConnection,
)
from .get_audit_log import GetAuditLog, GetAuditLogAuditLog
from .get_bars import GetBars, GetBarsBars
from .get_bars_connection import GetBarsConnection, GetBarsConnectionBarsConnection
from .get_book_proof import GetBookProof, GetBookProofBookProof
from .get_calendars import GetCalendars, GetCalendarsCalendars
from .get_calendars_connection import (
    GetCalendarsConnection,
    GetCalendarsConnectionCalendarsConnection,
)
from .get_closed_trades_connection import (
    GetClosedTradesConnection,
    GetClosedTradesConnectionClosedTradesConnection,
)
from .get_corporate_actions_connection import (
    GetCorporateActionsConnection,
    GetCorporateActionsConnectionCorporateActionsConnection,
)
from .get_daily_statements_connection import (
    GetDailyStatementsConnection,
    GetDailyStatementsConnectionDailyStatementsConnection,
)
from .get_equity_curve import GetEquityCurve, GetEquityCurveAccount
from .get_event_cursor import GetEventCursor, GetEventCursorAccount
from .get_execution import GetExecution, GetExecutionExecution
from .get_executions import GetExecutions, GetExecutionsExecutions
from .get_instrument import GetInstrument, GetInstrumentInstrument
from .get_instruments import GetInstruments, GetInstrumentsInstruments
from .get_interest_rates import GetInterestRates, GetInterestRatesInterestRates
from .get_interest_rates_connection import (
    GetInterestRatesConnection,
    GetInterestRatesConnectionInterestRatesConnection,
)
from .get_notification_channels import (
    GetNotificationChannels,
    GetNotificationChannelsNotificationChannels,
)
from .get_notification_channels_connection import (
    GetNotificationChannelsConnection,
    GetNotificationChannelsConnectionNotificationChannelsConnection,
)
from .get_order import GetOrder, GetOrderOrder
from .get_order_history import GetOrderHistory, GetOrderHistoryOrder
from .get_order_statistics import GetOrderStatistics, GetOrderStatisticsOrderStatistics
from .get_orders import GetOrders, GetOrdersOrders
from .get_performance import GetPerformance, GetPerformanceAccount
from .get_position import GetPosition, GetPositionPosition
from .get_position_history_connection import (
    GetPositionHistoryConnection,
    GetPositionHistoryConnectionPositionHistoryConnection,
)
from .get_position_summary import GetPositionSummary, GetPositionSummaryPositionSummary
from .get_positions import GetPositions, GetPositionsPositions
from .get_positions_connection import (
    GetPositionsConnection,
    GetPositionsConnectionPositionsConnection,
)
from .get_program_trading_report import (
    GetProgramTradingReport,
    GetProgramTradingReportProgramTradingReport,
)
from .get_quotes import GetQuotes, GetQuotesQuotes
from .get_risk_event import GetRiskEvent, GetRiskEventRiskEvent
from .get_risk_events import GetRiskEvents, GetRiskEventsRiskEvents
from .get_risk_metrics import GetRiskMetrics, GetRiskMetricsRiskMetrics
from .get_risk_rule import GetRiskRule, GetRiskRuleRiskRule
from .get_risk_rules_connection import (
    GetRiskRulesConnection,
    GetRiskRulesConnectionRiskRulesConnection,
)
from .get_scheduled_tasks import GetScheduledTasks, GetScheduledTasksScheduledTasks
from .get_scheduled_tasks_connection import (
    GetScheduledTasksConnection,
    GetScheduledTasksConnectionScheduledTasksConnection,
)
from .get_sessions import GetSessions, GetSessionsSessions
from .get_sessions_connection import (
    GetSessionsConnection,
    GetSessionsConnectionSessionsConnection,
)
from .get_stream_cursors import GetStreamCursors, GetStreamCursorsStreamCursors
from .get_system_health import GetSystemHealth, GetSystemHealthSystemHealth
from .get_system_metrics import GetSystemMetrics, GetSystemMetricsSystemMetrics
from .get_task_runs import GetTaskRuns, GetTaskRunsTaskRuns
from .get_trading_halts_connection import (
    GetTradingHaltsConnection,
    GetTradingHaltsConnectionTradingHaltsConnection,
)
from .get_transaction import GetTransaction, GetTransactionTransaction
from .get_transactions import GetTransactions, GetTransactionsAccount
from .get_trial_balance import GetTrialBalance, GetTrialBalanceTrialBalance
from .get_trial_balance_connection import (
    GetTrialBalanceConnection,
    GetTrialBalanceConnectionTrialBalanceConnection,
)
from .get_users import GetUsers, GetUsersUsers
from .get_viewer import GetViewer, GetViewerViewer
from .grant_account import GrantAccount, GrantAccountGrantAccount
from .halt_trading import HaltTrading, HaltTradingHaltTrading
from .input_types import (
    AccountFilter,
    AnomalyCaseFilter,
    AnomalyFilter,
    AssignAnomalyCaseInput,
    BustExecutionInput,
    CancelAllAfterInput,
    CancelOrderInput,
    CancelOrdersInput,
    CashInput,
    CloseAnomalyCaseInput,
    ClosePositionInput,
    CommentAnomalyCaseInput,
    CorporateActionInput,
    CorrectExecutionInput,
    CreateApiKeyInput,
    CreateCalendarInput,
    CreateInstrumentInput,
    CreateRiskRuleInput,
    CreateUserInput,
    DecideAnomalyCaseInput,
    ExecutionFilter,
    FreezePositionInput,
    GrantAccountInput,
    HaltTradingInput,
    InstrumentFilter,
    LoginInput,
    ModifyOrderInput,
    OpenAccountInput,
    OrderFilter,
    OrderSort,
    PlaceBracketInput,
    PlaceOcoInput,
    PlaceOrderInput,
    PlaceOrdersInput,
    ProgramTradingReportInput,
    PublishQuotesInput,
    ReopenAnomalyCaseInput,
    ReplayDetectorInput,
    ResolveRiskEventInput,
    RiskEventFilter,
    RiskRuleFilter,
    SaveNotificationChannelInput,
    SetAccountStateInput,
    SetInterestRateInput,
    TradingHaltFilter,
    TransactionFilter,
    UpdateAnomalyDetectorInput,
    UpdateInstrumentInput,
    UpdateRiskRuleInput,
    UpdateScheduledTaskInput,
    UpdateUserInput,
)
from .login import Login, LoginLogin
from .logout import Logout
from .modify_order import ModifyOrder, ModifyOrderModifyOrder
from .open_account import OpenAccount, OpenAccountOpenAccount
from .place_bracket import PlaceBracket, PlaceBracketPlaceBracket
from .place_oco import PlaceOco, PlaceOcoPlaceOco
from .place_order import PlaceOrder, PlaceOrderPlaceOrder
from .place_orders import PlaceOrders, PlaceOrdersPlaceOrders
from .publish_quotes import PublishQuotes
from .record_corporate_action import (
    RecordCorporateAction,
    RecordCorporateActionRecordCorporateAction,
)
from .refresh_session import RefreshSession, RefreshSessionRefreshSession
from .remove_anomaly_dismissal import (
    RemoveAnomalyDismissal,
    RemoveAnomalyDismissalRemoveAnomalyDismissal,
)
from .reopen_anomaly_case import ReopenAnomalyCase, ReopenAnomalyCaseReopenAnomalyCase
from .replay_detector import ReplayDetector, ReplayDetectorReplayDetector
from .resolve_risk_event import ResolveRiskEvent, ResolveRiskEventResolveRiskEvent
from .resume_trading import ResumeTrading, ResumeTradingResumeTrading
from .revoke_account import RevokeAccount, RevokeAccountRevokeAccount
from .revoke_api_key import RevokeApiKey, RevokeApiKeyRevokeApiKey
from .revoke_other_sessions import RevokeOtherSessions
from .revoke_session import RevokeSession, RevokeSessionRevokeSession
from .run_anomaly_detection import (
    RunAnomalyDetection,
    RunAnomalyDetectionRunAnomalyDetection,
)
from .run_scheduled_task import RunScheduledTask, RunScheduledTaskRunScheduledTask
from .save_notification_channel import (
    SaveNotificationChannel,
    SaveNotificationChannelSaveNotificationChannel,
)
from .save_preferences import SavePreferences
from .set_account_state import SetAccountState, SetAccountStateSetAccountState
from .set_interest_rate import SetInterestRate, SetInterestRateSetInterestRate
from .test_notification_channel import TestNotificationChannel
from .try_risk_rule import TryRiskRule, TryRiskRuleTryRiskRule
from .unfreeze_position import UnfreezePosition, UnfreezePositionUnfreezePosition
from .update_anomaly_detector import (
    UpdateAnomalyDetector,
    UpdateAnomalyDetectorUpdateAnomalyDetector,
)
from .update_instrument import UpdateInstrument, UpdateInstrumentUpdateInstrument
from .update_risk_rule import UpdateRiskRule, UpdateRiskRuleUpdateRiskRule
from .update_scheduled_task import (
    UpdateScheduledTask,
    UpdateScheduledTaskUpdateScheduledTask,
)
from .update_user import UpdateUser, UpdateUserUpdateUser
from .watch_account import WatchAccount, WatchAccountAccount
from .watch_account_events import WatchAccountEvents, WatchAccountEventsAccountEvents
from .watch_anomalies import WatchAnomalies, WatchAnomaliesAnomalies
from .watch_anomaly_cases import WatchAnomalyCases, WatchAnomalyCasesAnomalyCases
from .watch_bars import WatchBars, WatchBarsBars
from .watch_executions import WatchExecutions, WatchExecutionsExecutions
from .watch_order_events import WatchOrderEvents, WatchOrderEventsOrderEvents
from .watch_pnl import WatchPnl, WatchPnlPnl
from .watch_positions import WatchPositions, WatchPositionsPositions
from .watch_quotes import WatchQuotes, WatchQuotesQuotes
from .watch_risk_events import WatchRiskEvents, WatchRiskEventsRiskEvents
from .watch_system_health import WatchSystemHealth, WatchSystemHealthSystemHealth
from .watch_system_metrics import WatchSystemMetrics, WatchSystemMetricsSystemMetrics
from .watch_task_runs import WatchTaskRuns, WatchTaskRunsTaskRuns
from .withdraw import Withdraw, WithdrawWithdraw


def gql(q: str) -> str:
    return q


class Client(AsyncBase):
    async def get_api_keys(self, **kwargs: Any) -> list[GetApiKeysApiKeys]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_API_KEYS_GQL,
            operation_name="getApiKeys",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetApiKeys.model_validate(data).api_keys

    async def get_audit_log(
        self,
        action: Union[Optional[str], UnsetType] = UNSET,
        actor: Union[Optional[str], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        outcome: Union[Optional[AuditOutcome], UnsetType] = UNSET,
        target: Union[Optional[str], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAuditLogAuditLog:
        variables: dict[str, object] = {
            "action": action,
            "actor": actor,
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "last": last,
            "outcome": outcome,
            "target": target,
            "to": to,
        }
        response = await self.execute(
            query=GET_AUDIT_LOG_GQL,
            operation_name="getAuditLog",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAuditLog.model_validate(data).audit_log

    async def get_notification_channels(
        self, **kwargs: Any
    ) -> list[GetNotificationChannelsNotificationChannels]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_NOTIFICATION_CHANNELS_GQL,
            operation_name="getNotificationChannels",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetNotificationChannels.model_validate(data).notification_channels

    async def get_sessions(
        self, user_id: Union[Optional[str], UnsetType] = UNSET, **kwargs: Any
    ) -> list[GetSessionsSessions]:
        variables: dict[str, object] = {"userId": user_id}
        response = await self.execute(
            query=GET_SESSIONS_GQL,
            operation_name="getSessions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetSessions.model_validate(data).sessions

    async def get_users(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetUsersUsers:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_USERS_GQL,
            operation_name="getUsers",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetUsers.model_validate(data).users

    async def get_viewer(self, **kwargs: Any) -> GetViewerViewer:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_VIEWER_GQL,
            operation_name="getViewer",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetViewer.model_validate(data).viewer

    async def begin_two_factor(self, **kwargs: Any) -> BeginTwoFactorBeginTwoFactor:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=BEGIN_TWO_FACTOR_GQL,
            operation_name="beginTwoFactor",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return BeginTwoFactor.model_validate(data).begin_two_factor

    async def confirm_two_factor(self, code: str, **kwargs: Any) -> list[str]:
        variables: dict[str, object] = {"code": code}
        response = await self.execute(
            query=CONFIRM_TWO_FACTOR_GQL,
            operation_name="confirmTwoFactor",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ConfirmTwoFactor.model_validate(data).confirm_two_factor

    async def create_api_key(
        self, input: CreateApiKeyInput, **kwargs: Any
    ) -> CreateApiKeyCreateApiKey:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CREATE_API_KEY_GQL,
            operation_name="createApiKey",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CreateApiKey.model_validate(data).create_api_key

    async def create_user(
        self, input: CreateUserInput, **kwargs: Any
    ) -> CreateUserCreateUser:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CREATE_USER_GQL,
            operation_name="createUser",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CreateUser.model_validate(data).create_user

    async def delete_notification_channel(self, id: str, **kwargs: Any) -> str:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=DELETE_NOTIFICATION_CHANNEL_GQL,
            operation_name="deleteNotificationChannel",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return DeleteNotificationChannel.model_validate(
            data
        ).delete_notification_channel

    async def disable_two_factor(
        self,
        code: Union[Optional[str], UnsetType] = UNSET,
        user_id: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> bool:
        variables: dict[str, object] = {"code": code, "userId": user_id}
        response = await self.execute(
            query=DISABLE_TWO_FACTOR_GQL,
            operation_name="disableTwoFactor",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return DisableTwoFactor.model_validate(data).disable_two_factor

    async def grant_account(
        self, input: GrantAccountInput, **kwargs: Any
    ) -> GrantAccountGrantAccount:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=GRANT_ACCOUNT_GQL,
            operation_name="grantAccount",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GrantAccount.model_validate(data).grant_account

    async def login(self, input: LoginInput, **kwargs: Any) -> LoginLogin:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=LOGIN_GQL, operation_name="login", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Login.model_validate(data).login

    async def logout(self, **kwargs: Any) -> bool:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=LOGOUT_GQL, operation_name="logout", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Logout.model_validate(data).logout

    async def refresh_session(
        self, refresh_token: str, **kwargs: Any
    ) -> RefreshSessionRefreshSession:
        variables: dict[str, object] = {"refreshToken": refresh_token}
        response = await self.execute(
            query=REFRESH_SESSION_GQL,
            operation_name="refreshSession",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RefreshSession.model_validate(data).refresh_session

    async def revoke_account(
        self,
        account_id: str,
        user_id: str,
        permission: Union[Optional[AccountPermission], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> RevokeAccountRevokeAccount:
        variables: dict[str, object] = {
            "accountId": account_id,
            "permission": permission,
            "userId": user_id,
        }
        response = await self.execute(
            query=REVOKE_ACCOUNT_GQL,
            operation_name="revokeAccount",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RevokeAccount.model_validate(data).revoke_account

    async def revoke_api_key(self, id: str, **kwargs: Any) -> RevokeApiKeyRevokeApiKey:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=REVOKE_API_KEY_GQL,
            operation_name="revokeApiKey",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RevokeApiKey.model_validate(data).revoke_api_key

    async def revoke_other_sessions(self, **kwargs: Any) -> int:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=REVOKE_OTHER_SESSIONS_GQL,
            operation_name="revokeOtherSessions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RevokeOtherSessions.model_validate(data).revoke_other_sessions

    async def revoke_session(
        self, id: str, **kwargs: Any
    ) -> RevokeSessionRevokeSession:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=REVOKE_SESSION_GQL,
            operation_name="revokeSession",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RevokeSession.model_validate(data).revoke_session

    async def save_notification_channel(
        self, input: SaveNotificationChannelInput, **kwargs: Any
    ) -> SaveNotificationChannelSaveNotificationChannel:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=SAVE_NOTIFICATION_CHANNEL_GQL,
            operation_name="saveNotificationChannel",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return SaveNotificationChannel.model_validate(data).save_notification_channel

    async def save_preferences(self, preferences: Any, **kwargs: Any) -> Any:
        variables: dict[str, object] = {"preferences": preferences}
        response = await self.execute(
            query=SAVE_PREFERENCES_GQL,
            operation_name="savePreferences",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return SavePreferences.model_validate(data).save_preferences

    async def test_notification_channel(self, id: str, **kwargs: Any) -> bool:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=TEST_NOTIFICATION_CHANNEL_GQL,
            operation_name="testNotificationChannel",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return TestNotificationChannel.model_validate(data).test_notification_channel

    async def update_user(
        self, input: UpdateUserInput, **kwargs: Any
    ) -> UpdateUserUpdateUser:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UPDATE_USER_GQL,
            operation_name="updateUser",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UpdateUser.model_validate(data).update_user

    async def get_api_keys_connection(
        self,
        active: Union[Optional[bool], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetApiKeysConnectionApiKeysConnection:
        variables: dict[str, object] = {
            "active": active,
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_API_KEYS_CONNECTION_GQL,
            operation_name="getApiKeysConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetApiKeysConnection.model_validate(data).api_keys_connection

    async def get_sessions_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        user_id: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetSessionsConnectionSessionsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "last": last,
            "userId": user_id,
        }
        response = await self.execute(
            query=GET_SESSIONS_CONNECTION_GQL,
            operation_name="getSessionsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetSessionsConnection.model_validate(data).sessions_connection

    async def get_notification_channels_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        enabled: Union[Optional[bool], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        topic: Union[Optional[NotificationTopic], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetNotificationChannelsConnectionNotificationChannelsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "enabled": enabled,
            "first": first,
            "last": last,
            "topic": topic,
        }
        response = await self.execute(
            query=GET_NOTIFICATION_CHANNELS_CONNECTION_GQL,
            operation_name="getNotificationChannelsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetNotificationChannelsConnection.model_validate(
            data
        ).notification_channels_connection

    async def get_account(self, id: str, **kwargs: Any) -> Optional[GetAccountAccount]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_ACCOUNT_GQL,
            operation_name="getAccount",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAccount.model_validate(data).account

    async def get_transaction(
        self, id: str, **kwargs: Any
    ) -> Optional[GetTransactionTransaction]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_TRANSACTION_GQL,
            operation_name="getTransaction",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTransaction.model_validate(data).transaction

    async def deposit(self, input: CashInput, **kwargs: Any) -> DepositDeposit:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=DEPOSIT_GQL, operation_name="deposit", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Deposit.model_validate(data).deposit

    async def open_account(
        self, input: OpenAccountInput, **kwargs: Any
    ) -> OpenAccountOpenAccount:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=OPEN_ACCOUNT_GQL,
            operation_name="openAccount",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return OpenAccount.model_validate(data).open_account

    async def set_account_state(
        self, input: SetAccountStateInput, **kwargs: Any
    ) -> SetAccountStateSetAccountState:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=SET_ACCOUNT_STATE_GQL,
            operation_name="setAccountState",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return SetAccountState.model_validate(data).set_account_state

    async def withdraw(self, input: CashInput, **kwargs: Any) -> WithdrawWithdraw:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=WITHDRAW_GQL, operation_name="withdraw", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Withdraw.model_validate(data).withdraw

    async def get_event_cursor(
        self, id: str, **kwargs: Any
    ) -> Optional[GetEventCursorAccount]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_EVENT_CURSOR_GQL,
            operation_name="getEventCursor",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetEventCursor.model_validate(data).account

    async def get_equity_curve(
        self,
        id: str,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        interval: Union[Optional[BarInterval], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetEquityCurveAccount]:
        variables: dict[str, object] = {
            "id": id,
            "from": from_,
            "interval": interval,
            "to": to,
        }
        response = await self.execute(
            query=GET_EQUITY_CURVE_GQL,
            operation_name="getEquityCurve",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetEquityCurve.model_validate(data).account

    async def get_performance(
        self,
        id: str,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetPerformanceAccount]:
        variables: dict[str, object] = {"id": id, "from": from_, "to": to}
        response = await self.execute(
            query=GET_PERFORMANCE_GQL,
            operation_name="getPerformance",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPerformance.model_validate(data).account

    async def get_transactions(
        self,
        id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[TransactionFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetTransactionsAccount]:
        variables: dict[str, object] = {
            "id": id,
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_TRANSACTIONS_GQL,
            operation_name="getTransactions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTransactions.model_validate(data).account

    async def get_accounts_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[AccountFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAccountsConnectionAccountsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ACCOUNTS_CONNECTION_GQL,
            operation_name="getAccountsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAccountsConnection.model_validate(data).accounts_connection

    async def get_anomalies(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[AnomalyFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAnomaliesAnomalies:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ANOMALIES_GQL,
            operation_name="getAnomalies",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalies.model_validate(data).anomalies

    async def get_anomaly(self, id: str, **kwargs: Any) -> Optional[GetAnomalyAnomaly]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_ANOMALY_GQL,
            operation_name="getAnomaly",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomaly.model_validate(data).anomaly

    async def get_anomaly_case(
        self, id: str, **kwargs: Any
    ) -> Optional[GetAnomalyCaseAnomalyCase]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_ANOMALY_CASE_GQL,
            operation_name="getAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyCase.model_validate(data).anomaly_case

    async def get_anomaly_cases(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[AnomalyCaseFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAnomalyCasesAnomalyCases:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ANOMALY_CASES_GQL,
            operation_name="getAnomalyCases",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyCases.model_validate(data).anomaly_cases

    async def get_anomaly_detectors(
        self, **kwargs: Any
    ) -> list[GetAnomalyDetectorsAnomalyDetectors]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_ANOMALY_DETECTORS_GQL,
            operation_name="getAnomalyDetectors",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyDetectors.model_validate(data).anomaly_detectors

    async def get_program_trading_report(
        self, input: ProgramTradingReportInput, **kwargs: Any
    ) -> GetProgramTradingReportProgramTradingReport:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=GET_PROGRAM_TRADING_REPORT_GQL,
            operation_name="getProgramTradingReport",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetProgramTradingReport.model_validate(data).program_trading_report

    async def replay_detector(
        self, input: ReplayDetectorInput, **kwargs: Any
    ) -> ReplayDetectorReplayDetector:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=REPLAY_DETECTOR_GQL,
            operation_name="replayDetector",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ReplayDetector.model_validate(data).replay_detector

    async def assign_anomaly_case(
        self, input: AssignAnomalyCaseInput, **kwargs: Any
    ) -> AssignAnomalyCaseAssignAnomalyCase:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=ASSIGN_ANOMALY_CASE_GQL,
            operation_name="assignAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return AssignAnomalyCase.model_validate(data).assign_anomaly_case

    async def close_anomaly_case(
        self, input: CloseAnomalyCaseInput, **kwargs: Any
    ) -> CloseAnomalyCaseCloseAnomalyCase:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CLOSE_ANOMALY_CASE_GQL,
            operation_name="closeAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CloseAnomalyCase.model_validate(data).close_anomaly_case

    async def comment_anomaly_case(
        self, input: CommentAnomalyCaseInput, **kwargs: Any
    ) -> CommentAnomalyCaseCommentAnomalyCase:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=COMMENT_ANOMALY_CASE_GQL,
            operation_name="commentAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CommentAnomalyCase.model_validate(data).comment_anomaly_case

    async def decide_anomaly_case(
        self, input: DecideAnomalyCaseInput, **kwargs: Any
    ) -> DecideAnomalyCaseDecideAnomalyCase:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=DECIDE_ANOMALY_CASE_GQL,
            operation_name="decideAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return DecideAnomalyCase.model_validate(data).decide_anomaly_case

    async def remove_anomaly_dismissal(
        self, id: str, **kwargs: Any
    ) -> RemoveAnomalyDismissalRemoveAnomalyDismissal:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=REMOVE_ANOMALY_DISMISSAL_GQL,
            operation_name="removeAnomalyDismissal",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RemoveAnomalyDismissal.model_validate(data).remove_anomaly_dismissal

    async def reopen_anomaly_case(
        self, input: ReopenAnomalyCaseInput, **kwargs: Any
    ) -> ReopenAnomalyCaseReopenAnomalyCase:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=REOPEN_ANOMALY_CASE_GQL,
            operation_name="reopenAnomalyCase",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ReopenAnomalyCase.model_validate(data).reopen_anomaly_case

    async def run_anomaly_detection(
        self,
        kinds: Union[Optional[list[AnomalyKind]], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> list[RunAnomalyDetectionRunAnomalyDetection]:
        variables: dict[str, object] = {"kinds": kinds}
        response = await self.execute(
            query=RUN_ANOMALY_DETECTION_GQL,
            operation_name="runAnomalyDetection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RunAnomalyDetection.model_validate(data).run_anomaly_detection

    async def update_anomaly_detector(
        self, input: UpdateAnomalyDetectorInput, **kwargs: Any
    ) -> UpdateAnomalyDetectorUpdateAnomalyDetector:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UPDATE_ANOMALY_DETECTOR_GQL,
            operation_name="updateAnomalyDetector",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UpdateAnomalyDetector.model_validate(data).update_anomaly_detector

    async def get_anomaly_dismissals_connection(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAnomalyDismissalsConnectionAnomalyDismissalsConnection:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ANOMALY_DISMISSALS_CONNECTION_GQL,
            operation_name="getAnomalyDismissalsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyDismissalsConnection.model_validate(
            data
        ).anomaly_dismissals_connection

    async def get_anomaly_detectors_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        enabled: Union[Optional[bool], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetAnomalyDetectorsConnectionAnomalyDetectorsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "enabled": enabled,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ANOMALY_DETECTORS_CONNECTION_GQL,
            operation_name="getAnomalyDetectorsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyDetectorsConnection.model_validate(
            data
        ).anomaly_detectors_connection

    async def get_anomaly_case_timeline(
        self,
        id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetAnomalyCaseTimelineAnomalyCase]:
        variables: dict[str, object] = {
            "id": id,
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ANOMALY_CASE_TIMELINE_GQL,
            operation_name="getAnomalyCaseTimeline",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetAnomalyCaseTimeline.model_validate(data).anomaly_case

    async def get_book_proof(
        self, account_id: str, **kwargs: Any
    ) -> GetBookProofBookProof:
        variables: dict[str, object] = {"accountId": account_id}
        response = await self.execute(
            query=GET_BOOK_PROOF_GQL,
            operation_name="getBookProof",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetBookProof.model_validate(data).book_proof

    async def get_trial_balance(
        self, **kwargs: Any
    ) -> list[GetTrialBalanceTrialBalance]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_TRIAL_BALANCE_GQL,
            operation_name="getTrialBalance",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTrialBalance.model_validate(data).trial_balance

    async def get_daily_statements_connection(
        self,
        account_id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[date], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        to: Union[Optional[date], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetDailyStatementsConnectionDailyStatementsConnection:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "last": last,
            "to": to,
        }
        response = await self.execute(
            query=GET_DAILY_STATEMENTS_CONNECTION_GQL,
            operation_name="getDailyStatementsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetDailyStatementsConnection.model_validate(
            data
        ).daily_statements_connection

    async def get_trial_balance_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetTrialBalanceConnectionTrialBalanceConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_TRIAL_BALANCE_CONNECTION_GQL,
            operation_name="getTrialBalanceConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTrialBalanceConnection.model_validate(data).trial_balance_connection

    async def get_bars(
        self,
        interval: BarInterval,
        symbol: str,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        limit: Union[Optional[int], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> list[GetBarsBars]:
        variables: dict[str, object] = {
            "from": from_,
            "interval": interval,
            "limit": limit,
            "symbol": symbol,
            "to": to,
        }
        response = await self.execute(
            query=GET_BARS_GQL, operation_name="getBars", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return GetBars.model_validate(data).bars

    async def get_calendars(self, **kwargs: Any) -> list[GetCalendarsCalendars]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_CALENDARS_GQL,
            operation_name="getCalendars",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetCalendars.model_validate(data).calendars

    async def get_instrument(
        self, symbol: str, **kwargs: Any
    ) -> Optional[GetInstrumentInstrument]:
        variables: dict[str, object] = {"symbol": symbol}
        response = await self.execute(
            query=GET_INSTRUMENT_GQL,
            operation_name="getInstrument",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetInstrument.model_validate(data).instrument

    async def get_instruments(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[InstrumentFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetInstrumentsInstruments:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_INSTRUMENTS_GQL,
            operation_name="getInstruments",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetInstruments.model_validate(data).instruments

    async def get_interest_rates(
        self, **kwargs: Any
    ) -> list[GetInterestRatesInterestRates]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_INTEREST_RATES_GQL,
            operation_name="getInterestRates",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetInterestRates.model_validate(data).interest_rates

    async def get_quotes(
        self, symbols: list[str], **kwargs: Any
    ) -> list[GetQuotesQuotes]:
        variables: dict[str, object] = {"symbols": symbols}
        response = await self.execute(
            query=GET_QUOTES_GQL,
            operation_name="getQuotes",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetQuotes.model_validate(data).quotes

    async def create_calendar(
        self, input: CreateCalendarInput, **kwargs: Any
    ) -> CreateCalendarCreateCalendar:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CREATE_CALENDAR_GQL,
            operation_name="createCalendar",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CreateCalendar.model_validate(data).create_calendar

    async def create_instrument(
        self, input: CreateInstrumentInput, **kwargs: Any
    ) -> CreateInstrumentCreateInstrument:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CREATE_INSTRUMENT_GQL,
            operation_name="createInstrument",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CreateInstrument.model_validate(data).create_instrument

    async def publish_quotes(self, input: PublishQuotesInput, **kwargs: Any) -> int:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=PUBLISH_QUOTES_GQL,
            operation_name="publishQuotes",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return PublishQuotes.model_validate(data).publish_quotes

    async def record_corporate_action(
        self, input: CorporateActionInput, **kwargs: Any
    ) -> RecordCorporateActionRecordCorporateAction:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=RECORD_CORPORATE_ACTION_GQL,
            operation_name="recordCorporateAction",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RecordCorporateAction.model_validate(data).record_corporate_action

    async def set_interest_rate(
        self, input: SetInterestRateInput, **kwargs: Any
    ) -> SetInterestRateSetInterestRate:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=SET_INTEREST_RATE_GQL,
            operation_name="setInterestRate",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return SetInterestRate.model_validate(data).set_interest_rate

    async def update_instrument(
        self, input: UpdateInstrumentInput, **kwargs: Any
    ) -> UpdateInstrumentUpdateInstrument:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UPDATE_INSTRUMENT_GQL,
            operation_name="updateInstrument",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UpdateInstrument.model_validate(data).update_instrument

    async def get_corporate_actions_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[date], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        symbol: Union[Optional[str], UnsetType] = UNSET,
        to: Union[Optional[date], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetCorporateActionsConnectionCorporateActionsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "last": last,
            "symbol": symbol,
            "to": to,
        }
        response = await self.execute(
            query=GET_CORPORATE_ACTIONS_CONNECTION_GQL,
            operation_name="getCorporateActionsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetCorporateActionsConnection.model_validate(
            data
        ).corporate_actions_connection

    async def get_calendars_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        search: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetCalendarsConnectionCalendarsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "last": last,
            "search": search,
        }
        response = await self.execute(
            query=GET_CALENDARS_CONNECTION_GQL,
            operation_name="getCalendarsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetCalendarsConnection.model_validate(data).calendars_connection

    async def get_bars_connection(
        self,
        interval: BarInterval,
        symbol: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetBarsConnectionBarsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "interval": interval,
            "last": last,
            "symbol": symbol,
            "to": to,
        }
        response = await self.execute(
            query=GET_BARS_CONNECTION_GQL,
            operation_name="getBarsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetBarsConnection.model_validate(data).bars_connection

    async def get_interest_rates_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        currency: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetInterestRatesConnectionInterestRatesConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "currency": currency,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_INTEREST_RATES_CONNECTION_GQL,
            operation_name="getInterestRatesConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetInterestRatesConnection.model_validate(data).interest_rates_connection

    async def check_order(
        self, input: PlaceOrderInput, **kwargs: Any
    ) -> CheckOrderCheckOrder:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CHECK_ORDER_GQL,
            operation_name="checkOrder",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CheckOrder.model_validate(data).check_order

    async def get_execution(
        self, id: str, **kwargs: Any
    ) -> Optional[GetExecutionExecution]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_EXECUTION_GQL,
            operation_name="getExecution",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetExecution.model_validate(data).execution

    async def get_executions(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[ExecutionFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetExecutionsExecutions:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_EXECUTIONS_GQL,
            operation_name="getExecutions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetExecutions.model_validate(data).executions

    async def get_order(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        client_order_id: Union[Optional[str], UnsetType] = UNSET,
        id: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetOrderOrder]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "clientOrderId": client_order_id,
            "id": id,
        }
        response = await self.execute(
            query=GET_ORDER_GQL,
            operation_name="getOrder",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetOrder.model_validate(data).order

    async def get_order_statistics(
        self, filter_: Union[Optional[OrderFilter], UnsetType] = UNSET, **kwargs: Any
    ) -> GetOrderStatisticsOrderStatistics:
        variables: dict[str, object] = {"filter": filter_}
        response = await self.execute(
            query=GET_ORDER_STATISTICS_GQL,
            operation_name="getOrderStatistics",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetOrderStatistics.model_validate(data).order_statistics

    async def get_orders(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[OrderFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        order_by: Union[Optional[OrderSort], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetOrdersOrders:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
            "orderBy": order_by,
        }
        response = await self.execute(
            query=GET_ORDERS_GQL,
            operation_name="getOrders",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetOrders.model_validate(data).orders

    async def bust_execution(
        self, input: BustExecutionInput, **kwargs: Any
    ) -> BustExecutionBustExecution:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=BUST_EXECUTION_GQL,
            operation_name="bustExecution",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return BustExecution.model_validate(data).bust_execution

    async def cancel_all_after(
        self, input: CancelAllAfterInput, **kwargs: Any
    ) -> CancelAllAfterCancelAllAfter:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CANCEL_ALL_AFTER_GQL,
            operation_name="cancelAllAfter",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CancelAllAfter.model_validate(data).cancel_all_after

    async def cancel_order(
        self, input: CancelOrderInput, **kwargs: Any
    ) -> CancelOrderCancelOrder:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CANCEL_ORDER_GQL,
            operation_name="cancelOrder",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CancelOrder.model_validate(data).cancel_order

    async def cancel_orders(
        self, input: CancelOrdersInput, **kwargs: Any
    ) -> CancelOrdersCancelOrders:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CANCEL_ORDERS_GQL,
            operation_name="cancelOrders",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CancelOrders.model_validate(data).cancel_orders

    async def close_all_positions(
        self,
        account_id: str,
        cancel_working: Union[Optional[bool], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> CloseAllPositionsCloseAllPositions:
        variables: dict[str, object] = {
            "accountId": account_id,
            "cancelWorking": cancel_working,
        }
        response = await self.execute(
            query=CLOSE_ALL_POSITIONS_GQL,
            operation_name="closeAllPositions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CloseAllPositions.model_validate(data).close_all_positions

    async def close_position(
        self, input: ClosePositionInput, **kwargs: Any
    ) -> ClosePositionClosePosition:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CLOSE_POSITION_GQL,
            operation_name="closePosition",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ClosePosition.model_validate(data).close_position

    async def correct_execution(
        self, input: CorrectExecutionInput, **kwargs: Any
    ) -> CorrectExecutionCorrectExecution:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CORRECT_EXECUTION_GQL,
            operation_name="correctExecution",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CorrectExecution.model_validate(data).correct_execution

    async def modify_order(
        self, input: ModifyOrderInput, **kwargs: Any
    ) -> ModifyOrderModifyOrder:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=MODIFY_ORDER_GQL,
            operation_name="modifyOrder",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ModifyOrder.model_validate(data).modify_order

    async def place_bracket(
        self, input: PlaceBracketInput, **kwargs: Any
    ) -> PlaceBracketPlaceBracket:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=PLACE_BRACKET_GQL,
            operation_name="placeBracket",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return PlaceBracket.model_validate(data).place_bracket

    async def place_oco(self, input: PlaceOcoInput, **kwargs: Any) -> PlaceOcoPlaceOco:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=PLACE_OCO_GQL,
            operation_name="placeOco",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return PlaceOco.model_validate(data).place_oco

    async def place_order(
        self, input: PlaceOrderInput, **kwargs: Any
    ) -> PlaceOrderPlaceOrder:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=PLACE_ORDER_GQL,
            operation_name="placeOrder",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return PlaceOrder.model_validate(data).place_order

    async def place_orders(
        self, input: PlaceOrdersInput, **kwargs: Any
    ) -> PlaceOrdersPlaceOrders:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=PLACE_ORDERS_GQL,
            operation_name="placeOrders",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return PlaceOrders.model_validate(data).place_orders

    async def get_order_history(
        self,
        id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetOrderHistoryOrder]:
        variables: dict[str, object] = {
            "id": id,
            "after": after,
            "before": before,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_ORDER_HISTORY_GQL,
            operation_name="getOrderHistory",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetOrderHistory.model_validate(data).order

    async def get_position(
        self,
        account_id: str,
        symbol: str,
        side: Union[Optional[PositionSide], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Optional[GetPositionPosition]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "side": side,
            "symbol": symbol,
        }
        response = await self.execute(
            query=GET_POSITION_GQL,
            operation_name="getPosition",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPosition.model_validate(data).position

    async def get_position_summary(
        self, account_id: str, **kwargs: Any
    ) -> GetPositionSummaryPositionSummary:
        variables: dict[str, object] = {"accountId": account_id}
        response = await self.execute(
            query=GET_POSITION_SUMMARY_GQL,
            operation_name="getPositionSummary",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPositionSummary.model_validate(data).position_summary

    async def get_positions(
        self,
        account_id: str,
        include_closed: Union[Optional[bool], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> list[GetPositionsPositions]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "includeClosed": include_closed,
        }
        response = await self.execute(
            query=GET_POSITIONS_GQL,
            operation_name="getPositions",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPositions.model_validate(data).positions

    async def freeze_position(
        self, input: FreezePositionInput, **kwargs: Any
    ) -> FreezePositionFreezePosition:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=FREEZE_POSITION_GQL,
            operation_name="freezePosition",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return FreezePosition.model_validate(data).freeze_position

    async def unfreeze_position(
        self, input: FreezePositionInput, **kwargs: Any
    ) -> UnfreezePositionUnfreezePosition:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UNFREEZE_POSITION_GQL,
            operation_name="unfreezePosition",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UnfreezePosition.model_validate(data).unfreeze_position

    async def get_closed_trades_connection(
        self,
        account_id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        symbol: Union[Optional[str], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetClosedTradesConnectionClosedTradesConnection:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "last": last,
            "symbol": symbol,
            "to": to,
        }
        response = await self.execute(
            query=GET_CLOSED_TRADES_CONNECTION_GQL,
            operation_name="getClosedTradesConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetClosedTradesConnection.model_validate(data).closed_trades_connection

    async def get_position_history_connection(
        self,
        account_id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        symbol: Union[Optional[str], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetPositionHistoryConnectionPositionHistoryConnection:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "before": before,
            "first": first,
            "from": from_,
            "last": last,
            "symbol": symbol,
            "to": to,
        }
        response = await self.execute(
            query=GET_POSITION_HISTORY_CONNECTION_GQL,
            operation_name="getPositionHistoryConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPositionHistoryConnection.model_validate(
            data
        ).position_history_connection

    async def get_positions_connection(
        self,
        account_id: str,
        include_closed: bool,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        side: Union[Optional[PositionSide], UnsetType] = UNSET,
        symbols: Union[Optional[list[str]], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetPositionsConnectionPositionsConnection:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "before": before,
            "first": first,
            "includeClosed": include_closed,
            "last": last,
            "side": side,
            "symbols": symbols,
        }
        response = await self.execute(
            query=GET_POSITIONS_CONNECTION_GQL,
            operation_name="getPositionsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetPositionsConnection.model_validate(data).positions_connection

    async def get_risk_event(
        self, id: str, **kwargs: Any
    ) -> Optional[GetRiskEventRiskEvent]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_RISK_EVENT_GQL,
            operation_name="getRiskEvent",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetRiskEvent.model_validate(data).risk_event

    async def get_risk_events(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[RiskEventFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetRiskEventsRiskEvents:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_RISK_EVENTS_GQL,
            operation_name="getRiskEvents",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetRiskEvents.model_validate(data).risk_events

    async def get_risk_metrics(
        self, account_id: str, **kwargs: Any
    ) -> GetRiskMetricsRiskMetrics:
        variables: dict[str, object] = {"accountId": account_id}
        response = await self.execute(
            query=GET_RISK_METRICS_GQL,
            operation_name="getRiskMetrics",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetRiskMetrics.model_validate(data).risk_metrics

    async def get_risk_rule(
        self, id: str, **kwargs: Any
    ) -> Optional[GetRiskRuleRiskRule]:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=GET_RISK_RULE_GQL,
            operation_name="getRiskRule",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetRiskRule.model_validate(data).risk_rule

    async def try_risk_rule(
        self,
        input: CreateRiskRuleInput,
        from_: Union[Optional[datetime], UnsetType] = UNSET,
        to: Union[Optional[datetime], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> TryRiskRuleTryRiskRule:
        variables: dict[str, object] = {"from": from_, "input": input, "to": to}
        response = await self.execute(
            query=TRY_RISK_RULE_GQL,
            operation_name="tryRiskRule",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return TryRiskRule.model_validate(data).try_risk_rule

    async def acknowledge_risk_event(
        self, id: str, **kwargs: Any
    ) -> AcknowledgeRiskEventAcknowledgeRiskEvent:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=ACKNOWLEDGE_RISK_EVENT_GQL,
            operation_name="acknowledgeRiskEvent",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return AcknowledgeRiskEvent.model_validate(data).acknowledge_risk_event

    async def create_risk_rule(
        self, input: CreateRiskRuleInput, **kwargs: Any
    ) -> CreateRiskRuleCreateRiskRule:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=CREATE_RISK_RULE_GQL,
            operation_name="createRiskRule",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return CreateRiskRule.model_validate(data).create_risk_rule

    async def delete_risk_rule(self, id: str, **kwargs: Any) -> str:
        variables: dict[str, object] = {"id": id}
        response = await self.execute(
            query=DELETE_RISK_RULE_GQL,
            operation_name="deleteRiskRule",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return DeleteRiskRule.model_validate(data).delete_risk_rule

    async def halt_trading(
        self, input: HaltTradingInput, **kwargs: Any
    ) -> HaltTradingHaltTrading:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=HALT_TRADING_GQL,
            operation_name="haltTrading",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return HaltTrading.model_validate(data).halt_trading

    async def resolve_risk_event(
        self, input: ResolveRiskEventInput, **kwargs: Any
    ) -> ResolveRiskEventResolveRiskEvent:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=RESOLVE_RISK_EVENT_GQL,
            operation_name="resolveRiskEvent",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ResolveRiskEvent.model_validate(data).resolve_risk_event

    async def resume_trading(
        self, id: str, reason: str, **kwargs: Any
    ) -> ResumeTradingResumeTrading:
        variables: dict[str, object] = {"id": id, "reason": reason}
        response = await self.execute(
            query=RESUME_TRADING_GQL,
            operation_name="resumeTrading",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return ResumeTrading.model_validate(data).resume_trading

    async def update_risk_rule(
        self, input: UpdateRiskRuleInput, **kwargs: Any
    ) -> UpdateRiskRuleUpdateRiskRule:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UPDATE_RISK_RULE_GQL,
            operation_name="updateRiskRule",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UpdateRiskRule.model_validate(data).update_risk_rule

    async def get_trading_halts_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[TradingHaltFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetTradingHaltsConnectionTradingHaltsConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_TRADING_HALTS_CONNECTION_GQL,
            operation_name="getTradingHaltsConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTradingHaltsConnection.model_validate(data).trading_halts_connection

    async def get_risk_rules_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[RiskRuleFilter], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetRiskRulesConnectionRiskRulesConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "filter": filter_,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_RISK_RULES_CONNECTION_GQL,
            operation_name="getRiskRulesConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetRiskRulesConnection.model_validate(data).risk_rules_connection

    async def get_scheduled_tasks(
        self, **kwargs: Any
    ) -> list[GetScheduledTasksScheduledTasks]:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_SCHEDULED_TASKS_GQL,
            operation_name="getScheduledTasks",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetScheduledTasks.model_validate(data).scheduled_tasks

    async def get_system_health(self, **kwargs: Any) -> GetSystemHealthSystemHealth:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_SYSTEM_HEALTH_GQL,
            operation_name="getSystemHealth",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetSystemHealth.model_validate(data).system_health

    async def get_system_metrics(self, **kwargs: Any) -> GetSystemMetricsSystemMetrics:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_SYSTEM_METRICS_GQL,
            operation_name="getSystemMetrics",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetSystemMetrics.model_validate(data).system_metrics

    async def get_task_runs(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        states: Union[Optional[list[TaskRunState]], UnsetType] = UNSET,
        task: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetTaskRunsTaskRuns:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "first": first,
            "last": last,
            "states": states,
            "task": task,
        }
        response = await self.execute(
            query=GET_TASK_RUNS_GQL,
            operation_name="getTaskRuns",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetTaskRuns.model_validate(data).task_runs

    async def run_scheduled_task(
        self, name: str, **kwargs: Any
    ) -> RunScheduledTaskRunScheduledTask:
        variables: dict[str, object] = {"name": name}
        response = await self.execute(
            query=RUN_SCHEDULED_TASK_GQL,
            operation_name="runScheduledTask",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return RunScheduledTask.model_validate(data).run_scheduled_task

    async def update_scheduled_task(
        self, input: UpdateScheduledTaskInput, **kwargs: Any
    ) -> UpdateScheduledTaskUpdateScheduledTask:
        variables: dict[str, object] = {"input": input}
        response = await self.execute(
            query=UPDATE_SCHEDULED_TASK_GQL,
            operation_name="updateScheduledTask",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return UpdateScheduledTask.model_validate(data).update_scheduled_task

    async def get_scheduled_tasks_connection(
        self,
        after: Union[Optional[str], UnsetType] = UNSET,
        before: Union[Optional[str], UnsetType] = UNSET,
        enabled: Union[Optional[bool], UnsetType] = UNSET,
        first: Union[Optional[int], UnsetType] = UNSET,
        last: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> GetScheduledTasksConnectionScheduledTasksConnection:
        variables: dict[str, object] = {
            "after": after,
            "before": before,
            "enabled": enabled,
            "first": first,
            "last": last,
        }
        response = await self.execute(
            query=GET_SCHEDULED_TASKS_CONNECTION_GQL,
            operation_name="getScheduledTasksConnection",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetScheduledTasksConnection.model_validate(
            data
        ).scheduled_tasks_connection

    async def get_stream_cursors(self, **kwargs: Any) -> GetStreamCursorsStreamCursors:
        variables: dict[str, object] = {}
        response = await self.execute(
            query=GET_STREAM_CURSORS_GQL,
            operation_name="getStreamCursors",
            variables=variables,
            **kwargs,
        )
        data = self.get_data(response)
        return GetStreamCursors.model_validate(data).stream_cursors

    async def watch_account(
        self,
        id: str,
        interval_ms: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchAccountAccount]:
        variables: dict[str, object] = {"id": id, "intervalMs": interval_ms}
        async for data in self.execute_ws(
            query=WATCH_ACCOUNT_GQL,
            operation_name="watchAccount",
            variables=variables,
            **kwargs,
        ):
            yield WatchAccount.model_validate(data).account

    async def watch_account_events(
        self,
        account_ids: Union[Optional[list[str]], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchAccountEventsAccountEvents]:
        variables: dict[str, object] = {"accountIds": account_ids, "after": after}
        async for data in self.execute_ws(
            query=WATCH_ACCOUNT_EVENTS_GQL,
            operation_name="watchAccountEvents",
            variables=variables,
            **kwargs,
        ):
            yield WatchAccountEvents.model_validate(data).account_events

    async def watch_anomalies(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        min_severity: Union[Optional[Severity], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchAnomaliesAnomalies]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "minSeverity": min_severity,
        }
        async for data in self.execute_ws(
            query=WATCH_ANOMALIES_GQL,
            operation_name="watchAnomalies",
            variables=variables,
            **kwargs,
        ):
            yield WatchAnomalies.model_validate(data).anomalies

    async def watch_anomaly_cases(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchAnomalyCasesAnomalyCases]:
        variables: dict[str, object] = {"accountId": account_id, "after": after}
        async for data in self.execute_ws(
            query=WATCH_ANOMALY_CASES_GQL,
            operation_name="watchAnomalyCases",
            variables=variables,
            **kwargs,
        ):
            yield WatchAnomalyCases.model_validate(data).anomaly_cases

    async def watch_bars(
        self, interval: BarInterval, symbol: str, **kwargs: Any
    ) -> AsyncIterator[WatchBarsBars]:
        variables: dict[str, object] = {"interval": interval, "symbol": symbol}
        async for data in self.execute_ws(
            query=WATCH_BARS_GQL,
            operation_name="watchBars",
            variables=variables,
            **kwargs,
        ):
            yield WatchBars.model_validate(data).bars

    async def watch_executions(
        self,
        account_id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        symbol: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchExecutionsExecutions]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "symbol": symbol,
        }
        async for data in self.execute_ws(
            query=WATCH_EXECUTIONS_GQL,
            operation_name="watchExecutions",
            variables=variables,
            **kwargs,
        ):
            yield WatchExecutions.model_validate(data).executions

    async def watch_order_events(
        self,
        account_id: str,
        after: Union[Optional[str], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchOrderEventsOrderEvents]:
        variables: dict[str, object] = {"accountId": account_id, "after": after}
        async for data in self.execute_ws(
            query=WATCH_ORDER_EVENTS_GQL,
            operation_name="watchOrderEvents",
            variables=variables,
            **kwargs,
        ):
            yield WatchOrderEvents.model_validate(data).order_events

    async def watch_pnl(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        account_ids: Union[Optional[list[str]], UnsetType] = UNSET,
        interval_ms: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchPnlPnl]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "accountIds": account_ids,
            "intervalMs": interval_ms,
        }
        async for data in self.execute_ws(
            query=WATCH_PNL_GQL,
            operation_name="watchPnl",
            variables=variables,
            **kwargs,
        ):
            yield WatchPnl.model_validate(data).pnl

    async def watch_positions(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        account_ids: Union[Optional[list[str]], UnsetType] = UNSET,
        interval_ms: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchPositionsPositions]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "accountIds": account_ids,
            "intervalMs": interval_ms,
        }
        async for data in self.execute_ws(
            query=WATCH_POSITIONS_GQL,
            operation_name="watchPositions",
            variables=variables,
            **kwargs,
        ):
            yield WatchPositions.model_validate(data).positions

    async def watch_quotes(
        self,
        symbols: list[str],
        interval_ms: Union[Optional[int], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchQuotesQuotes]:
        variables: dict[str, object] = {"intervalMs": interval_ms, "symbols": symbols}
        async for data in self.execute_ws(
            query=WATCH_QUOTES_GQL,
            operation_name="watchQuotes",
            variables=variables,
            **kwargs,
        ):
            yield WatchQuotes.model_validate(data).quotes

    async def watch_risk_events(
        self,
        account_id: Union[Optional[str], UnsetType] = UNSET,
        after: Union[Optional[str], UnsetType] = UNSET,
        min_severity: Union[Optional[Severity], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> AsyncIterator[WatchRiskEventsRiskEvents]:
        variables: dict[str, object] = {
            "accountId": account_id,
            "after": after,
            "minSeverity": min_severity,
        }
        async for data in self.execute_ws(
            query=WATCH_RISK_EVENTS_GQL,
            operation_name="watchRiskEvents",
            variables=variables,
            **kwargs,
        ):
            yield WatchRiskEvents.model_validate(data).risk_events

    async def watch_system_health(
        self, **kwargs: Any
    ) -> AsyncIterator[WatchSystemHealthSystemHealth]:
        variables: dict[str, object] = {}
        async for data in self.execute_ws(
            query=WATCH_SYSTEM_HEALTH_GQL,
            operation_name="watchSystemHealth",
            variables=variables,
            **kwargs,
        ):
            yield WatchSystemHealth.model_validate(data).system_health

    async def watch_system_metrics(
        self, interval_ms: Union[Optional[int], UnsetType] = UNSET, **kwargs: Any
    ) -> AsyncIterator[WatchSystemMetricsSystemMetrics]:
        variables: dict[str, object] = {"intervalMs": interval_ms}
        async for data in self.execute_ws(
            query=WATCH_SYSTEM_METRICS_GQL,
            operation_name="watchSystemMetrics",
            variables=variables,
            **kwargs,
        ):
            yield WatchSystemMetrics.model_validate(data).system_metrics

    async def watch_task_runs(
        self, task: Union[Optional[str], UnsetType] = UNSET, **kwargs: Any
    ) -> AsyncIterator[WatchTaskRunsTaskRuns]:
        variables: dict[str, object] = {"task": task}
        async for data in self.execute_ws(
            query=WATCH_TASK_RUNS_GQL,
            operation_name="watchTaskRuns",
            variables=variables,
            **kwargs,
        ):
            yield WatchTaskRuns.model_validate(data).task_runs
