"""Run the pipeline over a directory again and again, until killed or (argument `once`) until done."""

from __future__ import annotations

import sys
from pathlib import Path

from soc.detection.load import load_rules
from soc.model import Device
from soc.promql import load_rule_files
from tests.support.estate import START, Estate


def main(directory: Path, once: bool) -> None:
    estate = Estate(
        directory,
        (Device("web-1", "hosting"),),
        load_rule_files([directory / "availability.yml"]),
        load_rules([directory / "sigma"]),
    )
    with estate.store() as store:
        print("ready", flush=True)
        while True:
            estate.run(START + 3600, store)
            if once:
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] == ["once"])
