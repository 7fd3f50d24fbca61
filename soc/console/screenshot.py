"""The console's picture without a terminal: an SVG that needs nothing from elsewhere."""

from __future__ import annotations

import asyncio
import re

from soc.console.app import ConsoleApp

SETTLE_SECONDS = 0.2
_FONTS = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
_COMMENTS = re.compile(r"\s*<!--.*?-->", re.DOTALL)


async def screenshot(app: ConsoleApp, columns: int, rows: int, wait_seconds: float = 1.2) -> str:
    """Run `app` headless in a terminal of this size until its screen has stood for a moment; the SVG."""
    async with app.run_test(size=(columns, rows)) as pilot:
        await asyncio.sleep(wait_seconds)
        await pilot.pause(SETTLE_SECONDS)
        return plain_svg(app.export_screenshot(title="soc"))


def plain_svg(svg: str) -> str:
    """Without fonts loaded from the network, and with blanks that every renderer keeps."""
    svg = _COMMENTS.sub("", _FONTS.sub("\n", svg))
    svg = svg.replace("Fira Code, monospace", '"DejaVu Sans Mono", Menlo, Consolas, monospace')
    svg = svg.replace("font-family: arial", "font-family: sans-serif").replace("&#160;", " ")
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
