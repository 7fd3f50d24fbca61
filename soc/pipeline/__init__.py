"""From the spool to alerts: ingest, evaluate, alert; used alike by `soc collect` and a hub."""
