"""What every start makes sure of before the processes run."""

from adapters.database import migrate
from adapters.settings import Settings
from cli.access import open_access
from domain.access.users import ensure_admin


async def prepare(settings: Settings) -> None:
    """Bring the schema up to date; make the first administrator unless somebody has that address."""
    await migrate(settings.database_url)
    async with open_access(settings) as access:
        await ensure_admin(access, settings.admin_email, settings.admin_password)
