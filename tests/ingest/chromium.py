"""A real Chromium without a window, driven by its DevTools protocol over a pipe: no library is needed for it."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-extensions",
    "--remote-debugging-pipe",
)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
_SECONDS = 90.0


def binary() -> str:
    """Chromium's program; the test fails without one."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("the storefront is tested in Chromium, which is not installed: apt-get install chromium")
    return found


class LeftPageError(AssertionError):
    """The page that was asked is another by now."""


class Chromium:
    """A running browser."""

    def __init__(self, reader: asyncio.StreamReader, write: int) -> None:
        self._reader = reader
        self._write = write
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        """Hands each answer to who waits for it, until the browser ends."""
        while True:
            message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            waiting = self._waiting.pop(message.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """One command of the protocol. Raises `AssertionError` with what the browser says against it.

        `LeftPageError`: the page was left meanwhile.
        """
        number = next(self._numbers)
        command: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        self._waiting[number] = asyncio.get_running_loop().create_future()
        os.write(self._write, json.dumps(command).encode() + b"\0")
        answer = await asyncio.wait_for(self._waiting[number], _SECONDS)
        if "navigated" in answer.get("error", {}).get("message", ""):
            raise LeftPageError(answer["error"])
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    async def page(self) -> "Page":
        """A page of a visitor who was never here: a browser context of its own."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Accessibility"):
            await page.call(f"{domain}.enable")
        return page


class Page:
    """One page."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command to this page."""
        return await self._browser.call(method, self._session, **params)

    async def open(self, url: str) -> None:
        """Goes there, and waits until the script is loaded."""
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && !!(window.relevo && relevo.version)")

    async def run(self, expression: str) -> Any:
        """The value of a piece of JavaScript, a promise's once it is there."""
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def leave(self, expression: str) -> None:
        """Does what leads to another page, once this call has its answer."""
        await self.run(f"void setTimeout(() => {{ {expression} }}, 0)")

    async def until(self, expression: str) -> None:
        """Waits until a condition of the page holds, or of the one that it leads to."""
        async with asyncio.timeout(_SECONDS):
            while True:
                with contextlib.suppress(LeftPageError):
                    if await self.run(expression):
                        return
                await asyncio.sleep(0.05)

    async def names(self, role: str) -> list[str]:
        """What a screen reader calls the elements that have a role, in order."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [
            node.get("name", {}).get("value", "")
            for node in nodes
            if not node["ignored"] and node.get("role", {}).get("value") == role
        ]

    async def key(self, name: str, code: int, text: str = "") -> None:
        """Presses a key."""
        for kind in ("keyDown", "keyUp"):
            given = {"text": text} if text and kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **given
            )

    async def write(self, text: str) -> None:
        """Types into what has the focus."""
        await self.call("Input.insertText", text=text)


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """A browser while the block runs."""
    program = binary()
    commands_read, commands_write = os.pipe()
    answers_read, answers_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arguments = [program, *_FLAGS, f"--user-data-dir={folder}", f"--user-agent={AGENT}", "about:blank"]
        shell = f'exec "$@" 3<&{commands_read} 4>&{answers_write}'
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", shell, "chromium", *arguments, pass_fds=(commands_read, answers_write),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands_read)
        os.close(answers_write)
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answers_read, "rb")
        )
        browser = Chromium(reader, commands_write)
        listening = asyncio.create_task(browser.listen())
        try:
            yield browser
        finally:
            listening.cancel()
            process.kill()
            await process.wait()
            transport.close()
            os.close(commands_write)
