"""SSH: constant commands over paramiko, every phase of failure told apart."""

from soc.collect.ssh.kept import Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.platform import DETECT, DETECTIONS
from soc.collect.ssh.transport import SshTransport

__all__ = ["DETECT", "DETECTIONS", "Kept", "Limits", "SshTransport"]
