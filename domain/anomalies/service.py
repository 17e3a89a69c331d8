"""Use cases on detectors and their findings."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.accounts.queries import visible_to
from domain.anomalies import detector_store, queries
from domain.anomalies.anomaly import Anomaly, DetectorReport, DetectorSetting
from domain.anomalies.cases.reading import find_case
from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.queries import AnomalyFilter
from domain.anomalies.types import DEFAULT_SENSITIVITY, AnomalyKind, Tuning
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.orm import columns_of
from domain.kernel.pages import Page, PageRequest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.risk.types import RiskAction

OWNERS = (Role.RISK_MANAGER, Role.ADMIN)
ACTIONS = (RiskAction.WARN, RiskAction.REDUCE_ONLY, RiskAction.CANCEL_ORDERS, RiskAction.HALT)
MAX_WARMUP = 1_000_000


@dataclass(frozen=True, slots=True)
class UpdateDetector:
    """A change of a detector; None keeps a value."""

    kind: AnomalyKind
    enabled: bool | None = None
    sensitivity: float | None = None
    warmup: int | None = None
    action: RiskAction | None = None


async def read_detectors() -> list[DetectorSetting]:
    """The settings of every detector: a step."""
    changed = await detector_store.read_settings()
    settings = []
    for kind, detector in DETECTORS.items():
        setting = DetectorSetting(
            kind, detector.description, True, DEFAULT_SENSITIVITY, detector.warmup, RiskAction.WARN
        )
        row = changed.get(kind)
        if row is not None:
            setting = replace(
                setting,
                **columns_of(row, *detector_store.CHANGEABLE),
            )
        settings.append(setting)
    return settings


async def list_detectors(actor: Actor) -> list[DetectorReport]:
    """All detectors with their reports. For RISK_MANAGER and ADMIN.

    Raises:
        Forbidden: neither of them.
    """
    require_role(actor, *OWNERS)
    settings = await read_detectors()
    last_run_at = await queries.read_last_run()
    found = await queries.count_since(utc_now() - timedelta(hours=24))
    return [_report(setting, last_run_at, found.get(setting.kind, 0)) for setting in settings]


def _report(setting: DetectorSetting, last_run_at: datetime | None, found: int) -> DetectorReport:
    values = {item.name: getattr(setting, item.name) for item in fields(DetectorSetting)}
    return DetectorReport(**values, last_run_at=last_run_at, findings24h=found)


async def update_detector(bus: Bus, actor: Actor, command: UpdateDetector) -> DetectorReport:
    """Set a detector; in force from the next run on. Audited.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field that is out of its range.
    """
    require_role(actor, *OWNERS)
    (before,) = [setting for setting in await read_detectors() if setting.kind is command.kind]
    given = {
        name: value
        for name in ("enabled", "sensitivity", "warmup", "action")
        if (value := getattr(command, name)) is not None
    }
    setting = replace(before, **given)
    _check(setting)
    async with unit_of_work(bus) as work:
        await detector_store.save_setting(work, setting)
        await audit(
            work, actor, "updateAnomalyDetector", target_of("anomalyDetector", setting.kind.value), detail=given
        )
    (report,) = [one for one in await list_detectors(actor) if one.kind is command.kind]
    return report


def check_setting(setting: DetectorSetting, sensitivity: float | None, warmup: int | None) -> DetectorSetting:
    """A setting with another sensitivity or warm-up; None leaves it as it is.

    Raises:
        BadInput: names the field that is out of its range.
    """
    given = {name: value for name, value in (("sensitivity", sensitivity), ("warmup", warmup)) if value is not None}
    changed = replace(setting, **given)  # type: ignore[arg-type]  # names and types are those of the class
    _check(changed)
    return changed


def _check(setting: DetectorSetting) -> None:
    try:
        Tuning(setting.sensitivity, 1)
    except ValueError as error:
        raise BadInput(f"{str(error).capitalize()}.", field="sensitivity") from None
    if not 1 <= setting.warmup <= MAX_WARMUP:
        raise BadInput(f"A warm-up is between 1 and {MAX_WARMUP} values.", field="warmup")
    if setting.action not in ACTIONS:
        raise BadInput("The action of a detector is WARN, REDUCE_ONLY, CANCEL_ORDERS or HALT.", field="action")


async def list_anomalies(actor: Actor, wanted: AnomalyFilter, request: PageRequest) -> Page[Anomaly]:
    """A page of the anomalies that the actor may see, newest first.

    Raises:
        NotFound: the filter names an account or a case that the actor may not see.
    """
    return await queries.list_page(await _checked(actor, wanted), request)


async def count_anomalies(actor: Actor, wanted: AnomalyFilter) -> int:
    """The number of anomalies on all pages of ``list_anomalies``."""
    return await queries.count(await _checked(actor, wanted))


async def _checked(actor: Actor, wanted: AnomalyFilter) -> AnomalyFilter:
    """The filter narrowed to what the actor may see; see ``list_anomalies``."""
    if wanted.case_id is not None and await find_case(actor, wanted.case_id) is None:
        raise NotFound("There is no such case.", field="caseId")
    return await visible_to(actor, wanted)
