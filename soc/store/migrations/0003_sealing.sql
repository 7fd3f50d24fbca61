-- Samples, events and matches of the last hours; older ones are sealed in Parquet. The plain names are views of
-- the hot rows; a question that reaches further back shadows them (soc/store/sealing/sealed.py).
ALTER TABLE sample RENAME TO hot_sample;
ALTER TABLE event RENAME TO hot_event;
ALTER TABLE match RENAME TO hot_match;
CREATE VIEW sample AS SELECT series_id, time, value FROM hot_sample;
CREATE VIEW event AS SELECT * EXCLUDE (own_batch) FROM hot_event;
CREATE VIEW match AS SELECT * FROM hot_match;

-- A series as sealed files name it: 8 hexadecimal digits of sha256(metric) and 8 of sha256(device), which keep
-- alike series together, and 16 of sha256(length, metric, length, device, labels_json).
ALTER TABLE series ADD COLUMN hash UUID;
ALTER TABLE series ADD COLUMN sealed_until TIMESTAMP;  -- the last of its samples that are sealed
UPDATE series SET hash = CAST(
    left(sha256(metric), 8) || left(sha256(device), 8)
    || left(sha256(strlen(metric) || ':' || metric || strlen(device) || ':' || device || labels_json), 16)
    AS UUID
);

-- Names are relative to the directory of sealed files. Rows stay when their file is gone.
CREATE TABLE sealed_file (
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,             -- sample, series, event, match, raw
    class VARCHAR NOT NULL,            -- retention class of events and matches
    state VARCHAR NOT NULL,            -- writing, sealed, expired, unlinked
    since TIMESTAMP NOT NULL,          -- when it came to be so
    min_time TIMESTAMP NOT NULL,
    max_time TIMESTAMP NOT NULL,
    row_count BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    format_version INTEGER NOT NULL,
    damage VARCHAR NOT NULL            -- why it is left out of answers; '' = it is not
);
