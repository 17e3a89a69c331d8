"""Settings of administration: the first administrator, the secret of sessions, tasks, and networks of messages."""

from dataclasses import dataclass

from adapters.settings import values
from adapters.settings.fields import variable
from domain.access.rules import MIN_PASSWORD_LENGTH


@dataclass(frozen=True, repr=False)
class AdministrationSettings:
    """Variables of people, secrets, tasks and messages."""

    admin_email: str = variable(
        "TRADEGRAPH_ADMIN_EMAIL",
        "admin@tradegraph.localhost",
        values.email,
        "The first administrator, created when missing.",
    )
    admin_password: str = variable(
        "TRADEGRAPH_ADMIN_PASSWORD",
        "",
        values.password,
        f"The first administrator's password, at least {MIN_PASSWORD_LENGTH} characters.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    secret: str = variable(
        "TRADEGRAPH_SECRET",
        "",
        values.secret,
        f"Signs sessions, at least {values.MINIMUM_SECRET_LENGTH} characters; the same for every process and host.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    task_lease_seconds: int = variable(
        "TRADEGRAPH_TASK_LEASE",
        "20",
        values.whole_number(2, 50),
        "Seconds without a heartbeat after which a worker counts as dead, and another one continues its runs.",
    )
    notify_networks: tuple[str, ...] = variable(
        "TRADEGRAPH_NOTIFY_NETWORKS",
        "",
        values.networks,
        "Private addresses and networks that messages may go to, such as a mail server's, separated by commas.",
        otherwise="messages go to public addresses only",
        empty=(),
    )
