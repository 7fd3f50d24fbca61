"""What a transaction is to do and what it did to alerts, noted durably before it commits.

`journal/` keeps every transition of an alert for good. `journal/redo/` keeps what each transaction was given
to do, so that a store which lost its last transactions, or comes from a backup, can do them again; what
comes of it has the same ids. Both carry the number of the transaction, the store's cursor of that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from soc.model import Event, StoreError
from soc.model.alerts import Actor, Alert, Transition
from soc.spool.journal import Head, Journal, journal_files, read_file
from soc.spool.layout import JOURNAL, REDO

_Noun = TypeVar("_Noun")
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one transaction is given: done again on the same store, it does the same. Times are UTC seconds.

    prepare: bring inventory and rules up to date; skip: give up old rule times; work: ingest `segments`,
    evaluate rule time `time`; action: what somebody does to an alert. `events` are own events to store,
    `delivered` and `given_up` the notices whose fate it notes.
    """

    kind: Literal["prepare", "skip", "work", "action", "events", "notices"]
    now: float
    segments: tuple[str, ...] = ()
    time: float | None = None
    events: tuple[Event, ...] = ()
    delivered: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A transition and the alert as it was when the transaction ended; evidence where it opened the alert."""

    transition: Transition
    alert: Alert
    evidence: tuple[tuple[str, float], ...] = ()  # (event id, time)


@dataclass(slots=True)
class Pending:
    """A transaction that is noted, but not in the store. `entry` is None where only its steps are known."""

    number: int
    entry: Entry | None = None
    steps: list[Step] = field(default_factory=list)


class Record:
    """The journal and the redo entries of a data directory; the holder of store.lock has them open.

    `last` is the highest transaction noted. Raises StoreError when they do not open.
    """

    def __init__(self, data_directory: Path) -> None:
        self._journal = Journal(data_directory / JOURNAL)
        self._redo_directory = data_directory / JOURNAL / REDO
        self._redo = Journal(self._redo_directory)
        self._known: set[str] = set()  # transitions that the journal holds and the store lacked
        self.last = max(_last(self._redo), _last(self._journal))

    @property
    def head(self) -> Head:
        return self._journal.head

    @property
    def cut_bytes(self) -> int:
        """What was cut off on opening: writes that a kill left unfinished."""
        return self._journal.cut_bytes + self._redo.cut_bytes

    def pending(self, number: int) -> list[Pending]:
        """What is noted of the transactions after `number`, ascending."""
        found: dict[int, Pending] = {}
        if number >= self.last:
            return []
        for document in _since(self._redo, number):
            transaction = document["transaction"]
            found.pop(transaction, None)  # a number is used again when its transaction was withdrawn
            if document["kind"] != WITHDRAWN:
                found[transaction] = Pending(transaction, _entry(document))
        for document in _since(self._journal, number):
            pending = found.setdefault(document["transaction"], Pending(document["transaction"]))
            if document["kind"] == WITHDRAWN:
                pending.steps.clear()
            else:
                pending.steps.append(step_of(document))
        kept = [pending for pending in found.values() if pending.entry or pending.steps]
        self._known = {step.transition.id for pending in kept for step in pending.steps}
        return sorted(kept, key=lambda pending: pending.number)

    def write(self, number: int, entry: Entry, steps: Sequence[Step]) -> None:
        """Note a transaction that is about to commit; what is noted already is not noted twice."""
        if number > self.last:
            self._redo.append([{"transaction": number, **_documented(entry)}])
            self.last = number
        self._journal.append(
            [
                {"kind": "transition", "transaction": number, "recorded": entry.now, **asdict(step)}
                for step in steps
                if step.transition.id not in self._known
            ]
        )

    def withdraw(self, number: int, *, steps: bool) -> None:
        """The transaction did not happen; its number is used again. `steps`: it had some."""
        self.last = min(self.last, number - 1)
        withdrawn = {"kind": WITHDRAWN, "transaction": number}
        with suppress(StoreError):  # on a full disk; the number's next use says the same
            self._redo.append([withdrawn])
            if steps:
                self._journal.append([withdrawn])

    def forget(self, number: int, before: float) -> None:
        """Remove redo entries up to transaction `number`, by files that were last written to before `before`
        (UTC seconds)."""
        for path in journal_files(self._redo_directory):
            if (
                path.name == self._redo.last_file
                or path.stat().st_mtime >= before
                or any(frame.document["transaction"] > number for frame in read_file(path))
            ):
                return
            path.unlink()

    def close(self) -> None:
        self._journal.close()
        self._redo.close()


def settled_steps(documents: Iterable[Mapping[str, Any]]) -> list[tuple[int, Step]]:
    """(transaction, step) of journal documents in order, without those that were withdrawn."""
    found: list[tuple[int, Step]] = []
    for document in documents:
        number = document["transaction"]
        if document["kind"] == WITHDRAWN:
            while found and found[-1][0] == number:
                found.pop()
        else:
            found.append((number, step_of(document)))
    return found


def step_of(document: Mapping[str, Any]) -> Step:
    """The step of a journal document of kind `transition`."""
    values = document["transition"]
    transition = _noun(Transition, {**values, "actor": _noun(Actor, values["actor"])})
    evidence = tuple((str(id), float(time)) for id, time in document["evidence"])
    return Step(transition, _noun(Alert, document["alert"]), evidence)


def _documented(entry: Entry) -> dict[str, Any]:
    return asdict(replace(entry, events=())) | {"events": [asdict(event) for event in entry.events]}


def _entry(document: Mapping[str, Any]) -> Entry:
    values = {
        **document,
        **{name: tuple(document.get(name, ())) for name in ("segments", "delivered", "given_up")},
        "events": tuple(_noun(Event, event) for event in document["events"]),
    }
    return _noun(Entry, values)


def _noun(kind: type[_Noun], values: Mapping[str, Any]) -> _Noun:
    """A noun of those of the values that it has: a newer program may have noted more."""
    names = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in names})


def _last(journal: Journal) -> int:
    """The number of the last transaction noted; 0 = none."""
    last = journal.last_document
    return int(last["transaction"]) - (last["kind"] == WITHDRAWN) if last else 0


def _since(journal: Journal, number: int) -> list[dict[str, Any]]:
    """Documents of transactions after `number`, in order."""
    found: list[dict[str, Any]] = []
    for frames in journal.newest_files_first():
        later = [frame.document for frame in frames if frame.document["transaction"] > number]
        found = later + found
        if frames and not later:
            break
    return found
