-- What is to be told to whom: written by the transaction of the alert's transition, sent after it.

CREATE TABLE outbox (
    id VARCHAR PRIMARY KEY,
    target VARCHAR NOT NULL,
    alert_id VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    time TIMESTAMP NOT NULL,
    document VARCHAR NOT NULL,  -- JSON: the alert as it was then
    created TIMESTAMP NOT NULL,
    expires TIMESTAMP NOT NULL,  -- not worth telling any more
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt TIMESTAMP NOT NULL,
    message VARCHAR NOT NULL,  -- the message that carries it, and perhaps others; '' = none yet
    reached VARCHAR NOT NULL,  -- JSON: the recipients that have taken the message
    settled TIMESTAMP,
    error VARCHAR NOT NULL  -- of the last attempt
);
