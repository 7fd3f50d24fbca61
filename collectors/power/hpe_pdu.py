"""HPE rack PDUs (CPQPOWER-MIB: cpqPdrPDU2, CPQ-PDU3, modular PDUs)."""

from soc.collect import Readings, amperes, hertz, load_ratio, readings, volts, watts

POWER = "1.3.6.1.4.1.232.165."
PDU2, PDU3, MODULAR = f"{POWER}7.", f"{POWER}11.", f"{POWER}2.3."

hpe_pdu = readings(
    "hpe_pdu",
    "Inputs, their phases and outlets.",
    under=[POWER.rstrip(".")],
    tables=[
        # pdu2: millivolts and milliamperes
        Readings(f"{PDU2}2.1.1", (hertz(2, per=10), watts(5)), prefix="input"),
        Readings(
            f"{PDU2}2.2.1",
            (volts(3, per=1000), amperes(11, per=1000), load_ratio(18), watts(21)),
            prefix="input phase",
        ),
        Readings(f"{PDU2}5.1.1", (amperes(5, per=1000), watts(14)), name=(3,), prefix="outlet"),
        # pdu3: tenths of a volt, hundredths of an ampere
        Readings(f"{PDU3}2.1.1", (hertz(2, per=10), watts(5)), prefix="input"),
        Readings(
            f"{PDU3}2.2.1",
            (volts(3, per=10), amperes(11, per=100), load_ratio(17, per=10), watts(20)),
            prefix="input phase",
        ),
        Readings(
            f"{PDU3}5.1.1",
            (amperes(5, per=100), load_ratio(11, per=10), watts(13)),
            name=(2,),
            prefix="outlet",
        ),
        Readings(f"{MODULAR}1.1", (load_ratio(2), watts(4)), prefix="PDU"),
        Readings(f"{MODULAR}2.1", (volts(2), amperes(3), load_ratio(4)), prefix="breaker"),
    ],
)
