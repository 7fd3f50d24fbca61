"""Programs whose messages are understood, one file each: PROGRAMS, and parse(text) -> Meaning | None."""
