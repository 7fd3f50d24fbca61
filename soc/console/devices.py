"""The devices."""

from __future__ import annotations

from soc.console.browser import Browser
from soc.console.columns import DEVICES
from soc.console.details import Details
from soc.console.listing import Listing
from soc.console.preview import Preview
from soc.console.report import device_report


class DevicesView(Browser):
    """Every device with its state; beside it what it says of itself."""

    title = "DEVICES"
    kind = "device"
    opens = "device"

    def make_listing(self) -> Listing:
        return Listing(
            self.session, self.painter,
            path="/v1/devices", key="device", columns=DEVICES,
        )  # fmt: skip

    def make_preview(self) -> Preview:
        details = Details(self.session.client, "/v1/devices", "device")
        return Preview(
            self.session, self.painter, details, lambda row: str(row.get("device", "")),
            device_report, device_report,
        )  # fmt: skip
