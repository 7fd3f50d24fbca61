"""Backups: a directory with a copy of the store as of one moment, its sealed files and the journal.

    soc.duckdb   sealed/   journal/   manifest.json

The manifest has every file's size and SHA-256, the rows of every table, the store's version and its last
transaction, and the journal's head. A directory without a manifest is no backup: it is written last, and the
whole is made beside its place and renamed there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from soc.model import ConfigurationError, StoreError
from soc.spool.durable import fsync, replace_durably
from soc.spool.journal import Head, Journal, journal_files
from soc.spool.layout import BACKUP, JOURNAL, SEALED
from soc.store.database import Database, connect, literal
from soc.store.migrate import store_version
from soc.store.sealing.directory import sha256_of
from soc.store.sealing.holds import FILE_NAME as HOLDS
from soc.store.sealing.manifest import Manifest as SealedManifest

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
STORE = "soc.duckdb"
_COPY = "backup_copy"  # what the copy is attached as
_TABLES = """
    SELECT table_name, sql FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
    ORDER BY table_name
"""
_VIEWS = """
    SELECT sql FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
"""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a backup; `path` is relative to it."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `created` is UTC seconds, None for one made before a migration."""

    created: float | None
    store_version: int
    transaction: int
    head: Head
    rows: dict[str, int]  # by table
    files: tuple[File, ...]
    format_version: int = FORMAT_VERSION

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def make_backup(
    database: Database, data: Path, target: Path, created: float | None, *, sealed: bool = True
) -> Manifest:
    """Back the store of the data directory up into `target`, which may not exist yet.

    Others may go on writing, over connections of theirs: the copy is of the moment it begins.
    `sealed` = False leaves sealed files out, which a store of an older version may not know.
    Raises ConfigurationError for a target that is taken, StoreError when something cannot be written.
    """
    if target.exists():
        raise ConfigurationError(f"{target} exists: a backup goes into a new directory")
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        _copy_store(database, data / BACKUP / "copy", partial / STORE)
        if sealed:
            _copy_sealed(database, data, partial)
        manifest = _complete(data, partial, created)
        replace_durably(partial / MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        _fsync_tree(partial)
        partial.rename(target)
        fsync(target.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StoreError(f"backup {target}: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """Raises StoreError when the directory is no backup, or one of a newer format."""
    try:
        values = json.loads((directory / MANIFEST).read_bytes())
        if values["format_version"] > FORMAT_VERSION:
            raise StoreError(f"{directory}: backup format {values['format_version']} is newer than ours")
        return Manifest(
            **{**values, "head": Head(**values["head"]), "files": tuple(File(**f) for f in values["files"])}
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{directory} is no backup: {MANIFEST} is missing or damaged") from error


def table_rows(database: Database) -> dict[str, int]:
    """Rows of every table."""
    names = [name for name, _ in database.rows(_TABLES)]
    if not names:
        return {}
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)  # noqa: S608
    return dict(database.rows(counts))


def _copy_store(database: Database, staging: Path, place: Path) -> None:
    """Every table and view, in one transaction, into a new file that then moves to `place`."""
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy = staging / STORE
    for path in staging.iterdir():  # what a kill left
        path.unlink()
    [(own,)] = database.rows("SELECT current_database()")
    tables, views = database.rows(_TABLES), database.rows(_VIEWS)
    database.execute(f"ATTACH {literal(copy)} AS {_COPY}")
    try:
        with database.transaction():
            database.execute(f"USE {_COPY}")
            for name, sql in tables:
                database.execute(sql)
                database.execute(f'INSERT INTO {_COPY}."{name}" FROM {own}."{name}"')
            for (sql,) in views:
                database.execute(sql)
    finally:
        database.execute(f"USE {own}")
        database.execute(f"DETACH {_COPY}")
    shutil.move(copy, place)


def _copy_sealed(database: Database, data: Path, partial: Path) -> None:
    """The sealed files that the copy names. It says so of those that are missing; what retention has
    unlinked meanwhile it knows as unlinked."""
    if (data / SEALED / HOLDS).exists():
        _copy_file(data / SEALED / HOLDS, partial / SEALED / HOLDS)
    copy = connect(partial / STORE, [])
    try:
        manifest = SealedManifest(copy)
        missing = []
        for file in manifest.in_state("sealed"):
            try:
                _copy_file(data / SEALED / file.name, partial / SEALED / file.name)
            except FileNotFoundError:
                missing.append(file)
        if missing:
            there = {file.name for file in SealedManifest(database).in_state("sealed")}
            with copy.transaction():
                for file in missing:
                    if file.name in there:
                        manifest.set_damage(file.name, "missing")
                    else:
                        manifest.change([file.name], "unlinked", file.since)
    finally:
        copy.close()


def _complete(data: Path, partial: Path, created: float | None) -> Manifest:
    """The journal, which is older or newer than the copy of the store, and what the whole is."""
    copy = connect(partial / STORE, [])
    try:
        rows, version = table_rows(copy), store_version(copy)
        [(transaction,)] = copy.rows("SELECT coalesce(max(value), 0) FROM cursor WHERE name = 'transaction'")
    finally:
        copy.close()
    for path in journal_files(data / JOURNAL):
        _copy_file(path, partial / JOURNAL / path.name)
    journal = Journal(partial / JOURNAL)  # cuts off what was being written while it was copied
    journal.close()
    return Manifest(
        created, version, int(transaction), journal.head, rows, tuple(_described(partial, _files(partial)))
    )


def _copy_file(source: Path, place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _described(directory: Path, files: Iterable[Path]) -> Iterable[File]:
    for path in files:
        yield File(str(path.relative_to(directory)), path.stat().st_size, sha256_of(path))


def _fsync_tree(directory: Path) -> None:
    for path in sorted(directory.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        fsync(path)
    fsync(directory)


def place_backup(source: Path, data: Path) -> Manifest:
    """Put a backup's store into a data directory that has none; its journal too where that has none.

    The caller holds the directory's locks. Raises StoreError when the backup is damaged, and
    ConfigurationError when there is a store, or a journal that does not continue the backup's.
    """
    manifest = read_manifest(source)
    if damaged := damaged_files(source, manifest):
        raise StoreError(f"backup {source}: {damaged[0]}; nothing was restored")
    if (data / STORE).exists():
        raise ConfigurationError(f"{data / STORE} exists: move it aside first (--move-aside)")
    try:
        _place_journal(source, data)
        for file in manifest.files:
            place = data / file.path
            if file.path.startswith(f"{SEALED}/") and not place.exists():
                _place(source / file.path, place)
        _place(source / STORE, data / STORE)
    except OSError as error:
        raise StoreError(f"restore into {data}: {error.strerror}") from error
    return manifest


def damaged_files(directory: Path, manifest: Manifest) -> list[str]:
    """Files of the backup that are not as its manifest says, each with what is wrong."""
    found = []
    for file in manifest.files:
        path = directory / file.path
        try:
            if path.stat().st_size != file.bytes:
                found.append(f"{file.path}: {path.stat().st_size} bytes, {file.bytes} were written")
            elif sha256_of(path) != file.sha256:
                found.append(f"{file.path}: its content is not what was written")
        except OSError as error:
            found.append(f"{file.path}: {error.strerror}")
    return found


def _place_journal(source: Path, data: Path) -> None:
    present = {path.name: path for path in journal_files(data / JOURNAL)}
    for path in journal_files(source / JOURNAL):
        if not present:
            _place(path, data / JOURNAL / path.name)
        elif path.name not in present or not present[path.name].read_bytes().startswith(path.read_bytes()):
            raise ConfigurationError(
                f"the journal in {data / JOURNAL} does not continue that of the backup ({path.name} "
                "differs): move it aside to go on with the backup's"
            )


def _place(source: Path, place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = place.with_name(f".{place.name}.restoring")
    shutil.copyfile(source, written)
    written.chmod(0o600)
    fsync(written)
    written.rename(place)
    fsync(place.parent)
