"""When each device has something due, so that looking costs nothing while nothing is."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence

from soc.collect.declare import Collector
from soc.collect.plan import Applying, Due, next_look, plan
from soc.collect.state import Task
from soc.model import Device

# A device that was looked at in vain, whatever the reason, is not looked at again at once.
_AGAIN_SECONDS = 1.0


class Schedule:
    """Devices by the time (UTC seconds) of their next poll; those handed out wait for `settle`."""

    def __init__(
        self,
        contacts: Iterable[tuple[Device, Sequence[str]]],
        collectors: Sequence[Collector],
        tasks: Mapping[tuple[str, str], Task],
        intervals: Mapping[str, float],
        now: float,
        object_id: Callable[[str], str | None] | None = None,
    ) -> None:
        """`contacts` pairs each device with its transports; `tasks` is looked at again and again.

        `object_id` is that of `Applying`.
        """
        self._contacts = {device.name: (device, tuple(names)) for device, names in contacts}
        self._applying = Applying(collectors, object_id)
        self._tasks = tasks
        self._intervals = intervals
        self._heap: list[tuple[float, str]] = []
        for name in self._contacts:
            self._push(name, now, 0.0)

    def due(self, now: float) -> tuple[list[Due], float]:
        """What is due now, and by how many seconds the latest of it is late."""
        names, late = [], 0.0
        while self._heap and self._heap[0][0] <= now:
            time, name = heapq.heappop(self._heap)
            late = max(late, now - time)
            names.append(name)
        contacts = [self._contacts[name] for name in names]
        found = plan(contacts, self._applying, self._tasks, self._intervals, now)
        for name in set(names) - {item.device.name for item in found}:
            self._push(name, now, now + _AGAIN_SECONDS)
        return found, late

    def settle(self, device: str, now: float) -> None:
        """All that was due on the device is done, and `tasks` says when it is due again."""
        self._push(device, now, 0.0)

    def _push(self, name: str, now: float, earliest: float) -> None:
        device, transports = self._contacts[name]
        collectors = [item for transport in transports for item in self._applying.over(transport, device)]
        time = next_look(device, collectors, self._tasks, self._intervals, now)
        if time is not None:
            heapq.heappush(self._heap, (max(time, earliest), name))
