"""All settings together: one frozen object, read from the environment once and checked whole.

The modules beside this one declare the variables by subject; the table in docs/operations.md is generated from them.
A variable that is set to nothing counts as not set. A wrong value, or a TRADEGRAPH_ variable that does not exist, is
an error that names the variable; all of them are reported at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from adapters.settings.administration import AdministrationSettings
from adapters.settings.checks import open_figures, unknown
from adapters.settings.connections import ConnectionSettings
from adapters.settings.fields import read_values
from adapters.settings.observation import ObservationSettings
from adapters.settings.storage import StorageSettings
from adapters.settings.trading import TradingSettings
from adapters.settings.web import WebSettings
from adapters.settings_error import SettingsError
from adapters.venues.venue_settings import with_options

# Set by `tradegraph up` for the processes that it starts; nobody else's to set, so not in the table.
LIFELINE_VARIABLE = "TRADEGRAPH_LIFELINE"

_MASK = "***"


# The fields of the last base come first, in the table as here.
@dataclass(frozen=True, repr=False)
class Settings(
    ObservationSettings, TradingSettings, ConnectionSettings, AdministrationSettings, WebSettings, StorageSettings
):
    """The settings of one process. Secrets and addresses with passwords are masked in its repr."""

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):
            value = getattr(self, each.name)
            shown.append(f"{each.name}={_MASK if each.metadata['secret'] and value else repr(value)}")
        return f"Settings({', '.join(shown)})"

    def environment(self) -> dict[str, str]:
        """The environment for children, with values that only this process has.

        These are generated secrets and the addresses of private servers.
        """
        return {
            each.metadata["name"]: value
            for each in fields(self)
            if each.metadata["secret"] and (value := getattr(self, each.name))
        }


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: with one line for each variable that is wrong or unknown.
    """
    found, problems = read_values(fields(Settings), environment)
    known = [each.metadata["name"] for each in fields(Settings)]
    given = {name: value for name, value in environment.items() if name != LIFELINE_VARIABLE}
    problems += unknown(given, known, found.get("venues"))
    problems += open_figures(found)
    if problems:
        raise SettingsError(problems)
    found["venues"] = with_options(found["venues"], environment)
    return Settings(**found)
