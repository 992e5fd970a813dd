-- The journey's tables. Content stands only in `body` columns, encrypted under a key of its own,
-- which is wrapped under the subject's key (SECURITY.md 4.2). Times are the broker's own.

CREATE TABLE kafka_offset (
    topic        text    NOT NULL,
    partition    integer NOT NULL,
    first        bigint  NOT NULL,            -- where this broker began to read
    next         bigint  NOT NULL,            -- the offset it will read next: the fence
    accepted     bigint  NOT NULL DEFAULT 0,  -- what became of first .. next - 1
    repeated     bigint  NOT NULL DEFAULT 0,
    quarantined  bigint  NOT NULL DEFAULT 0,
    forgotten    bigint  NOT NULL DEFAULT 0,  -- facts about a child whom this broker does not hold
    PRIMARY KEY (topic, partition)
);

-- Who -----------------------------------------------------------------------------------------

CREATE TABLE subject (
    id           text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('child', 'unborn', 'adult_of_concern')),
    state        text NOT NULL CHECK (state IN ('provisional', 'confirmed')),
    area         text,                        -- where the child lives, once known
    protected    boolean NOT NULL DEFAULT false,
    forename     bytea,                       -- keyed digest: comparable, not readable
    birth_date   bytea,                       -- keyed digest
    since        timestamptz NOT NULL
);

CREATE TABLE subject_key (                    -- destroyed to erase; to live in a database of its own
    subject      text PRIMARY KEY REFERENCES subject,
    wrapped      bytea NOT NULL               -- under the broker's key-encryption key
);

CREATE TABLE identifier (
    digest       bytea PRIMARY KEY,           -- keyed digest of system, issuer and value
    subject      text NOT NULL REFERENCES subject,
    source       text NOT NULL                -- the notification or register that brought it
);
CREATE INDEX identifier_subject ON identifier (subject);

CREATE TABLE relationship (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject      text NOT NULL REFERENCES subject,
    organisation text NOT NULL,
    role         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('allocated', 'enrolled', 'registered', 'open_enquiry')),
    since        timestamptz NOT NULL,
    until        timestamptz,
    source       text NOT NULL,
    UNIQUE (subject, organisation, role, kind, since)
);

CREATE TABLE allow_list (                     -- who may know where a protected subject is
    subject      text NOT NULL REFERENCES subject,
    organisation text NOT NULL,
    source       text NOT NULL,
    PRIMARY KEY (subject, organisation)
);

-- What came -------------------------------------------------------------------------------------

CREATE TABLE inbox (
    publisher    text NOT NULL,
    id           text NOT NULL,
    type         text NOT NULL,
    thread       text NOT NULL,
    lane         text NOT NULL CHECK (lane IN ('emergency', 'routine')),
    level        text NOT NULL,
    subject      text NOT NULL REFERENCES subject,
    match        text NOT NULL CHECK (match IN ('known', 'needs_person', 'new')),
    match_why    text NOT NULL,
    reference    text NOT NULL,
    correlation  text,
    candidates   text[] NOT NULL,             -- 'organisation role', counted against the decisions
    token_sha256 bytea NOT NULL,
    wrapped_key  bytea NOT NULL,
    body         bytea NOT NULL,              -- the token, encrypted
    topic        text NOT NULL,
    partition    integer NOT NULL,
    at_offset    bigint NOT NULL,
    issued       timestamptz NOT NULL,
    received     timestamptz NOT NULL,
    PRIMARY KEY (publisher, id)
);
CREATE INDEX inbox_thread ON inbox (publisher, thread);
CREATE INDEX inbox_subject ON inbox (subject, received);

CREATE TABLE quarantine (
    topic        text NOT NULL,
    partition    integer NOT NULL,
    at_offset    bigint NOT NULL,
    publisher    text NOT NULL,
    lane         text NOT NULL,
    reason       text NOT NULL,
    detail       text NOT NULL,
    value        bytea NOT NULL,              -- as it arrived: sealed, or whatever it was
    received     timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, at_offset)
);

-- What was decided ------------------------------------------------------------------------------

CREATE TABLE ruling (                         -- one for each question ever asked under one policy
    id           text PRIMARY KEY,            -- SHA-256 of policy and question
    policy       text NOT NULL,
    level_used   text NOT NULL,
    question     jsonb NOT NULL,
    extents      jsonb NOT NULL,
    because      jsonb NOT NULL,
    duties       text[] NOT NULL
);

