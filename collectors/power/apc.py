"""APC: UPSes, rack PDUs, NetBotz, environment monitors (PowerNet-MIB, NETBOTZ-MIBs)."""

from soc.collect import (
    Readings,
    TypedReadings,
    amperes,
    celsius,
    charge,
    fahrenheit,
    hertz,
    humidity,
    load_ratio,
    readings,
    seconds,
    state,
    volts,
    watts,
)

APC = "1.3.6.1.4.1.318.1.1."
BATTERY = {2: 0, 3: 2, 4: 2}  # upsBasicBatteryStatus: normal, low, in fault
NONE = {-1}  # what PowerNet-MIB has where the device does not measure
DEGREES = {1: celsius("", unknown=NONE), 2: fahrenheit("", unknown=NONE)}

apc_ups = readings(
    "apc_ups",
    "Symmetra, Smart-UPS and their kin. The high-precision objects, in tenths; temperature in whole "
    "degrees else.",
    under=[318],
    scalars=[
        state(f"{APC}1.2.1.1.0", BATTERY, "battery"),
        charge(f"{APC}1.2.3.1.0", per=10),  # upsHighPrecBatteryCapacity
        celsius(f"{APC}1.2.3.2.0", "battery", per=10),
        seconds(f"{APC}1.2.2.3.0", per=100),  # upsAdvBatteryRunTimeRemaining
        volts(f"{APC}1.2.3.4.0", "battery", per=10),
        amperes(f"{APC}1.2.3.5.0", "battery", per=10),
        volts(f"{APC}1.3.3.1.0", "input", per=10),
        hertz(f"{APC}1.3.3.4.0", "input", per=10),
        volts(f"{APC}1.4.3.1.0", "output", per=10),
        hertz(f"{APC}1.4.3.2.0", "output", per=10),
        load_ratio(f"{APC}1.4.3.3.0", "output", per=10),
        amperes(f"{APC}1.4.3.4.0", "output", per=10),
        watts(f"{APC}1.4.2.8.0", "output"),  # upsAdvOutputActivePower
    ],
    tables=[
        Readings(  # upsPhaseInputPhaseTable: volts, tenths of an ampere
            f"{APC}9.2.3.1",
            (volts(3, unknown=NONE), amperes(6, per=10, unknown=NONE)),
            prefix="input phase",
        ),
        Readings(  # upsPhaseOutputPhaseTable
            f"{APC}9.3.3.1",
            (
                volts(3, unknown=NONE),
                amperes(4, per=10, unknown=NONE),
                load_ratio(10),
                watts(13, unknown=NONE),
            ),
            prefix="output phase",
        ),
    ],
)

apc_pdu = readings(
    "apc_pdu",
    "Rack PDUs: rPDU2 (hundredths of a kilowatt, tenths of an ampere), the older rPDU, and transfer "
    "switches.",
    under=[318],
    scalars=[watts(f"{APC}12.1.16.0", "rack PDU")],
    tables=[
        Readings(f"{APC}26.4.3.1", (watts(5, per=0.1),), name=(3,), prefix="PDU"),  # rPDU2DeviceStatusTable
        Readings(  # rPDU2PhaseStatusTable
            f"{APC}26.6.3.1", (amperes(5, per=10), volts(6), watts(7, per=0.1)), prefix="phase"
        ),
        Readings(f"{APC}26.8.3.1", (amperes(5, per=10),), prefix="bank"),  # rPDU2BankStatusTable
        Readings(  # rPDU2OutletMeteredStatusTable
            f"{APC}26.9.4.3.1", (amperes(6, per=10), watts(7)), name=(3,), prefix="outlet"
        ),
        TypedReadings(  # rPDU2SensorTempHumidityStatusTable
            f"{APC}26.10.2.2.1",
            value=8,
            kind=-1,
            kinds=dict.fromkeys(range(1, 9), celsius("", per=10)),
            name=(3,),
        ),
        Readings(f"{APC}26.10.2.2.1", (humidity(10),), name=(3,)),
        Readings(f"{APC}12.2.3.1.1", (amperes(2, per=10),), prefix="phase or bank"),  # rPDULoadStatusTable
        Readings(  # atsInputPhaseTable
            f"{APC}8.5.3.3.1",
            (volts(3, unknown=NONE), amperes(6, per=10, unknown=NONE)),
            prefix="transfer switch input",
        ),
        Readings(  # atsOutputPhaseTable
            f"{APC}8.5.4.3.1",
            (volts(3, unknown=NONE), amperes(4, per=10, unknown=NONE), watts(13, unknown=NONE)),
            prefix="transfer switch output",
        ),
    ],
)

apc_environment = readings(
    "apc_environment",
    "Environment monitors, universal I/O sensors, in-row and rack cooling (PowerNet-MIB).",
    under=[318],
    tables=[
        # iemStatusProbesTable, by iemStatusProbeTempUnits
        TypedReadings(f"{APC}10.2.3.2.1", value=4, kind=5, kinds=DEGREES, name=(2,)),
        Readings(f"{APC}10.2.3.2.1", (humidity(6),), name=(2,)),
        Readings(f"{APC}25.1.2.1", (celsius(6, unknown=NONE), humidity(7)), name=(3,)),  # uioSensorStatus
        # memSensorsStatusTable, all by memSensorsStatusSysTempUnits
        TypedReadings(f"{APC}10.4.2.3.1", value=5, kind=f"{APC}10.4.2.1", kinds=DEGREES, name=(3,)),
        Readings(f"{APC}10.4.2.3.1", (humidity(6),), name=(3,)),
    ],
)

NETBOTZ = "1.3.6.1.4.1.5528.100.4.1."
NETBOTZ_2 = "1.3.6.1.4.1.52674.500.4.1."
netbotz = readings(
    "netbotz",
    "NetBotz appliances (NETBOTZV2-MIB, NETBOTZ50-MIB): each value also as text in the sensor's unit.",
    under=[5528, 52674],
    tables=[
        Readings(f"{NETBOTZ}1.1", (celsius(2, per=10),), name=(4,)),
        Readings(f"{NETBOTZ}2.1", (humidity(2, per=10),), name=(4,)),
        Readings(f"{NETBOTZ_2}1.1", (celsius(8),), name=(4,)),
        Readings(f"{NETBOTZ_2}2.1", (humidity(8),), name=(4,)),
    ],
)
