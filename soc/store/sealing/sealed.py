"""Questions over hot and sealed rows: only the files that the question's time reaches are opened."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from soc.model import StoreError
from soc.store.database import Database, InterruptedQueryError, Parameters, literal
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.manifest import Manifest, SealedFile

Rows = Literal["sample", "event", "match"]
_T = TypeVar("_T")

EVENT_COLUMNS = """id, time, received, device, source_address, relayed, product, category, service, class_uid,
    activity_id, severity_id, message, "user", source_ip, target_ip, process, fields, raw, segment"""
MATCH_COLUMNS = "event_id, rule_id, rule_version, time, received, device, labels_json, correlation_json"
_COLUMNS: dict[Rows, str] = {
    "sample": "series_id, time, value",
    "event": EVENT_COLUMNS,
    "match": MATCH_COLUMNS,
}


class Sealed:
    """Hot and sealed rows as one. A file that is damaged is left out and noted in the directory."""

    def __init__(self, database: Database, directory: SealedDirectory | None) -> None:
        self._database = database
        self._directory = directory
        self.manifest = Manifest(database)
        if directory and not directory.horizons:
            directory.horizons = self.manifest.horizons()

    @property
    def damaged(self) -> dict[str, str]:
        """Files that were left out of answers, with why."""
        return self._directory.damaged if self._directory else {}

    def note_damage(self) -> list[tuple[str, str]]:
        """Note in the manifest what is damaged, so that every process leaves it out, and what is whole again.

        Returns (name, what is wrong) of files that were not known as damaged. The caller is the only writer.
        """
        if self._directory is None:
            return []
        found = []
        with self._database.transaction():
            for file in self.manifest.in_state("sealed"):
                damage = self._directory.check(file) if file.damage else self._directory.look(file)
                if damage != file.damage:
                    self.manifest.set_damage(file.name, damage)
                if damage and not file.damage:
                    found.append((file.name, damage))
        return found

    def verify(self) -> dict[str, str]:
        """Every sealed file by its hash: name -> what is wrong."""
        if self._directory is None:
            return {}
        files = self.manifest.in_state("sealed")
        return {file.name: damage for file in files if (damage := self._directory.check(file))}

    def ask(self, kind: Rows, since: float | None, until: float | None, question: Callable[[str], _T]) -> _T:
        """Answer `question`, given the relation (SQL) with the rows in [since, until] and maybe others."""
        return self._answer(
            (kind,),
            since,
            lambda: self.manifest.reaching(kind, since, until),
            lambda files: question(relation(kind, self._paths(files))),
        )

    def known(self, kind: Rows, staged: str) -> str:
        """The relation with every row that is at a time of the temporary table `staged`.

        For use within the transaction that stores its rows.
        """
        reached = self._directory is not None and self._directory.reaches(kind, -math.inf)
        files = self.manifest.holding_times(kind, staged) if reached else []
        return relation(kind, self._paths(self._usable(files, content=True)))

    def query(
        self, sql: str, parameters: Parameters, since: float | None, metrics: Sequence[str] | None
    ) -> list[tuple[Any, ...]]:
        """Rows of a SELECT over the views sample, event and match; see Store.query."""
        if since is not None:
            return self._answer(
                ("sample",),
                since,
                lambda: self.manifest.reaching("sample", since, None),
                lambda files: self._with_views({"sample": files}, sql, parameters, metrics),
            )
        return self._answer(
            tuple(_COLUMNS),
            None,
            lambda: [file for kind in _COLUMNS for file in self.manifest.reaching(kind, None, None)],
            lambda files: self._with_views(
                {kind: [file for file in files if file.kind == kind] for kind in _COLUMNS},
                sql, parameters, metrics,
            ),
        )  # fmt: skip

    def _with_views(
        self,
        files: dict[Rows, list[SealedFile]],
        sql: str,
        parameters: Parameters,
        metrics: Sequence[str] | None,
    ) -> list[tuple[Any, ...]]:
        """The views see the files for this one statement: temporary ones shadow those of the store."""
        needed = {kind: some for kind, some in files.items() if some}
        series = "series"
        if "sample" in needed and metrics is not None:
            self._database.stage("staged_metric", {"metric": "VARCHAR"}, ([name] for name in metrics))
            series = "(FROM series SEMI JOIN staged_metric USING (metric))"
        for kind, some in needed.items():
            self._database.execute(
                f"CREATE OR REPLACE TEMP VIEW {kind} AS SELECT * FROM "  # noqa: S608 - constants and paths
                f"{relation(kind, self._paths(some), series)}"
            )
        rows = self._database.rows(sql, parameters)
        for kind in needed:
            self._database.execute(f"DROP VIEW temp.{kind}")
        return rows

    def _answer(
        self,
        kinds: Sequence[Rows],
        since: float | None,
        choose: Callable[[], list[SealedFile]],
        question: Callable[[list[SealedFile]], _T],
    ) -> _T:
        """Manifest and rows are read in one snapshot: sealing moves rows between them.

        A file that turns out to be damaged is left out and the question asked again; within a
        transaction, which an error ends, files are checked beforehand.
        """
        if not self._reaches(kinds, since):
            answer = question([])
            if not self._reaches(kinds, since):
                return answer
        while True:
            nested = self._database.in_transaction
            files: list[SealedFile] = []
            try:
                with self._database.snapshot():
                    files = self._usable(choose(), content=nested)
                    return question(files)
            except InterruptedQueryError:
                raise
            except StoreError:
                if nested or len(self._usable(files, content=True)) == len(files):
                    raise

    def _reaches(self, kinds: Sequence[Rows], since: float | None) -> bool:
        begin = -math.inf if since is None else since
        return self._directory is not None and any(self._directory.reaches(kind, begin) for kind in kinds)

    def _usable(self, files: list[SealedFile], *, content: bool) -> list[SealedFile]:
        return self._directory.usable(files, content=content) if self._directory else []

    def _paths(self, files: Sequence[SealedFile]) -> list[str]:
        return [literal(self._directory.place(file.name)) for file in files] if self._directory else []


def relation(kind: Rows, paths: Sequence[str], series: str = "series") -> str:
    """SQL of hot rows and those of these Parquet files (quoted paths); samples of `series` only."""
    columns = _COLUMNS[kind]
    if not paths:
        return f"hot_{kind}"
    hot = f"SELECT {columns} FROM hot_{kind}"  # noqa: S608 - constants
    files = f"read_parquet([{', '.join(paths)}])"
    if kind != "sample":
        return f"({hot} UNION ALL SELECT {columns} FROM {files})"  # noqa: S608 - constants and paths
    return (
        f"({hot} UNION ALL SELECT known.series_id, sealed.time, sealed.value "  # noqa: S608 - as above
        f"FROM {files} AS sealed JOIN {series} AS known ON known.hash = sealed.series)"
    )
