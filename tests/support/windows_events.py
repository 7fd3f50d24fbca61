"""Windows events as XML, in the form of EventLogRecord.ToXml (the Event schema of Windows' documentation)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

TIME = "2026-03-01T10:00:00.1234567Z"  # 1_772_359_200.1234567


def event_xml(
    event_id: int,
    channel: str,
    provider: str,
    data: Mapping[str, str],
    *,
    record: int = 1,
    level: int = 0,
    time: str = TIME,
) -> str:
    """One event on one line. Values that hold references (`&…;`) stand as they are."""
    values = "".join(
        f"<Data Name={quoteattr(name)}>{text if '&' in text else escape(text)}</Data>"
        for name, text in data.items()
    )
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(provider)} Guid='{{54849625-5478-4994-A5BA-3E3B0328C30D}}'/>"
        f"<EventID>{event_id}</EventID><Version>2</Version><Level>{level}</Level><Task>12544</Task>"
        f"<Opcode>0</Opcode><Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='{time}'/>"
        f"<EventRecordID>{record}</EventRecordID><Correlation/><Execution ProcessID='644' ThreadID='700'/>"
        f"<Channel>{escape(channel)}</Channel><Computer>WEB-01.corp.example</Computer><Security/>"
        f"</System><EventData>{values}</EventData></Event>"
    )
