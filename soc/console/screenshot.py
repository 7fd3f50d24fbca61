"""The console's picture without a terminal: an SVG that needs nothing from elsewhere."""

from __future__ import annotations

import asyncio
import re

from soc.console.app import SESSION_GROUP, ConsoleApp

LOOK_SECONDS = 0.1
SETTLED_LOOKS = 8  # in a row without a question to the hub
MAXIMUM_LOOKS = 150
_FONTS = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
_COMMENTS = re.compile(r"\s*<!--.*?-->", re.DOTALL)


async def screenshot(app: ConsoleApp, columns: int, rows: int) -> str:
    """Run `app` headless in a terminal of this size until it has asked the hub all it wants; the SVG."""
    async with app.run_test(size=(columns, rows)) as pilot:
        settled = 0
        for _ in range(MAXIMUM_LOOKS):
            settled = 0 if _asking(app) else settled + 1
            if settled == SETTLED_LOOKS:
                break
            await asyncio.sleep(LOOK_SECONDS)
        await pilot.pause()
        return plain_svg(app.export_screenshot(title="soc"))


def _asking(app: ConsoleApp) -> bool:
    return any(worker.is_running and worker.group != SESSION_GROUP for worker in app.workers)


def plain_svg(svg: str) -> str:
    """Without fonts loaded from the network, and with blanks that every renderer keeps."""
    svg = _COMMENTS.sub("", _FONTS.sub("\n", svg))
    svg = svg.replace("Fira Code, monospace", '"DejaVu Sans Mono", Menlo, Consolas, monospace')
    svg = svg.replace("font-family: arial", "font-family: sans-serif").replace("&#160;", " ")
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
