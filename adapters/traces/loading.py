"""Opens tracing where a collector is configured. The libraries of the extra ``otel`` are loaded then and not before."""

import importlib
from typing import TYPE_CHECKING, cast

from adapters.settings.loading import Settings
from adapters.settings_error import SettingsError

if TYPE_CHECKING:
    from adapters.traces.recorder import Recorder

_RECORDER = "adapters.traces.recorder"
_EXTRA = ".[otel]"


def open_tracing(settings: Settings, role: str) -> "Recorder | None":
    """A recorder of the spans of one process, of this ``role``; None where no collector is configured. Close it.

    Raises:
        SettingsError: a collector is configured and the extra is not installed.
    """
    if not settings.traces_url:
        return None
    try:
        recorder = importlib.import_module(_RECORDER)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        problem = f"TRADEGRAPH_TRACES_URL: OpenTelemetry is not installed: .venv/bin/pip install '{_EXTRA}'"
        raise SettingsError([problem]) from None
    exporter = recorder.exporter_to(settings.traces_url)
    return cast("Recorder", recorder.Recorder(exporter, settings.traces_percent / 100, role))
