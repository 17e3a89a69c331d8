"""Take the picture of the explorer for the README from a platform that runs: signed in, quotes arriving.

    make screenshot, or python -m tests.browser.screenshot [ADDRESS] [FILE]

The administrator's credentials come from TRADEGRAPH_ADMIN_EMAIL and TRADEGRAPH_ADMIN_PASSWORD, or from credentials.json
in the data folder.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.browser.devtools import find_chromium, open_page, running_chromium

_FILE = Path(__file__).parents[2] / "docs" / "images" / "explorer.png"
_RESPONSE = "globalThis.__MONACO?.editor.getModels().find(m => m.uri.path.endsWith('response.json'))?.getValue()"


async def main(address: str = "http://127.0.0.1:8000", file: str = str(_FILE)) -> None:
    """Sign in, start the second tab's subscription, write the picture when its first quote is there."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium is installed")
    email, password = _credentials()
    with tempfile.TemporaryDirectory() as profile, running_chromium(chromium, Path(profile)) as browser:
        async with open_page(browser, width=1280, height=720) as page:
            await page.open(f"{address}/graphql")
            await page.fill("input[name=email]", email)
            await page.fill("input[name=password]", password)
            await page.click("#sign-in button[type=submit]")
            await page.wait_for("document.querySelector('.until')")
            await page.click("#graphiql-session-tab-1")
            await page.wait_for("document.querySelector('.graphiql-query-editor').innerText.includes('subscription')")
            await page.click(".graphiql-execute-button")
            await page.wait_for(f"{_RESPONSE}.includes('\"bid\"')")
            await page.wait_for("!document.querySelector('.graphiql-spinner') && document.fonts.status === 'loaded'")
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            await page.screenshot(Path(file))


def _credentials() -> tuple[str, str]:
    if password := os.environ.get("TRADEGRAPH_ADMIN_PASSWORD"):
        return os.environ["TRADEGRAPH_ADMIN_EMAIL"], password
    folder = Path(os.environ.get("TRADEGRAPH_DATA_DIR", ".data"))
    kept = json.loads((folder / "credentials.json").read_text())
    return kept["admin_email"], kept["admin_password"]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
