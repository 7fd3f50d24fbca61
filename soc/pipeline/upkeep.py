"""What keeps a store in shape: old rows are sealed, what is past its time goes, damage is told.

One bounded piece at a time, between the pipeline's transactions. Each kind of work is looked at every so
often; what a kill interrupts is taken up again.
"""

from __future__ import annotations

from collections.abc import Callable

from soc.inventory import Retention
from soc.model import Event, SideFileError
from soc.model.own import own_event
from soc.spool.journal import JournalDamagedError
from soc.spool.spool import Spool
from soc.store import Store
from soc.store.contained import release_contained

_HOUR_SECONDS = 3600.0
NOTICES_KEPT_SECONDS = 30 * 86_400.0  # after they were delivered or given up
# Raw segments fill the spool: they are looked at more often.
_EVERY_SECONDS = {
    "raw": 300.0,
    "matches": _HOUR_SECONDS,
    "events": _HOUR_SECONDS,
    "samples": _HOUR_SECONDS,
    "expire": _HOUR_SECONDS,
    "unlink": _HOUR_SECONDS,
    "check": _HOUR_SECONDS,
    "contained": _HOUR_SECONDS,
    "notices": _HOUR_SECONDS,
}
_CURSOR = "upkeep-"  # when (microseconds) each kind of work was last found done


class Upkeep:
    """The upkeep of one store (not of one in memory). `matched` says up to which transaction own events have
    been matched; `tell` stores an own event."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        retention: Retention,
        *,
        matched: Callable[[], int],
        tell: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._spool = spool
        self._raw = spool.raw_done_directory
        self._retention = retention
        self._matched = matched
        self._tell = tell
        done = store.cursors.starting_with(_CURSOR)
        self._due = {name: done.get(name, 0) / 1e6 + every for name, every in _EVERY_SECONDS.items()}
        self._recovered = False
        self._hindered: dict[str, str] = {}  # why, by kind of work

    def step(self, now: float) -> bool:
        """One piece of work (about a second); False when none is due. Raises StoreError."""
        if min(self._due.values()) > now:
            return False
        if not self._recovered:
            self._store.sealing.recover()
            self._store.raw_sealing.finish(self._raw)
            self._recovered = True
        found_done = {}
        worked = False
        for name in [name for name, due in self._due.items() if due <= now]:
            worked = self._attempt(name, now)
            if worked:
                break
            found_done[_CURSOR + name] = round(now * 1e6)
            self._due[name] = now + _EVERY_SECONDS[name]
        self._store.cursors.set_all(found_done)
        return worked

    def _attempt(self, name: str, now: float) -> bool:
        """As `_work`; what a damaged file beside the store hinders is told once, and tried when next due."""
        try:
            worked = self._work(name, now)
        except (SideFileError, JournalDamagedError) as error:
            reason = str(error)
            if reason not in self._hindered.values():
                self._tell(_hindered_event(name, reason, now))
            self._hindered[name] = reason
            return False
        self._hindered.pop(name, None)
        return worked

    def _work(self, name: str, now: float) -> bool:
        """Whether there was something to do."""
        store = self._store
        match name:
            case "raw":
                return bool(store.raw_sealing.seal(self._raw, now))
            case "matches":
                return bool(store.sealing.seal_matches(now))
            case "events":
                return bool(store.sealing.seal_events(now, self._matched()))
            case "samples":
                return bool(store.sealing.seal_samples(now))
            case "expire":
                return bool(store.expiry.expire(self._retention, now))
            case "unlink":
                return bool(store.expiry.unlink(now))
            case "contained":
                release_contained(store, self._spool, now)
                return False
            case "notices":
                with store.transaction():
                    store.outbox.forget(now - NOTICES_KEPT_SECONDS)
                return False
            case _:
                for file, damage in store.sealed.note_damage():
                    self._tell(_damage_event(file, damage, now))
                return False


def _damage_event(name: str, damage: str, now: float) -> Event:
    return own_event(
        ("sealed-damage", name, damage, str(now)),
        now,
        "store",
        "sealed",
        f"sealed file {name} {damage}: answers lack what it held; restore it from a backup",
        severity_id=4,
        fields={"file": name, "reason": damage},
    )


def _hindered_event(name: str, reason: str, now: float) -> Event:
    return own_event(
        ("upkeep-hindered", name, reason, str(now)),
        now,
        "store",
        "upkeep",
        f"upkeep of the store ({name}) cannot be done: {reason}",
        severity_id=4,
        fields={"upkeep": name, "reason": reason},
    )
