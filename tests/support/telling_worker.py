"""The worker's part that tells, alone in a process of its own, quickly: to be killed."""

import asyncio
import os
from dataclasses import replace

from adapters.logs.configuration import configure_logging
from adapters.settings.loading import load_settings
from adapters.wiring import open_services
from tests.support.telling import QUICK
from workers.notifying import Notifying


async def _run() -> None:
    settings = load_settings(os.environ)
    configure_logging(settings.log)
    async with open_services(settings) as services:
        # What a process that was killed had claimed is free again soon.
        await Notifying(services, replace(QUICK, lease_seconds=1.5)).run()


if __name__ == "__main__":
    asyncio.run(_run())
