-- Statements about sharing, deciding again, and recalls. A statement is an inbox row like a concern:
-- signed, encrypted under its subject's key, never changed.

CREATE INDEX inbox_statement ON inbox (subject, received)
 WHERE type IN ('consent.recorded', 'source_of_harm.recorded', 'level.confirmed',
                'necessity.recorded', 'refusal.weighed', 'detriment.recorded', 'override.raised',
                'override.reviewed', 'case.closed');

-- How often what is known about a subject's sharing has changed: what was decided under another
-- number is decided again before it is sent.
ALTER TABLE subject ADD COLUMN facts bigint NOT NULL DEFAULT 0;

ALTER TABLE inbox ADD COLUMN doubted text[] NOT NULL DEFAULT '{}';  -- whom else it might be about

CREATE TABLE round (                          -- a concern decided again: why, and who was asked about
    publisher    text NOT NULL,
    notification text NOT NULL,
    round        integer NOT NULL CHECK (round > 1),
    why          text NOT NULL,               -- the statement's type, or policies, facts, lapsed
    statement    text,                        -- the statement's id, if one caused it
    candidates   text[] NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (publisher, notification, round),
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);

-- What a decision rested on at its instant: directive and state for each category, overrides, and
-- the categories whose extent would have been less without them.
ALTER TABLE decision ADD COLUMN rests jsonb;
ALTER TABLE ruling ADD COLUMN bases jsonb NOT NULL DEFAULT '{}';   -- of each category told at all
ALTER TABLE decision DROP CONSTRAINT decision_outcome_check;
ALTER TABLE decision ADD CONSTRAINT decision_outcome_check
      CHECK (outcome IN ('disclosed', 'refused', 'stands'));  -- stands: all of it was told before

ALTER TABLE outbox ADD COLUMN policy text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN facts bigint NOT NULL DEFAULT 0;     -- of its subject, when decided
ALTER TABLE outbox ADD COLUMN good_until timestamptz;              -- when something it rests on ends
ALTER TABLE outbox ADD COLUMN recalls text;                        -- of a recall: which disclosure
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
      CHECK (kind IN ('disclosure', 'accepted', 'recall'));
ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check
      CHECK (state IN ('waiting', 'sent', 'received', 'read', 'quarantined', 'refused'));
CREATE INDEX outbox_notification ON outbox (publisher, notification);
CREATE INDEX outbox_recall ON outbox (created) WHERE kind = 'recall';
