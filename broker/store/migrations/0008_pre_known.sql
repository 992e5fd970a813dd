-- Does anybody know this child? Who asked, how often, and what was answered: never who was asked for.
-- A subject's digests for blind questions are made with a key that is not in this database.

CREATE TABLE inquiry (
    organisation text NOT NULL,
    id           text NOT NULL,               -- its author's own: a question counts once
    form         text NOT NULL CHECK (form IN ('known', 'known_blind', 'known_tokens')),
    person       text NOT NULL,
    role         text NOT NULL,
    purpose      text NOT NULL,
    asked        timestamptz NOT NULL,
    answer       text CHECK (answer IN ('known', 'not_known', 'could_not_check', 'refused')),
    record       bytea,                       -- what its leaf binds, with the salt
    PRIMARY KEY (organisation, id)
);
CREATE INDEX inquiry_asked ON inquiry (organisation, asked);

CREATE TABLE inquiry_hour (                   -- how many an organisation asked in one hour
    organisation text NOT NULL,
    form         text NOT NULL,
    hour         timestamptz NOT NULL,
    asked        integer NOT NULL,
    PRIMARY KEY (organisation, form, hour)
);

CREATE TABLE known_key (                      -- a key of blind questions, by its id
    key          text PRIMARY KEY,
    complete     timestamptz                  -- since when every subject has its digests under it
);

CREATE TABLE known_token (
    key          text NOT NULL REFERENCES known_key ON DELETE CASCADE,
    token        bytea NOT NULL,              -- 16 bytes
    subject      text NOT NULL REFERENCES subject,
    whole        boolean NOT NULL,            -- of a whole name: it tells twins apart
    PRIMARY KEY (key, token, subject)
);
CREATE INDEX known_token_subject ON known_token (subject, key);

CREATE TABLE known_indexed (                  -- which version of its profile a subject's digests are of
    key          text NOT NULL REFERENCES known_key ON DELETE CASCADE,
    subject      text NOT NULL REFERENCES subject,
    version      bigint NOT NULL,
    PRIMARY KEY (key, subject)
);
