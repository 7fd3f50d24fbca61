-- When the collector's last answered poll was, however many have failed since.
ALTER TABLE reachability_current ADD COLUMN seen TIMESTAMP;

UPDATE reachability_current SET seen = time WHERE answered;
