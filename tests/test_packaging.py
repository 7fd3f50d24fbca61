"""The wheel, installed elsewhere."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_wheel_carries_collectors_rules_and_example_and_works_elsewhere(tmp_path: Path) -> None:
    """A built wheel brings its data inside soc/, owns no other top-level name, and finds it."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    tops = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"soc"}
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from soc.model.shipped import shipped; from soc.collect.load import load_collectors;"
        "print(shipped('rules'), shipped('inventory.yaml').exists(), len(load_collectors()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(site)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    rules, inventory, collectors = done.stdout.split()
    assert rules == str(site / "soc/_data/rules")
    assert inventory == "True"
    assert int(collectors) == len(_in_checkout())


def _in_checkout() -> list[object]:
    from soc.collect.load import load_collectors

    return list(load_collectors())
