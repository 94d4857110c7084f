"""Pictures of pages, taken by a headless Chromium through its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
REMEDY: Final = (
    f"There is none of {', '.join(BROWSERS)} on PATH. On Debian: "
    "apt-get install chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
)
SCALE: Final = 2
"""Pixels of the picture for one of the page, so that letters are sharp on any screen."""

_COLOURS: Final = 128
_SECONDS: Final = 30.0
_LISTENING: Final = re.compile(rb"DevTools listening on ws://([^/]+)/")
_MEASURE: Final = """document.fonts.ready.then(() => {
  const box = document.querySelector("main").getBoundingClientRect();
  return {x: box.x, y: box.y, width: Math.ceil(box.width), height: Math.ceil(box.height)};
})"""


@dataclass(slots=True)
class Camera:
    """One tab of a browser."""

    tab: aiohttp.ClientWebSocketResponse
    _calls: int = field(default=0, init=False)

    async def photograph(self, html: str) -> bytes:
        """A PNG of a page's ``main``, and of nothing around it."""
        frames = await self._call("Page.getFrameTree")
        frame = frames["frameTree"]["frame"]["id"]
        await self._call("Page.setDocumentContent", frameId=frame, html=html)
        measured = await self._call(
            "Runtime.evaluate", expression=_MEASURE, awaitPromise=True, returnByValue=True
        )
        clip = measured["result"]["value"] | {"scale": SCALE}
        taken = await self._call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return _smaller(base64.b64decode(taken["data"]))

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._calls += 1
        await self.tab.send_json({"id": self._calls, "method": method, "params": parameters})
        async with asyncio.timeout(_SECONDS):
            while (answer := await self.tab.receive_json()).get("id") != self._calls:
                pass  # Events that nobody asked for.
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result


@asynccontextmanager
async def camera() -> AsyncIterator[Camera]:
    """A browser that runs until the end of the block.

    Raises:
        FileNotFoundError: No browser is installed; the text says what to install.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError(REMEDY)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            browser,
            "--headless=new",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "--disable-gpu",
            "--force-color-profile=srgb",
            "--font-render-hinting=none",
            "--disable-lcd-text",
            # Chromium's sandbox refuses root; the pages are ours, with neither script nor network.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = await asyncio.wait_for(_listening(process), _SECONDS)
            async with aiohttp.ClientSession() as session:
                made = await session.put(f"http://{address}/json/new?about:blank")
                tab = (await made.json(content_type=None))["webSocketDebuggerUrl"]
                async with session.ws_connect(tab, max_msg_size=0) as connection:
                    yield Camera(connection)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    """Host and port of the protocol, which the browser writes to its standard error."""
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        if found := _LISTENING.search(line):
            return found[1].decode()
        said += line
    raise RuntimeError(f"The browser ended at once: {said.decode(errors='replace')[-2000:]}")


def _smaller(png: bytes) -> bytes:
    """The picture with as many colours as letters on a dark page need."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        # That method keeps the few colours of an emoji beside the many greys of the letters, and
        # the refinement puts each where the page has it.
        reduced = picture.convert("RGB").quantize(
            _COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE
        )
    written = io.BytesIO()
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()
