-- A candidate policy set beside the live one: how often it was asked, and where it answers
-- otherwise. A question is closed values only and names no child. Nothing here is ever acted on.

CREATE TABLE shadow_run (
    live             text NOT NULL,            -- policy versions
    candidate        text NOT NULL,
    asked            bigint NOT NULL,
    first_seen       timestamptz NOT NULL,
    last_seen        timestamptz NOT NULL,
    PRIMARY KEY (live, candidate)
);

CREATE TABLE shadow_difference (
    live             text NOT NULL,
    candidate        text NOT NULL,
    question_sha256  bytea NOT NULL,
    question         jsonb NOT NULL,
    live_extents     jsonb NOT NULL,
    candidate_extents jsonb,                   -- NULL: the candidate could not answer
    fault            text,                     -- why not
    first_seen       timestamptz NOT NULL,
    count            bigint NOT NULL,
    PRIMARY KEY (live, candidate, question_sha256),
    CHECK ((candidate_extents IS NULL) = (fault IS NOT NULL))
);
