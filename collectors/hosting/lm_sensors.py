"""Sensors of Linux hosts (LM-SENSORS-MIB of net-snmp): millidegrees, millivolts, revolutions a minute."""

from soc.collect import Readings, celsius, readings, rpm, volts

LM_SENSORS = "1.3.6.1.4.1.2021.13.16."

lm_sensors = readings(
    "lm_sensors",
    "lmTempSensorsTable, lmFanSensorsTable, lmVoltSensorsTable.",
    under=[],
    tables=[
        Readings(f"{LM_SENSORS}2.1", (celsius(3, per=1000),), name=(2,)),
        Readings(f"{LM_SENSORS}3.1", (rpm(3),), name=(2,)),
        Readings(f"{LM_SENSORS}4.1", (volts(3, per=1000),), name=(2,)),
    ],
)
