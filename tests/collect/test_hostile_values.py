"""Whatever a device says, in every place it can: sealed, remembered and recovered, or its own failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from soc.collect import Collector, CommandOutput, Fact, LogRecord, Sample, SshCommand, collector
from soc.collect.cycle import run_cycle
from soc.collect.declare import Record
from soc.collect.environment import Environment
from soc.collect.journal import journal_records
from soc.collect.logs import file_records, gap
from soc.collect.outstanding import Outstanding
from soc.collect.port import Answer, Execution, Failure, Job
from soc.collect.recover import recover_cursors
from soc.collect.state import CollectState
from soc.collect.windows_logs import windows_records
from soc.detection.places import load_all_rules
from soc.intake.frame import decoders
from soc.intake.refine import Refiner
from soc.inventory import load_inventory
from soc.spool.header import read_header
from soc.spool.segment import read_frame
from soc.spool.spool import Spool
from tests.support.devices import TableTransport, write_inventory

NOW = 1_700_000_000.0
TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(["\ud800", "\x00", "x" * 70_000, "\x1f", ""])
MESSAGES = st.builds(
    str.__add__,
    st.sampled_from(
        [
            "",
            "Nov 22 06:00:00 h sshd[1]: ",
            "type=EXECVE msg=audit(1.5:1): ",
            "<Event><System>",
            '{"MESSAGE":"',
        ]
    ),
    TEXT,
)
NUMBERS = st.floats() | st.integers()
RECORDS = (
    st.builds(LogRecord, TEXT, TEXT, MESSAGES, st.sampled_from([*decoders(), "odd"]), st.none() | NUMBERS)
    | st.builds(gap, TEXT, TEXT, TEXT)
    | st.builds(Fact, TEXT, TEXT, TEXT)
    | st.builds(Sample, TEXT, NUMBERS, st.dictionaries(TEXT, TEXT, max_size=3), NUMBERS)
)
ENTRIES = st.dictionaries(
    st.sampled_from(["__CURSOR", "MESSAGE", "PRIORITY", "__REALTIME_TIMESTAMP"]),
    TEXT | st.integers() | st.lists(st.integers(0, 255), max_size=3) | st.just("s=1;i=2"),
).map(json.dumps)
LINES = (
    ENTRIES
    | st.builds("1:ab:{} {}".format, st.integers(), MESSAGES)
    | st.builds("sec {} <Event>{}".format, st.integers(), MESSAGES)
    | st.builds("{}{}".format, st.sampled_from(["after ", "gap ", "restarted "]), TEXT)
)
COMMAND = SshCommand("said", "read cursor; said", stream="said")
INVENTORY = """\
version: 1
credentials: {ops: {ssh: {user: soc, key_file: /nonexistent/key, known_hosts: /nonexistent/known_hosts}}}
devices: [{name: web-1, address: 192.0.2.3, tower: hosting, kind: server, credentials: [ops]}]
"""


RULES = load_all_rules()


def saying(number: int, record: Record) -> Collector:
    """A collector that finds just this."""

    def parse(output: CommandOutput) -> Iterator[Record]:
        """Says it."""
        yield record

    return collector(name=f"said_{number}", fetch=COMMAND, every="reachability")(parse)


def journal(output: CommandOutput) -> Iterator[Record]:
    """A journal."""
    return journal_records("journal", output)


def file(output: CommandOutput) -> Iterator[Record]:
    """A file."""
    return file_records("file", "syslog", output)


def windows(output: CommandOutput) -> Iterator[Record]:
    """Windows' event logs."""
    return windows_records("windows", output)


READERS = [collector(fetch=COMMAND, every="reachability")(parse) for parse in (journal, file, windows)]


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    said=st.lists(RECORDS, max_size=3),
    lines=st.lists(LINES, max_size=5),
    words=st.tuples(TEXT, TEXT, TEXT),
    code=st.integers(),
    failure=st.none() | st.builds(Failure, st.just("protocol"), TEXT),
)
def test_nothing_a_device_says_ends_collection(
    said: list[Record], lines: list[str], words: tuple[str, str, str], code: int, failure: Failure | None
) -> None:
    """A cycle ends, its segment reads, and who has lost the state recovers the same cursors from it."""

    def answer(job: Job) -> Answer:
        found = Answer(
            job, NOW, answered=True, credential="ops", failure=failure, hints={"platform": words[0]}
        )
        found.values = {COMMAND: CommandOutput("\n".join([*lines, ""]), words[1], 0)}
        found.executions = [Execution("said", NOW, words[1], words[2], code % 256, 7, words[0])]
        return found

    with TemporaryDirectory() as place:
        directory = Path(place)
        inventory = load_inventory(write_inventory(directory, INVENTORY))
        collectors = [*READERS, *(saying(number, record) for number, record in enumerate(said))]
        spool, state = Spool(directory / "spool"), CollectState(directory / "collect.sqlite")
        refine = Refiner.of(inventory, RULES).refine
        environment = Environment(
            inventory,
            collectors,
            {"ssh": TableTransport(answer)},
            state,
            spool,
            Outstanding(directory, "collect"),
            refine,
            lambda: NOW,
            lambda: 0.0,
        )
        for _ in range(2):
            assert run_cycle(environment, deadline_seconds=10.0, everything=True).segments == 1
        for path in spool.waiting():
            assert read_frame(path).height == read_header(path).rows
        lost = CollectState(directory / "lost.sqlite")
        assert recover_cursors(lost, spool) == []
        assert lost.cursors() == state.cursors()
        lost.close()
        state.close()
