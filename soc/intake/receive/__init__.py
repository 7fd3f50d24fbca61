"""Receive syslog over UDP and TCP into raw segments: a service of its own, so that nothing else's
restart loses a datagram."""
