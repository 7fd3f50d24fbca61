"""What each kind of simulated device answers over SNMP, a module for each MIB."""
