"""The console: a client of the hub's API (docs/console.md).

`client`, `session`, `pages` and what builds on them alone know no terminal; Textual begins at `paint`.
"""
