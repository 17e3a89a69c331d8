"""What every start makes sure of before the processes run."""

from adapters.database import migrate
from adapters.seeding import seed
from adapters.settings import Settings
from adapters.wiring import open_services
from domain.access.users import ensure_admin


async def prepare(settings: Settings) -> None:
    """Bring the schema up to date; make the first administrator and the demonstration instruments unless they exist."""
    await migrate(settings.database_url)
    async with open_services(settings) as services:
        await ensure_admin(services.access, settings.admin_email, settings.admin_password)
        await seed(services.bus, services.market)
