"""soc.intake.decoders.web_access; lines written from the documentation of Apache's and nginx's formats"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from soc.intake.decoders.web_access import decode
from soc.intake.refine import Refiner
from soc.model import Device, LogRecord
from tests.support.rules import load_documents, rule_document

LINE = (
    '203.0.113.7 - mia [01/Mar/2026:11:00:00 +0100] "GET /a/b.php?id=1%20UNION HTTP/1.1" 404 153 '
    '"https://example.org/" "curl/8.0 \\"x\\""'
)


def test_combined_line() -> None:
    """Every part has the name that Sigma's web server rules use."""
    frame = decode(LINE, 0.0, UTC)
    assert frame is not None
    assert frame.meaning is not None
    assert (frame.time, frame.text) == (1_772_359_200.0, "GET /a/b.php?id=1%20UNION HTTP/1.1 404")
    assert (frame.meaning.category, frame.meaning.user, frame.meaning.source_ip) == (
        "webserver", "mia", "203.0.113.7",
    )  # fmt: skip
    assert frame.meaning.fields == {
        "c-ip": "203.0.113.7", "cs-username": "mia", "cs-method": "GET", "cs-uri": "/a/b.php?id=1%20UNION",
        "cs-uri-stem": "/a/b.php", "cs-uri-query": "id=1%20UNION", "cs-version": "HTTP/1.1",
        "sc-status": "404", "sc-bytes": "153", "cs-referer": "https://example.org/",
        "cs-user-agent": 'curl/8.0 \\"x\\"',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "stem"),
    [
        ('::1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.0" 200 -', "/"),
        ('web.example - - [01/Mar/2026:10:00:00 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"', "\\x16\\x03\\x01"),
        ('192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET /a b HTTP/1.1" 200 1 "-" "-" 0.003 extra', "/a b"),
    ],
)
def test_other_lines(line: str, stem: str) -> None:
    """The common format, what is no request, blanks in the path, and fields behind those we know."""
    frame = decode(line, 0.0, UTC)
    assert frame is not None
    assert frame.meaning is not None
    assert frame.meaning.fields["cs-uri-stem"] == stem


@pytest.mark.parametrize(
    "line",
    ["", "x", LINE.replace("Mar", "Foo"), LINE.replace("404", "4040"), '1 - - [] "', "a" * 8192, '" ' * 4000],
)
def test_what_is_no_access_line_is_none(line: str) -> None:
    """Other lines are left unparsed, quickly."""
    assert decode(line, 0.0, UTC) is None


def test_sigma_rules_match(tmp_path: Path) -> None:
    """A rule for web servers finds the event."""
    detection = {"selection": {"cs-uri-query|contains": "union", "sc-status": 404}, "condition": "selection"}
    rules = load_documents(tmp_path, rule_document(detection, logsource={"category": "webserver"}))
    record = LogRecord("nginx", "1:a:1", LINE, "web-access")
    (event,), matches = Refiner({}, rules).refine([(Device("web-01", "hosting"), record, 1_772_359_260.0)])
    assert (len(matches), event.raw) == (1, LINE)
