"""Verify a store or a backup, read-only: each check says that something holds, or exactly what does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soc.model import SpoolError, StoreError
from soc.spool.header import read_header
from soc.spool.journal import Head, journal_files, read_file, verify_journal
from soc.spool.layout import JOURNAL, REDO, SEALED
from soc.store.backup import STORE, damaged_files, read_manifest, table_rows
from soc.store.database import Database, connect
from soc.store.migrate import newest_version, store_version
from soc.store.record import WITHDRAWN, Step, settled_steps
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.manifest import Manifest as SealedManifest
from soc.store.sealing.manifest import SealedFile

_SHOWN = 5
_STEPS_AT_ONCE = 5000
_STEP = {
    "id": "VARCHAR", "alert_id": "VARCHAR", "time": "TIMESTAMP", "action": "VARCHAR", "cause": "VARCHAR",
    "workflow_to": "VARCHAR", "condition_to": "VARCHAR", "suppressed_by": "VARCHAR", "actor_uid": "INTEGER",
    "actor_name": "VARCHAR", "client": "VARCHAR", "reason": "VARCHAR", "disposition": "VARCHAR",
    "version": "INTEGER",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `detail` counts what holds, or says what is wrong."""

    name: str
    ok: bool
    detail: str


def verify_data(data: Path, done: Path) -> Iterator[Check]:
    """The store, journal and sealed files of a data directory; `done` holds its ingested segments.

    The caller holds store.lock. Raises StoreError when the store does not open at all.
    """
    database = connect(data / STORE, [data / SEALED], read_only=True)
    try:
        yield from _version(database)
        yield from _store(database, data, ahead=False)
        yield _segments(database, done)
        yield _sealed(data, SealedManifest(database).in_state("sealed"))
    finally:
        database.close()


def verify_backup(directory: Path) -> Iterator[Check]:
    """A backup by its manifest, and then as a store. Raises StoreError when it is none, or does not open."""
    manifest = read_manifest(directory)
    yield _check("files", damaged_files(directory, manifest), f"{len(manifest.files)} as the manifest says")
    database = connect(directory / STORE, [], read_only=True)
    try:
        yield from _version(database)
        rows = table_rows(database)
        wrong = [
            f"table {name}: {rows.get(name, 0)} rows, {manifest.rows.get(name, 0)} in the manifest"
            for name in sorted(rows.keys() | manifest.rows.keys())
            if rows.get(name) != manifest.rows.get(name)
        ]
        yield _check("rows", wrong, f"{sum(rows.values())} in {len(rows)} tables as the manifest says")
        heads = list(verify_journal(directory / JOURNAL))
        if heads and isinstance(heads[-1], Head) and heads[-1] != manifest.head:
            yield Check("head", False, f"the journal ends at {heads[-1]}, the manifest says {manifest.head}")
        # Others may have gone on writing while it was made.
        yield from _store(database, directory, ahead=True)
        if manifest.created is not None:
            # What was damaged before, and is known to be, is no fault of the backup.
            files = SealedManifest(database).in_state("sealed")
            yield _sealed(directory, [file for file in files if not file.damage])
    finally:
        database.close()


def _version(database: Database) -> Iterator[Check]:
    version = store_version(database)
    known = newest_version()
    yield Check(
        "version", True, f"{version}" if version == known else f"{version}, this program's is {known}"
    )


def _store(database: Database, directory: Path, *, ahead: bool) -> Iterator[Check]:
    """`ahead`: whether the journal may hold more than the store."""
    yield _alerts(database)
    yield _projection(database)
    faults = [found for found in verify_journal(directory / JOURNAL) if isinstance(found, str)]
    frames = sum(1 for _ in journal_files(directory / JOURNAL))
    yield _check("journal", faults, f"the chain is whole through {frames} files")
    if not faults:
        yield from _transitions(database, directory, ahead)


