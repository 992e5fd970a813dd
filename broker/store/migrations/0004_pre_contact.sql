-- What was taken in while policies could not be evaluated: kept, and not yet decided. A pointer says
-- to a few that a service is involved and whom to ring; it rests on no decision and tells no level.

CREATE TABLE undecided (
    publisher    text NOT NULL,
    notification text NOT NULL,
    since        timestamptz NOT NULL,
    settled      timestamptz,                 -- when it was decided after all, once
    PRIMARY KEY (publisher, notification),
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);
CREATE INDEX undecided_open ON undecided (since) WHERE settled IS NULL;

ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
      CHECK (kind IN ('disclosure', 'accepted', 'recall', 'pointer'));
ALTER TABLE alert ALTER COLUMN level DROP NOT NULL;  -- of a pointer: none is told
