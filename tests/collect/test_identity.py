"""soc.collect.identity"""

from __future__ import annotations

import re

import pytest

from soc.collect.identity import PARTS, enterprise, enterprise_name, identify, vendors


def test_every_vendor_file_is_sound() -> None:
    """No two vendors claim one enterprise number, each is registered, parts are known, patterns compile."""
    numbers = [number for vendor in vendors().values() for number in vendor.enterprises]
    assert len(numbers) == len(set(numbers))
    for vendor in vendors().values():
        assert set(vendor.objects) <= set(PARTS)
        assert all(enterprise_name(number) for number in vendor.enterprises), vendor.key
        for system in vendor.systems:
            assert set(re.compile(system.match).groupindex) <= set(PARTS), vendor.key


@pytest.mark.parametrize(
    ("object_id", "number"),
    [("1.3.6.1.4.1.9.1.1208", 9), ("1.3.6.1.4.1.47196", 47196), ("1.3.6.1.2.1.1", None), ("", None)],
)
def test_the_enterprise_number_of_an_object_id(object_id: str, number: int | None) -> None:
    """It is the arc below enterprises, wherever the OID ends."""
    assert enterprise(object_id) == number


@pytest.mark.parametrize(
    ("object_id", "description", "expected"),
    [
        # the forms that the vendors' release notes and MIB guides show, with made-up numbers
        (
            "1.3.6.1.4.1.9.1.2",
            "Cisco IOS Software [Fuji], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 16.9.4, RELEASE",
            {"os": "ios-xe", "version": "16.9.4"},
        ),
        (
            "1.3.6.1.4.1.30065.1.1",
            "Arista Networks EOS version 4.26.1F running on an Arista Networks DCS-7000-00",
            {"os": "eos", "version": "4.26.1F", "model": "DCS-7000-00", "kind": "switch"},
        ),
        (
            "1.3.6.1.4.1.2636.1.1.1.2.57",
            "Juniper Networks, Inc. mx240 internet router, kernel JUNOS 18.4R1.8, Build date: 2018-12-17",
            {"os": "junos", "version": "18.4R1.8", "model": "mx240"},
        ),
        ("1.3.6.1.4.1.14988.1", "RouterOS CRS000", {"vendor": "MikroTik", "model": "CRS000"}),
        (
            "1.3.6.1.4.1.311.1.1.3.1.2",
            "Hardware: Intel64 Family 6 - Software: Windows Version 10.0 (Build 17763 Multiprocessor Free)",
            {"vendor": "Microsoft", "os": "windows", "version": "10.0"},
        ),
        ("1.3.6.1.4.1.99999999.1", "gadget, firmware v2.7", {"version": "2.7"}),
        # forms of no vendor in particular: labelled parts, a model in front, what only looks like one
        (
            "1.3.6.1.4.1.99999999.1",
            "Example Gateway <<HW_REV: 4; VENDOR: Example; SW_REV: 5.2.1; MODEL: EG-40>>",
            {"version": "5.2.1", "model": "EG-40"},
        ),
        (
            "1.3.6.1.4.1.99999999.1",
            "EX-40T; SN 1234567890, HW 1.1, SW 14.4.19",
            {"model": "EX-40T", "serial": "1234567890", "version": "14.4.19"},
        ),
        ("1.3.6.1.4.1.368.1", "Axis M00 2.5.1", {"vendor": "Axis", "model": "M00", "version": "2.5.1"}),
        ("1.3.6.1.4.1.99999999.1", "24-Port Gigabit Switch", {"model": None, "version": None}),
        ("1.3.6.1.4.1.1.1", "", {"vendor": "NxNetworks"}),  # registered, but of no vendor file
        ("", "", {}),
    ],
)  # fmt: skip
def test_systems_are_told_by_what_they_say(
    object_id: str, description: str, expected: dict[str, str]
) -> None:
    """sysObjectID names the vendor, sysDescr the system and its version."""
    found = identify(object_id, description, [])
    assert {part: found.get(part) for part in expected} == expected


def test_the_best_source_wins_and_fillers_do_not() -> None:
    """A vendor's own object goes before sysDescr, that before ENTITY-MIB; "N/A" is no serial number."""
    found = identify(
        "1.3.6.1.4.1.6574.1",
        "Linux nas 4.4",
        [
            ("synology", {"model": "DS000", "serial": " N/A "}),
            ("cisco", {"serial": "not this vendor's"}),
            ("", {"model": "other", "serial": "S 1"}),
        ],
    )
    assert (found["vendor"], found["model"], found["serial"]) == ("Synology", "DS000", "S 1")


def test_a_long_hostile_description_is_bounded() -> None:
    """Only the first part of sysDescr is looked at, and nothing in it is taken for a pattern."""
    found = identify("1.3.6.1.4.1.9.1.1", "Cisco IOS Software, Version " + "(" * 8000, [])
    assert len(found.get("version", "")) < 1024


def test_a_lent_agents_own_objects_name_the_vendor() -> None:
    """net-snmp's sysObjectID says nothing of the device; a vendor's object that it answers does."""
    lent = next(vendor for vendor in vendors().values() if vendor.lent and vendor.name == "Teltonika")
    found = identify("1.3.6.1.4.1.8072.3.2.10", "Linux gate 5.4 mips", [(lent.key, {"model": "X1"})])
    assert (found["vendor"], found["model"]) == ("Teltonika", "X1")
    assert identify("1.3.6.1.4.1.8072.3.2.10", "Linux gate 5.4 mips", [(lent.key, {})])["os"] == "linux"


@pytest.mark.parametrize(("number", "name"), [(9, "Cisco"), (4, "Unix"), (99999999, "")])
def test_organisations_by_number(number: int, name: str) -> None:
    """Short names of today first, then IANA's table, nothing for a number that nobody has."""
    assert enterprise_name(number) == name
