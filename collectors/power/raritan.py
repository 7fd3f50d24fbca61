"""Raritan and Legrand rack PDUs (PDU2-MIB and the older PDU-MIB of Dominion PX)."""

from soc.collect import (
    Readings,
    TypedReadings,
    amperes,
    celsius,
    hertz,
    humidity,
    readings,
    rpm,
    volts,
    watts,
)

PDU2 = "1.3.6.1.4.1.13742.6."
PX = "1.3.6.1.4.1.13742.4.1."
KINDS = {  # SensorTypeEnumeration
    1: amperes(""), 4: volts(""), 5: watts(""), 10: celsius(""), 11: humidity(""), 21: rpm(""), 23: hertz(""),
}  # fmt: skip


def measurements(what: str, values: str, digits: str, names: str = "") -> TypedReadings:
    """A measurements table; how many decimals a value has stands in the configuration table beside it."""
    return TypedReadings(
        f"{PDU2}{values}", value=4, kind=-1, kinds=KINDS, decimals=f"{PDU2}{digits}",
        names=f"{PDU2}{names}" if names else "", prefix=what,
    )  # fmt: skip


raritan_pdu = readings(
    "raritan_pdu",
    "Inlets, their poles, breakers, outlets and environment sensors (PDU2-MIB).",
    under=[13742],
    tables=[
        measurements("inlet", "5.2.3.1", "3.3.4.1.7", "3.3.3.1.2"),
        measurements("inlet pole", "5.2.4.1", "3.3.6.1.7"),
        measurements("breaker", "5.3.3.1", "3.4.4.1.7", "3.4.3.1.2"),
        measurements("outlet", "5.4.3.1", "3.5.4.1.7", "3.5.3.1.3"),
        measurements("outlet pole", "5.4.4.1", "3.5.6.1.7"),
        TypedReadings(  # externalSensorMeasurementsTable, kinds by externalSensorType
            f"{PDU2}5.5.3.1", value=4, kind=f"{PDU2}3.6.3.1.2", kinds=KINDS,
            decimals=f"{PDU2}3.6.3.1.17", names=f"{PDU2}3.6.3.1.4",
        ),
    ],
)  # fmt: skip

raritan_px = readings(
    "raritan_px",
    "Dominion PX (PDU-MIB): the unit and its outlets, in milliamperes and millivolts.",
    under=[13742],
    scalars=[
        amperes(f"{PX}3.1.1.0", "unit", per=1000),
        volts(f"{PX}3.1.2.0", "unit", per=1000),
        watts(f"{PX}3.1.3.0", "unit"),
        celsius(f"{PX}3.1.5.0", "processor", per=10),
    ],
    tables=[
        Readings(
            f"{PX}2.2.1", (amperes(4, per=1000), volts(6, per=1000), watts(7)), name=(2,), prefix="outlet"
        ),
    ],
)
