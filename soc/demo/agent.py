"""A fast SNMP agent for v1 (RFC 1157) and v2c (RFC 3416): one datagram in, at most one out."""

from __future__ import annotations

from collections.abc import Callable

from soc.demo import ber
from soc.demo.tree import VariableTree

GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
TOO_BIG, NO_SUCH_NAME, GENERAL_ERROR, NOT_WRITABLE = 1, 2, 5, 17
MAXIMUM_REPETITIONS = 128
MAXIMUM_BINDINGS = 2048  # of one response

_END_OF_MIB_VIEW = ber.encode(ber.END_OF_MIB_VIEW, b"")
_NO_SUCH_INSTANCE = ber.encode(ber.NO_SUCH_INSTANCE, b"")
_NO_SUCH_OBJECT = ber.encode(ber.NO_SUCH_OBJECT, b"")
_NO_ERROR = b"\x02\x01\x00\x02\x01\x00"


def _never(_: float) -> bool:
    return False


class Agent:
    """One device: answers requests with its community from its variables.

    A wrong community, a malformed datagram and any request while `silent(time)` get no answer.
    A response beyond `maximum_bytes` is tooBig, one to GETBULK is cut (RFC 3416 section 4.2).
    """

    def __init__(
        self,
        tree: VariableTree,
        community: str,
        *,
        silent: Callable[[float], bool] = _never,
        maximum_bytes: int = 1472,
    ) -> None:
        self.tree = tree
        self.silent = silent
        self.maximum_bytes = maximum_bytes
        self._community = community.encode()

    def respond(self, datagram: bytes, time: float) -> bytes | None:
        """The response to one datagram at a time (UTC seconds), None = silence. Never raises."""
        if self.silent(time):
            return None
        try:
            return self._respond(datagram, time)
        except ber.MalformedError:
            return None

    def _respond(self, data: bytes, time: float) -> bytes | None:
        tag, start, end = ber.read(data, 0, len(data))
        version_tag, version_start, version_end = ber.read(data, start, end)
        community_tag, community_start, community_end = ber.read(data, version_end, end)
        version = int.from_bytes(data[version_start:version_end], "big")
        if (
            tag != ber.SEQUENCE
            or version_tag != ber.INTEGER
            or community_tag != ber.OCTET_STRING
            or version not in (0, 1)
            or data[community_start:community_end] != self._community
        ):
            return None
        pdu, at, pdu_end = ber.read(data, community_end, end)
        id_tag, id_start, id_end = ber.read(data, at, pdu_end)
        _, first_start, first_end = ber.read(data, id_end, pdu_end)
        _, second_start, second_end = ber.read(data, first_end, pdu_end)
        list_tag, list_start, list_end = ber.read(data, second_end, pdu_end)
        if id_tag != ber.INTEGER or list_tag != ber.SEQUENCE or id_end - id_start > 8:
            return None
        head, request_id = data[start:community_end], data[at:id_end]
        names = self._names(data, list_start, list_end)
        error, bindings = _NO_ERROR, b""
        if pdu == GET_BULK and version == 1:
            non_repeaters = int.from_bytes(data[first_start:first_end], "big", signed=True)
            repetitions = int.from_bytes(data[second_start:second_end], "big", signed=True)
            room = self.maximum_bytes - len(head) - len(request_id) - 24
            bindings = self._bulk(names, max(non_repeaters, 0), max(repetitions, 0), room, time)
        else:
            status, index = 0, 0
            if pdu == GET:
                status, index, bindings = self._get(names, version, time)
            elif pdu == GET_NEXT:
                status, index, bindings = self._next(names, version, time)
            elif pdu == SET:
                status, index = (NOT_WRITABLE if version else NO_SUCH_NAME), min(1, len(names))
            else:
                return None
            if status:
                error = ber.encode_integer(status) + ber.encode_integer(index)
                bindings = data[list_start:list_end]
        response = self._message(head, request_id, error, bindings)
        if len(response) > self.maximum_bytes:
            error = ber.encode_integer(TOO_BIG) + ber.encode_integer(0)
            response = self._message(head, request_id, error, b"" if version else data[list_start:list_end])
        return response

    @staticmethod
    def _message(head: bytes, request_id: bytes, error: bytes, bindings: bytes) -> bytes:
        body = request_id + error + ber.encode(ber.SEQUENCE, bindings)
        return ber.encode(ber.SEQUENCE, head + ber.encode(RESPONSE, body))

    @staticmethod
    def _names(data: bytes, at: int, end: int) -> list[bytes]:
        names = []
        while at < end:
            tag, start, at = ber.read(data, at, end)
            name_tag, name_start, name_end = ber.read(data, start, at)
            if tag != ber.SEQUENCE or name_tag != ber.OBJECT_IDENTIFIER:
                raise ber.MalformedError("not a variable binding")
            names.append(data[name_start:name_end])
        return names

    def _get(self, names: list[bytes], version: int, time: float) -> tuple[int, int, bytes]:
        tree, bindings = self.tree, []
        for index, name in enumerate(names, start=1):
            position = tree.find(name)
            if position is not None and (version or tree.tag(position) != ber.COUNTER64):
                bindings.append(tree.binding(position, time))
            elif version == 0:
                return NO_SUCH_NAME, index, b""
            else:
                absent = _NO_SUCH_INSTANCE if tree.has_object(name) else _NO_SUCH_OBJECT
                bindings.append(_unbound(name, absent))
        return 0, 0, b"".join(bindings)

    def _next(self, names: list[bytes], version: int, time: float) -> tuple[int, int, bytes]:
        tree, bindings = self.tree, []
        for index, name in enumerate(names, start=1):
            position = tree.after(name)
            # v1 has no Counter64: such variables are passed over (RFC 3584 section 4.2.2.1).
            while version == 0 and position < len(tree) and tree.tag(position) == ber.COUNTER64:
                position += 1
            if position < len(tree):
                bindings.append(tree.binding(position, time))
            elif version == 0:
                return NO_SUCH_NAME, index, b""
            else:
                bindings.append(_unbound(name, _END_OF_MIB_VIEW))
        return 0, 0, b"".join(bindings)

    def _bulk(
        self, names: list[bytes], non_repeaters: int, repetitions: int, room: int, time: float
    ) -> bytes:
        _, _, once = self._next(names[:non_repeaters], 1, time)
        tree, bindings, size = self.tree, [once], len(once)
        # A column at its end keeps the name it ended on (RFC 3416 section 4.2.3).
        columns = [(name, tree.after(name)) for name in names[non_repeaters:]]
        for _ in range(min(repetitions, MAXIMUM_REPETITIONS) if columns else 0):
            advanced = False
            for column, (name, position) in enumerate(columns):
                if position < len(tree):
                    binding = tree.binding(position, time)
                    columns[column] = (b"", position + 1)
                    advanced = True
                else:
                    last = name or ber.encode_oid(tree.oid(position - 1))
                    binding = _unbound(last, _END_OF_MIB_VIEW)
                size += len(binding)
                if size > room or len(bindings) >= MAXIMUM_BINDINGS:
                    return b"".join(bindings)
                bindings.append(binding)
            if not advanced:
                break
        return b"".join(bindings)


def _unbound(name: bytes, exception: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, name) + exception)
