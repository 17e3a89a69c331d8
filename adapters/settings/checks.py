"""Checks of settings that concern more than one of them; each returns its problems as texts for the operator."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.venues.venue_settings import OPTION_PREFIX, VenueSetting, is_option

PREFIX = "TRADEGRAPH_"
CLIENT_PREFIX = "TRADEGRAPH_CLIENT_"


def open_figures(found: Mapping[str, Any]) -> list[str]:
    """Figures that everybody on a network could read."""
    return [
        f"TRADEGRAPH_{name.upper()}: an address that others reach needs TRADEGRAPH_METRICS_TOKEN"
        for name in ("engine_metrics", "worker_metrics")
        if (address := found.get(name)) is not None
        and address.host not in ("127.0.0.1", "::1", "localhost")
        and not found.get("metrics_token")
    ]


def unknown(environment: Mapping[str, str], known: Sequence[str], venues: tuple[VenueSetting, ...] | None) -> list[str]:
    """Variables that look like settings and are none."""
    problems = []
    for name in sorted(environment):
        # Whose variables are whose cannot be told while the list of venues is wrong.
        if name.startswith(OPTION_PREFIX) and (venues is None or is_option(name, venues)):
            continue
        # The command for people, a client, has variables of its own.
        if name.startswith(CLIENT_PREFIX):
            continue
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            problems.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return problems