CREATE TABLE decision (
    id           text PRIMARY KEY,
    publisher    text NOT NULL,
    notification text NOT NULL,
    round        integer NOT NULL DEFAULT 1,
    subject      text NOT NULL REFERENCES subject,
    organisation text NOT NULL,
    role         text NOT NULL,
    why          text NOT NULL,
    ruling       text NOT NULL REFERENCES ruling,
    outcome      text NOT NULL CHECK (outcome IN ('disclosed', 'refused')),
    ground       text,                        -- of a refusal
    at           timestamptz NOT NULL,
    UNIQUE (publisher, notification, organisation, role, round),
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);
CREATE INDEX decision_subject ON decision (subject, organisation);

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('disclosure', 'accepted')),
    disclosure   text NOT NULL UNIQUE,        -- of an accepted receipt: 'accepted ' and the id
    decision     text REFERENCES decision,
    publisher    text NOT NULL,
    notification text NOT NULL,
    organisation text NOT NULL,
    lane         text NOT NULL CHECK (lane IN ('emergency', 'routine')),
    claims       text[] NOT NULL,             -- which claims may pass; the words are in the inbox, once
    held         text[] NOT NULL,             -- categories told as existence
    ring         text NOT NULL,               -- the organisation to ring about it
    leaf_commit  bytea NOT NULL,
    state        text NOT NULL DEFAULT 'waiting'
                 CHECK (state IN ('waiting', 'sent', 'received', 'read', 'quarantined')),
    reason       text,                        -- of a quarantine
    created      timestamptz NOT NULL,
    sent         timestamptz,
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);
CREATE INDEX outbox_waiting ON outbox (lane, id) WHERE state = 'waiting';

CREATE TABLE receipt (
    disclosure   text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('received', 'read')),
    organisation text NOT NULL,
    signed       text NOT NULL,               -- the receipt+jwt, as it came
    at           timestamptz NOT NULL,
    PRIMARY KEY (disclosure, kind)
);

-- What a person sees -----------------------------------------------------------------------------

CREATE TABLE alert (
    id           text PRIMARY KEY,            -- random: it stands in a URL
    disclosure   text NOT NULL UNIQUE,
    organisation text NOT NULL,
    role         text NOT NULL,
    subject      text NOT NULL REFERENCES subject,
    publisher    text NOT NULL,
    notification text NOT NULL,
    level        text NOT NULL,               -- as used for this role
    must_see     boolean NOT NULL,
    created      timestamptz NOT NULL
);
CREATE INDEX alert_desk ON alert (organisation, role, created DESC);
CREATE INDEX alert_subject ON alert (subject, organisation, role);

CREATE TABLE alert_seen (
    alert        text NOT NULL REFERENCES alert,
    person       text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (alert, person)
);

CREATE TABLE session (
    digest       bytea PRIMARY KEY,           -- SHA-256 of the cookie: a thief of this table gets none
    person       text NOT NULL,
    csrf         text NOT NULL,
    began        timestamptz NOT NULL,
    used         timestamptz NOT NULL
);

CREATE TABLE draft (
    person       text PRIMARY KEY,
    wrapped_key  bytea NOT NULL,
    body         bytea NOT NULL,
    at           timestamptz NOT NULL
);

-- The ledger -------------------------------------------------------------------------------------

CREATE TABLE leaf_waiting (                   -- not yet numbered: numbers follow commits
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry        bytea NOT NULL,
    disclosure   text,                        -- whose recipient is owed the proof
    organisation text,
    subject      text,
    wrapped_key  bytea,
    record       bytea                        -- what the commitment binds, under the subject's key
);

CREATE TABLE leaf (
    number       bigint PRIMARY KEY,          -- its place in the log, from 0
    entry        bytea NOT NULL,              -- the leaf's bytes, never rebuilt
    disclosure   text,
    organisation text,
    subject      text,
    wrapped_key  bytea,
    record       bytea
);
CREATE INDEX leaf_disclosure ON leaf (disclosure) WHERE disclosure IS NOT NULL;

CREATE TABLE checkpoint (
    size         bigint PRIMARY KEY,          -- two roots for one size cannot be stored
    root         bytea NOT NULL,
    note         text,                        -- signed after the row has been committed
    at           timestamptz NOT NULL
);

CREATE TABLE tile (                           -- 256 hashes a tile; made from the leaves, can be made again
    level        integer NOT NULL,
    number       bigint NOT NULL,
    hashes       bytea NOT NULL,
    PRIMARY KEY (level, number)
);

CREATE TABLE proofs_given (                   -- up to which leaf recipients have had their proofs
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    next         bigint NOT NULL
);
INSERT INTO proofs_given (next) VALUES (0);

-- A correction is another row. Nothing that happened is changed or removed.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: follow it with another row', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inbox
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ruling
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON leaf
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON inbox
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON leaf
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
