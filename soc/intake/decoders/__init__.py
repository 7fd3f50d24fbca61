"""Log formats, one file each: FORMAT, and decode(line, received, zone) -> Frame | None."""