def _alerts(database: Database) -> Check:
    rows = database.rows(
        """
        SELECT 'alert ' || id || ' has no transition'
        FROM alert WHERE id NOT IN (SELECT alert_id FROM alert_transition)
        UNION ALL
        SELECT 'alert ' || id || ' is not in alert_current'
        FROM alert WHERE id NOT IN (SELECT id FROM alert_current)
        UNION ALL
        SELECT 'alert_current has ' || id || ', which is no alert'
        FROM alert_current WHERE id NOT IN (SELECT id FROM alert)
        UNION ALL
        SELECT DISTINCT 'alert_transition has steps of ' || alert_id || ', which is no alert'
        FROM alert_transition WHERE alert_id NOT IN (SELECT id FROM alert)
        UNION ALL
        SELECT DISTINCT 'alert_evidence has evidence of ' || alert_id || ', which is no alert'
        FROM alert_evidence WHERE alert_id NOT IN (SELECT id FROM alert)
        ORDER BY ALL
        """
    )
    [(alerts,)] = database.rows("SELECT count(*) FROM alert")
    return _check("alerts", [text for (text,) in rows], f"{alerts} with their transitions")


def _projection(database: Database) -> Check:
    """Rebuild what alerts are from their transitions. Counts and times seen come from matches, not here."""
    rows = database.rows(
        """
        WITH rebuilt AS (
            SELECT alert_id AS id,
                   arg_max(workflow_to, rowid) AS workflow,
                   arg_max(condition_to, rowid) AS condition,
                   arg_max(suppressed_by, rowid) AS suppressed_by,
                   CASE WHEN arg_max(condition_to, rowid) = 'resolved'
                        THEN max_by(time, rowid) FILTER (action = 'resolved') END AS resolved,
                   CASE WHEN arg_max(workflow_to, rowid) = 'closed'
                        THEN max_by(time, rowid) FILTER (action = 'closed') END AS closed,
                   coalesce(max_by(actor_name, rowid) FILTER (action = 'acknowledged'), '') AS owner,
                   coalesce(max_by(disposition, rowid) FILTER (action = 'closed'), '') AS disposition,
                   max(version) AS version
            FROM alert_transition GROUP BY alert_id
        )
        SELECT id, rebuilt::VARCHAR, held::VARCHAR
        FROM rebuilt JOIN (
            SELECT id, workflow, condition, suppressed_by, resolved, closed, owner, disposition, version
            FROM alert_current
        ) AS held USING (id)
        WHERE rebuilt IS DISTINCT FROM held
        ORDER BY id
        """
    )
    wrong = [f"alert {id}: alert_current has {held}, its transitions make {made}" for id, made, held in rows]
    [(count,)] = database.rows("SELECT count(*) FROM alert_current")
    return _check("projection", wrong, f"{count} alerts are what their transitions make of them")


def _transitions(database: Database, directory: Path, ahead: bool) -> Iterator[Check]:
    """The journal's transitions against the store's."""
    [(number,)] = database.rows("SELECT coalesce(max(value), 0) FROM cursor WHERE name = 'transaction'")
    last, begun = _stage_steps(database, directory / JOURNAL, number)
    redo = directory / JOURNAL / REDO
    for path in journal_files(redo)[-1:]:
        noted = [frame.document for frame in read_file(path)][-1:]
        last = max([last, *(entry["transaction"] - (entry["kind"] == WITHDRAWN) for entry in noted)])
    yield Check(
        "transactions",
        ahead or last <= number,
        f"the store ends at {number}, the journal at {max(last, number)}"
        + ("" if ahead or last <= number else ": the next soc collect does them again"),
    )
    columns = ", ".join(_STEP)
    rows = database.rows(
        f"""
        SELECT 'the store lacks transition ' || id || ' of alert ' || alert_id
        FROM journal_step WHERE id NOT IN (SELECT id FROM alert_transition)
        UNION ALL
        SELECT 'the journal lacks transition ' || id || ' of alert ' || alert_id
        FROM alert_transition
        WHERE recorded >= $begun AND id NOT IN (SELECT id FROM journal_step)
        UNION ALL
        SELECT 'transition ' || id || ' of alert ' || alert_id || ' is not what the journal has'
        FROM (SELECT {columns} FROM alert_transition EXCEPT SELECT {columns} FROM journal_step)
        WHERE id IN (SELECT id FROM journal_step)
        ORDER BY ALL
        """,  # noqa: S608 - the inserted texts are this module's constants
        {"begun": begun},
    )
    [(count,)] = database.rows("SELECT count(*) FROM journal_step")
    yield _check("transitions", [text for (text,) in rows], f"{count} of the journal are in the store")


