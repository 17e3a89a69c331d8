"""A headless Chromium driven over its DevTools protocol, and a record of everything a page did.

Promises: each page has a profile of its own, thrown away with it; no name but the loopback address resolves, so nothing
reaches outside unnoticed; every request, socket, frame, console message, exception and policy violation of the page and
its workers is recorded; the browser is gone afterwards, whatever happened.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

_FLAGS = (
    "--headless",
    "--no-sandbox",  # as root there is none to be had
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--remote-debugging-port=0",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05
# The middle of an element that is where it was a frame ago and that a mouse would meet there, else null.
_CLICKABLE = """(async selector => {
    const box = () => document.querySelector(selector)?.getBoundingClientRect()
    const before = box()
    await new Promise(requestAnimationFrame)
    const now = box()
    if (!before || !now?.width || before.x !== now.x || before.y !== now.y) return null
    const middle = {x: now.x + now.width / 2, y: now.y + now.height / 2}
    const element = document.querySelector(selector)
    return element.contains(document.elementFromPoint(middle.x, middle.y)) ? middle : null
})(%s)"""


class CallFailed(Exception):
    """The browser refused a command: its target does not exist."""


class ScriptFailed(Exception):
    """An expression that a test evaluates threw."""


def find_chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_chromium(executable: str, profile: Path) -> Iterator[str]:
    """A browser with nothing open, in a folder that is its alone; the address of its DevTools socket."""
    command = [executable, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
    try:
        yield _address(process, profile / "DevToolsActivePort")
    finally:
        # The whole group: Chromium's helpers outlive a parent that is killed alone.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], port_file: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # Port and path stand here as soon as the browser listens.
        match port_file.read_text().split() if port_file.exists() else []:
            case [port, path]:
                return f"ws://127.0.0.1:{port}{path}"
        time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"Chromium did not start; its status is {process.poll()}")


@asynccontextmanager
async def open_page(browser: str, width: int = 1360, height: int = 800) -> AsyncIterator["Page"]:
    """A tab in a profile of its own, with nothing loaded yet and everything recorded."""
    async with connect(browser, max_size=None, compression=None, ping_interval=None) as socket:
        page = Page(socket)
        listening = asyncio.create_task(page.listen())
        try:
            context = (await page.call("Target.createBrowserContext", disposeOnDetach=True))["browserContextId"]
            target = await page.call("Target.createTarget", url="about:blank", browserContextId=context)
            attached = await page.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            page.session = attached["sessionId"]
            await page.watch(page.session)
            size: dict[str, Any] = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            await page.call("Emulation.setDeviceMetricsOverride", **size)
            yield page
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


class Page:
    """One tab. Its workers report to it as well."""

    def __init__(self, socket: ClientConnection) -> None:
        self.session: str | None = None
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.frames_sent: list[dict[str, Any]] = []
        self.frames_received: list[dict[str, Any]] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, tuple[str | None, asyncio.Future[dict[str, Any]]]] = {}

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send one command to the page, or to another session of the browser, and give its result."""
        number = next(self._numbers)
        session = session or self.session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = (session, answer)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        await self._socket.send(json.dumps(message))
        return await asyncio.wait_for(answer, _START_SECONDS)

    async def listen(self) -> None:
        """Sort what the browser sends into answers and the record, until it closes."""
        watching: set[asyncio.Task[None]] = set()
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._answer(message["id"], message)
            elif message["method"] == "Target.detachedFromTarget":
                gone = message["params"]["sessionId"]
                for number in [number for number, (session, _) in self._answers.items() if session == gone]:
                    self._answer(number, {"error": {"message": "the target has gone"}})
            elif message["method"] == "Target.attachedToTarget" and self.session:
                task = asyncio.create_task(self._watch_worker(message["params"]["sessionId"]))
                watching.add(task)
                task.add_done_callback(watching.discard)
            else:
                self._record(message["method"], message["params"])

    def _answer(self, number: int, message: dict[str, Any]) -> None:
        _, answer = self._answers.pop(number, (None, None))
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(CallFailed(message["error"]["message"]))
        else:
            answer.set_result(message["result"])

    async def watch(self, session: str) -> None:
        """Record the events of a session's page from now on, and of its workers from their first request."""
        for domain in ("Runtime", "Network", "Log", "Audits", "Page"):
            await self.call(f"{domain}.enable", session)
        await self.call("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    async def _watch_worker(self, session: str) -> None:
        # It may be gone again already, and not every kind of worker has every domain.
        for method in ("Runtime.enable", "Network.enable", "Log.enable", "Runtime.runIfWaitingForDebugger"):
            with contextlib.suppress(CallFailed):
                await self.call(method, session)

    def _record(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.webSocketFrameSent":
                self.frames_sent.append(json.loads(params["response"]["payloadData"]))
            case "Network.webSocketFrameReceived":
                self.frames_received.append(json.loads(params["response"]["payloadData"]))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.problems.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning", "assert"}:
                texts = [str(value.get("value", value.get("description"))) for value in params["args"]]
                self.problems.append(f"console {params['type']}: {' '.join(texts)}")
            case "Log.entryAdded" if params["entry"]["level"] in {"error", "warning"}:
                entry = params["entry"]
                self.problems.append(f"{entry['source']} {entry['level']}: {entry['text']} {entry.get('url', '')}")
            case "Audits.issueAdded" if params["issue"]["code"] == "ContentSecurityPolicyIssue":
                self.problems.append(f"policy: {json.dumps(params['issue']['details'])}")

    async def open(self, url: str) -> None:
        """Go to an address; its scripts may still be starting."""
        await self.call("Page.navigate", url=url)

    async def reload(self) -> None:
        """Reload the page and wait for the new document, so that later calls never reach the old one."""
        await self.evaluate("globalThis.isOldDocument = true")
        await self.call("Page.reload")
        await self.wait_for("!globalThis.isOldDocument && document.readyState === 'complete'")

    async def evaluate(self, expression: str, *, gesture: bool = False) -> Any:
        """The JSON value of an expression, a promise awaited; with `gesture`, as if a person had asked for it."""
        options: dict[str, Any] = {"returnByValue": True, "awaitPromise": True, "userGesture": gesture}
        result = await self.call("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in result:
            raise ScriptFailed(result["exceptionDetails"].get("exception", {}).get("description", "unknown"))
        return result["result"].get("value")

    async def wait_for(self, expression: str, seconds: float = 60.0) -> Any:
        """The first truthy value of an expression, or an AssertionError with the state of the page."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(CallFailed):  # the page is between two documents
                # An element has no value in JSON.
                if value := await self.evaluate(f"(found => found instanceof Node || found)({expression})"):
                    return value
            await asyncio.sleep(_POLL_SECONDS)
        shown = await self.evaluate("document.body?.innerText")
        raise AssertionError(f"never true: {expression}\nproblems: {self.problems}\npage:\n{shown}")

    async def click(self, selector: str) -> None:
        """Click the middle of the first matching element, like a mouse, when it does not move and is not covered."""
        box = await self.wait_for(_CLICKABLE % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **box)

    async def fill(self, selector: str, text: str) -> None:
        """Replace the text of a field, like a keyboard."""
        await self.wait_for(
            "(field => field && (field.focus(), field.select(), document.activeElement === field))"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        await self.call("Input.insertText", text=text)

    async def screenshot(self, path: Path) -> None:
        """Write a picture of the tab as PNG."""
        picture = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(picture["data"]))
