"""Windows PowerShell's standard error, as people can read it."""

from __future__ import annotations

from soc.collect.clixml import readable


def test_errors_become_their_text() -> None:
    """Escaped characters and entities are what they stand for; progress is left out."""
    document = (
        '#< CLIXML\r\n<Objs><Obj S="progress"><S>Preparing modules</S></Obj>'
        '<S S="Error">Get-X : &lt;a&gt; &amp; b_x000D__x000A_</S>'
        '<S S="Error">At line:1_x000D__x000A_</S></Objs>'
    )
    assert readable(document) == "Get-X : <a> & b At line:1"


def test_other_text_stays() -> None:
    """What is no CLIXML is untouched, and what stands before it is kept."""
    assert readable("sh: 1: not found\n") == "sh: 1: not found\n"
    assert readable('Banner\r\n#< CLIXML\r\n<Objs><S S="Error">No</S></Objs>') == "Banner No"
    assert readable("#< CLIXML\r\n<Objs") == ""
