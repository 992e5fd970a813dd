-- Who is who: the subject register, how a notification came to its subject, and corrections.
-- What could name somebody stands in `profile` alone, encrypted under its subject's key; look-ups go
-- by keyed digests. Times are the broker's own.

ALTER TABLE subject DROP CONSTRAINT subject_state_check;
ALTER TABLE subject ADD CONSTRAINT subject_state_check
      CHECK (state IN ('provisional', 'confirmed', 'redirected'));
ALTER TABLE subject ADD COLUMN redirect_to text REFERENCES subject;  -- one step: never a chain
ALTER TABLE subject ADD CONSTRAINT subject_redirect_check
      CHECK ((state = 'redirected') = (redirect_to IS NOT NULL));
ALTER TABLE subject ADD COLUMN doubted text[] NOT NULL DEFAULT '{}';  -- of a provisional one: whom it might be
CREATE INDEX subject_redirect ON subject (redirect_to) WHERE redirect_to IS NOT NULL;

CREATE TABLE profile (                        -- what the register holds of a subject
    subject      text PRIMARY KEY REFERENCES subject,
    version      bigint NOT NULL,             -- the fence: two who learn at once do not overwrite
    wrapped_key  bytea NOT NULL,
    body         bytea NOT NULL
);

CREATE TABLE registered (                     -- what a partnership brought along: profiles grow from it
    subject      text PRIMARY KEY REFERENCES subject,
    wrapped_key  bytea NOT NULL,
    body         bytea NOT NULL
);

CREATE TABLE blocking_key (                   -- keyed digests by which candidates are found
    key          bigint NOT NULL,
    subject      text NOT NULL REFERENCES subject,
    restricted   boolean NOT NULL,            -- from a protected address: it serves nothing else
    PRIMARY KEY (key, subject)
);
CREATE INDEX blocking_key_subject ON blocking_key (subject);

CREATE TABLE do_not_link (                    -- a person said: these are two
    a            text NOT NULL REFERENCES subject,
    b            text NOT NULL REFERENCES subject,
    reason       text NOT NULL,
    restricted   boolean NOT NULL,            -- neither is ever shown beside the other
    decided_by   text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (a, b),
    CHECK (a < b)
);
CREATE INDEX do_not_link_b ON do_not_link (b);

CREATE TABLE household_member (
    household    text NOT NULL,
    subject      text NOT NULL REFERENCES subject,
    evidence     text NOT NULL,               -- the notification that said so, or a person
    since        timestamptz NOT NULL,
    until        timestamptz,
    PRIMARY KEY (subject, household)
);
CREATE INDEX household_member_household ON household_member (household);

CREATE TABLE born_alike (                     -- of one household, and born on the same day
    a            text NOT NULL REFERENCES subject,
    b            text NOT NULL REFERENCES subject,
    PRIMARY KEY (a, b),
    CHECK (a < b)
);
CREATE INDEX born_alike_b ON born_alike (b);

-- How each notification came to its subject: the newest turn counts, none is ever changed. The
-- evidence names comparisons and levels, never a value.

CREATE TABLE link_decision (
    publisher    text NOT NULL,
    notification text NOT NULL,
    turn         integer NOT NULL,
    subject      text NOT NULL REFERENCES subject,
    verdict      text NOT NULL CHECK (verdict IN ('known', 'needs_person', 'new')),
    why          text NOT NULL,
    doubted      text[] NOT NULL,
    disputed     text[] NOT NULL,             -- systems of which its number is another subject's
    evidence     jsonb NOT NULL,
    model        text NOT NULL,               -- SHA-256 of weights, tables and thresholds
    decided_by   text,                        -- a person; NULL: the rules alone
    at           timestamptz NOT NULL,
    PRIMARY KEY (publisher, notification, turn),
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON link_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON link_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE link (                           -- where each notification stands now
    publisher    text NOT NULL,
    notification text NOT NULL,
    turn         integer NOT NULL,
    about        text NOT NULL,               -- the thread that it follows: its own, or a concern's
    subject      text NOT NULL REFERENCES subject,
    match        text NOT NULL,
    match_why    text NOT NULL,
    doubted      text[] NOT NULL,
    disputed     text[] NOT NULL DEFAULT '{}',
    wrapped_key  bytea NOT NULL,              -- its content's key, under this subject's key
    PRIMARY KEY (publisher, notification),
    FOREIGN KEY (publisher, notification) REFERENCES inbox (publisher, id)
);
CREATE INDEX link_subject ON link (subject);
CREATE INDEX link_about ON link (about);

INSERT INTO link (publisher, notification, turn, about, subject, match, match_why, doubted, wrapped_key)
SELECT publisher, id, 1, thread, subject, match, match_why, doubted, wrapped_key FROM inbox;

CREATE VIEW placed AS                         -- the inbox, each notification with its subject of now
SELECT inbox.publisher, inbox.id, inbox.type, inbox.thread, inbox.lane, inbox.level, link.subject,
       link.match, link.match_why, link.doubted, link.turn, link.about, inbox.reference,
       inbox.correlation, inbox.candidates, inbox.token_sha256, link.wrapped_key, inbox.body,
       inbox.topic, inbox.partition, inbox.at_offset, inbox.issued, inbox.received
  FROM inbox
  JOIN link ON link.publisher = inbox.publisher AND link.notification = inbox.id;

CREATE INDEX alert_notification ON alert (publisher, notification);

-- What a person is asked about a doubtful match, and what was answered.

CREATE TABLE review (
    id           text PRIMARY KEY,            -- random: it stands in a URL
    subject      text NOT NULL UNIQUE REFERENCES subject,  -- the provisional one
    opened       timestamptz NOT NULL
);

CREATE TABLE review_answer (
    review       text NOT NULL REFERENCES review,
    turn         integer NOT NULL,
    answer       text NOT NULL CHECK (answer IN ('same', 'different', 'cannot_tell')),
    other        text REFERENCES subject,     -- the candidate meant; NULL: none of them
    person       text NOT NULL,
    organisation text NOT NULL,
    counts       boolean NOT NULL,            -- false: a second person has yet to say the same
    wrapped_key  bytea NOT NULL,              -- the reason, in words, under the subject's key
    body         bytea NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (review, turn)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON review_answer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON review_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was corrected: one row for each thing that was done, and why.

CREATE TABLE correction (
    id           text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('same', 'different', 'unlink', 'merge', 'split')),
    subject      text NOT NULL REFERENCES subject,
    other        text REFERENCES subject,
    decided_by   text NOT NULL,               -- a person, or the notification that announced it
    at           timestamptz NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON correction
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON correction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
