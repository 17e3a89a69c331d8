"""The settings of detectors in the database."""

from domain.anomalies import models
from domain.anomalies.anomaly import DetectorSetting
from domain.anomalies.types import AnomalyKind
from domain.kernel.orm import columns_of, read
from domain.kernel.unit_of_work import UnitOfWork

CHANGEABLE = ("enabled", "sensitivity", "warmup", "action")


async def read_settings() -> dict[AnomalyKind, models.AnomalyDetector]:
    """The settings that were changed, by kind."""
    return {row.kind: row for row in await read(models.AnomalyDetector.all())}


async def save_setting(work: UnitOfWork, setting: DetectorSetting) -> None:
    """Store how a detector is set."""
    given = columns_of(setting, *CHANGEABLE)
    if await models.AnomalyDetector.filter(kind=setting.kind).using_db(await work.orm()).update(**given):
        return
    if not await work.insert_once(models.AnomalyDetector(kind=setting.kind, **given)):
        # Of two first changes that came at once this is the second.
        await models.AnomalyDetector.filter(kind=setting.kind).using_db(await work.orm()).update(**given)
