"""SSH: constant commands over paramiko, every phase of failure told apart."""
