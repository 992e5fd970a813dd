-- The governance override: what two people may view of one subject, for 24 hours at most
-- (DOMAIN.md 4.5). One row for each thing that somebody did about it; none is ever changed.

CREATE TABLE governance_override (
    id           text NOT NULL,               -- random: it stands in a URL
    step         text NOT NULL CHECK (step IN ('asked', 'approved', 'ended', 'reviewed')),
    subject      text NOT NULL REFERENCES subject,
    person       text,                        -- NULL: its time was over
    organisation text NOT NULL,               -- of the person; of whoever asked
    at           timestamptz NOT NULL,
    until        timestamptz,                 -- of an approval
    wrapped_key  bytea,
    body         bytea,                       -- purpose, or what was found: under the subject's key
    PRIMARY KEY (id, step),
    CHECK (person IS NOT NULL OR step = 'ended'),
    CHECK ((until IS NOT NULL) = (step = 'approved')),
    CHECK (until > at AND until <= at + interval '24 hours'),
    CHECK ((body IS NOT NULL) = (step IN ('asked', 'reviewed'))),
    CHECK ((body IS NULL) = (wrapped_key IS NULL))
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON governance_override
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON governance_override
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
