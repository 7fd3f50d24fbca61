"""Intake: decode log lines, normalise them into events and match them.

A file in decoders/ understands a log format, a file in programs/ what one program writes; both are
found by being there.
"""

from soc.intake.refine import Refiner

__all__ = ["Refiner"]