def _stage_steps(database: Database, journal: Path, number: int) -> tuple[int, Any]:
    """The journal's steps up to transaction `number` as table journal_step; returns the last transaction
    noted, and since when the journal notes."""
    last = 0
    database.stage("journal_step", _STEP | {"recorded": "TIMESTAMP"}, ())
    for documents in _by_transaction(journal):
        recorded = {doc["transition"]["id"]: doc["recorded"] for doc in documents if "transition" in doc}
        steps = settled_steps(documents)
        last = max([last, *(transaction for transaction, _ in steps)])
        held = [step for transaction, step in steps if transaction <= number]
        for first in range(0, len(held), _STEPS_AT_ONCE):
            _stage(database, held[first : first + _STEPS_AT_ONCE], recorded)
    [(begun,)] = database.rows("SELECT coalesce(min(recorded), TIMESTAMP '2200-01-01') FROM journal_step")
    return last, begun


def _by_transaction(journal: Path) -> Iterator[list[dict[str, Any]]]:
    """The journal's documents about a file at a time; a transaction, which may be withdrawn in the next
    file, is never divided."""
    held: list[dict[str, Any]] = []
    for path in journal_files(journal):
        held.extend(frame.document for frame in read_file(path))
        whole = len(held)
        while whole and held[whole - 1]["transaction"] == held[-1]["transaction"]:
            whole -= 1
        yield held[:whole]
        held = held[whole:]
    yield held


def _stage(database: Database, steps: Sequence[Step], recorded: dict[str, float]) -> None:
    def row(step: Step) -> list[Any]:
        transition, actor = step.transition, step.transition.actor
        people = {"actor_uid": actor.uid, "actor_name": actor.name, "client": actor.client}
        values = [people[name] if name in people else getattr(transition, name) for name in _STEP]
        return [*values, recorded[transition.id]]

    database.stage("staged_step", _STEP | {"recorded": "TIMESTAMP"}, (row(step) for step in steps))
    database.execute("INSERT INTO journal_step SELECT * FROM staged_step")


def _segments(database: Database, done: Path) -> Check:
    """Everything in spool/done was ingested, whole."""
    database.stage(
        "done_segment", {"id": "VARCHAR", "row_count": "BIGINT"},
        ((path.stem, _row_count(path)) for path in sorted(done.glob("*.parquet"))),
    )  # fmt: skip
    rows = database.rows(
        """
        SELECT 'segment ' || done_segment.id || CASE
                   WHEN segment.id IS NULL THEN ' lies in spool/done, the store lacks it'
                   WHEN done_segment.row_count IS NULL THEN ' in spool/done does not read'
                   ELSE ' has ' || done_segment.row_count || ' rows, ' || segment.row_count || ' were stored'
               END
        FROM done_segment LEFT JOIN segment USING (id)
        WHERE segment.id IS NULL OR done_segment.row_count IS DISTINCT FROM segment.row_count
        ORDER BY ALL
        """
    )
    [(count,)] = database.rows("SELECT count(*) FROM done_segment")
    return _check("segments", [text for (text,) in rows], f"{count} in spool/done are in the store")


def _row_count(path: Path) -> int | None:
    try:
        return read_header(path).rows
    except SpoolError:
        return None


def _sealed(data: Path, files: Sequence[SealedFile]) -> Check:
    directory = SealedDirectory(data / SEALED, read_only=True)
    damaged = [f"sealed/{file.name}: {wrong}" for file in files if (wrong := directory.check(file))]
    return _check("sealed", damaged, f"{len(files)} files are what was sealed")


def _check(name: str, wrong: Iterable[str], right: str) -> Check:
    found = list(wrong)
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Check(name, not found, "; ".join(found[:_SHOWN]) + more if found else right)


def require(checks: Iterable[Check]) -> list[Check]:
    """All of them. Raises StoreError that tells what does not hold."""
    found = list(checks)
    if wrong := [f"{check.name}: {check.detail}" for check in found if not check.ok]:
        raise StoreError("\n".join(wrong))
    return found
