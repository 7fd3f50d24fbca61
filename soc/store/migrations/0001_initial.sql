-- Ids are minted by writers; no foreign keys, no sequences, times are UTC.

CREATE TABLE segment (
    id VARCHAR PRIMARY KEY,
    writer VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    created TIMESTAMP NOT NULL,
    sealed TIMESTAMP NOT NULL,
    ingested TIMESTAMP NOT NULL,
    row_count BIGINT NOT NULL,
    simulated BOOLEAN NOT NULL
);

-- series_id is local to this file; (metric, device, labels_json) is the identity elsewhere.
CREATE TABLE series (
    series_id INTEGER NOT NULL,
    metric VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    labels MAP(VARCHAR, VARCHAR) NOT NULL,
    labels_json VARCHAR NOT NULL,
    interval_seconds DOUBLE NOT NULL,
    attributes VARCHAR NOT NULL  -- JSON of what is told beside the identity, as told last (ifIndex)
);

-- value NULL is a staleness marker.
CREATE TABLE sample (
    series_id INTEGER NOT NULL,
    time TIMESTAMP NOT NULL,
    value DOUBLE
);

CREATE TABLE device_history (
    device VARCHAR NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    valid_to TIMESTAMP,
    recorded TIMESTAMP NOT NULL,
    tower VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    availability VARCHAR NOT NULL,
    depends_on VARCHAR[] NOT NULL,
    labels MAP(VARCHAR, VARCHAR) NOT NULL,
    content VARCHAR NOT NULL
);

CREATE TABLE event (
    id VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    received TIMESTAMP NOT NULL,
    device VARCHAR NOT NULL,
    source_address VARCHAR NOT NULL,
    relayed BOOLEAN NOT NULL,
    product VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    service VARCHAR NOT NULL,
    class_uid INTEGER NOT NULL,
    activity_id INTEGER NOT NULL,
    severity_id TINYINT NOT NULL,
    message VARCHAR NOT NULL,
    "user" VARCHAR NOT NULL,
    source_ip VARCHAR NOT NULL,
    target_ip VARCHAR NOT NULL,
    process VARCHAR NOT NULL,
    fields MAP(VARCHAR, VARCHAR) NOT NULL,
    raw VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    -- Events this store made itself wait to be matched: the number of the transaction that made them.
    own_batch BIGINT
);

CREATE TABLE match (
    event_id VARCHAR NOT NULL,
    rule_id VARCHAR NOT NULL,
    rule_version VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    received TIMESTAMP NOT NULL,
    device VARCHAR NOT NULL,
    labels_json VARCHAR NOT NULL,
    correlation_json VARCHAR NOT NULL
);

-- value NULL: the member is gone.
CREATE TABLE fact (
    device VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    instance VARCHAR NOT NULL,
    value VARCHAR,
    time TIMESTAMP NOT NULL
);

CREATE TABLE fact_current (
    device VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    instance VARCHAR NOT NULL,
    value VARCHAR,
    since TIMESTAMP NOT NULL
);

-- When a set of facts was first read: that reading is the baseline, later differences are changes.
CREATE TABLE fact_set (
    device VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    first_read TIMESTAMP NOT NULL
);

-- The last outcome per device and collector.
CREATE TABLE poll_current (
    device VARCHAR NOT NULL,
    collector VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    ok BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    interval_seconds DOUBLE NOT NULL
);

-- The last reachability poll that says something, per device and collector. gap_* are the last
-- distances between two of them; past `expires` the poll no longer says how the device is.
CREATE TABLE reachability_current (
    device VARCHAR NOT NULL,
    collector VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    answered BOOLEAN NOT NULL,
    interval_seconds DOUBLE NOT NULL,
    gap_1_seconds DOUBLE,
    gap_2_seconds DOUBLE,
    expires TIMESTAMP NOT NULL,
    expired BOOLEAN NOT NULL
);

CREATE TABLE device_state (
    device VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    site VARCHAR NOT NULL
);

CREATE TABLE device_state_current (
    device VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL,
    cause VARCHAR NOT NULL
);

-- One row per occurrence, written once; what happens to it stands in alert_transition.
CREATE TABLE alert (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL,
    rule_id VARCHAR NOT NULL,
    rule_version VARCHAR NOT NULL,
    rule_title VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    labels_json VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    runbook VARCHAR NOT NULL,
    supplier VARCHAR NOT NULL,
    site VARCHAR NOT NULL,
    window_seconds DOUBLE NOT NULL,
    opened TIMESTAMP NOT NULL
);

CREATE TABLE alert_transition (
    id VARCHAR PRIMARY KEY,
    alert_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    recorded TIMESTAMP NOT NULL,
    action VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    workflow_from VARCHAR NOT NULL,
    workflow_to VARCHAR NOT NULL,
    condition_from VARCHAR NOT NULL,
    condition_to VARCHAR NOT NULL,
    suppressed_by VARCHAR NOT NULL,
    actor_uid INTEGER,
    actor_name VARCHAR NOT NULL,
    client VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    disposition VARCHAR NOT NULL,
    version INTEGER NOT NULL
);

-- Projection of alert, its transitions and its evidence.
CREATE TABLE alert_current (
    id VARCHAR PRIMARY KEY,
    fingerprint VARCHAR NOT NULL,
    rule_id VARCHAR NOT NULL,
    workflow VARCHAR NOT NULL,
    condition VARCHAR NOT NULL,
    suppressed_by VARCHAR NOT NULL,
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    count BIGINT NOT NULL,
    resolved TIMESTAMP,
    closed TIMESTAMP,
    owner VARCHAR NOT NULL,
    disposition VARCHAR NOT NULL,
    version INTEGER NOT NULL
);

CREATE TABLE alert_evidence (
    alert_id VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL
);

-- Availability rules between two rule times: one row per active label set, its state as JSON.
CREATE TABLE rule_state (
    rule_id VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    state VARCHAR NOT NULL
);

CREATE TABLE rule_archive (
    version VARCHAR PRIMARY KEY,
    rule_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    archived TIMESTAMP NOT NULL
);

-- Where work goes on after a stop: rule times evaluated (microseconds), transactions, own events matched.
CREATE TABLE cursor (
    name VARCHAR PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE evaluation_gap (
    rule_group VARCHAR NOT NULL,
    gap_from TIMESTAMP NOT NULL,
    gap_to TIMESTAMP NOT NULL,
    recorded TIMESTAMP NOT NULL,
    reason VARCHAR NOT NULL
);
