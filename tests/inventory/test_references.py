"""Names that refer to devices."""

from __future__ import annotations

from typing import Any

from soc.inventory import check_inventory


def test_a_long_chain_is_followed_to_its_end(write: Any) -> None:
    """Ten thousand devices in a row are no circle, and closing the row makes one that is shown shortened."""
    rows = [f"d{number},network,d{number + 1}" for number in range(10_000)]
    path = write("version: 1\ninclude: [f.csv]\n")
    for last, expected in (
        ("d10000,network,", []),
        ("d10000,network,d0", ["depends_on goes round in a circle: "]),
    ):
        (path.parent / "f.csv").write_text("\n".join(["name,tower,depends_on", *rows, last]))
        _, problems = check_inventory(path)
        assert [problem.message[:35] for problem in problems] == expected
    assert problems[0].message.endswith("'d9' → '…' → 'd0'")
    assert problems[0].line == 2
