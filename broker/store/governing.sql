-- named --
-- The subjects of the concern that somebody reads out, or of a disclosure: only of concerns that an
-- organisation of the area published, or was asked about.
SELECT DISTINCT inbox.subject, subject_key.wrapped, inbox.reference
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.type = 'concern.raised'
   AND (inbox.reference = %(named)s
        OR EXISTS (SELECT 1 FROM outbox
                    WHERE outbox.disclosure = %(named)s AND outbox.kind = 'disclosure'
                      AND outbox.publisher = inbox.publisher AND outbox.notification = inbox.id))
   AND (inbox.publisher = ANY(%(organisations)s)
        OR EXISTS (SELECT 1 FROM decision
                    WHERE decision.publisher = inbox.publisher
                      AND decision.notification = inbox.id
                      AND decision.organisation = ANY(%(organisations)s)))
 LIMIT 2

-- ask --
-- Somebody asks to view what is held of one subject.
INSERT INTO governance_override (id, step, subject, person, organisation, at, wrapped_key, body)
VALUES (%(id)s, 'asked', %(subject)s, %(person)s, %(organisation)s, %(at)s, %(wrapped_key)s, %(body)s)

-- approve --
-- A second person approves. No row comes back if it is the same person, or if it was approved or
-- ended before: the check is in the statement, so it holds whatever the caller forgot.
INSERT INTO governance_override (id, step, subject, person, organisation, at, until)
SELECT asked.id, 'approved', asked.subject, %(person)s, %(organisation)s, %(at)s, %(until)s
  FROM governance_override AS asked
 WHERE asked.id = %(id)s AND asked.step = 'asked' AND asked.person <> %(person)s
   AND NOT EXISTS (SELECT 1 FROM governance_override AS ended
                    WHERE ended.id = asked.id AND ended.step = 'ended')
ON CONFLICT DO NOTHING
RETURNING id

-- end --
-- One of the two ends it, or takes back the request.
INSERT INTO governance_override (id, step, subject, person, organisation, at)
SELECT asked.id, 'ended', asked.subject, %(person)s, %(organisation)s, %(at)s
  FROM governance_override AS asked
 WHERE asked.id = %(id)s AND asked.step = 'asked'
   AND EXISTS (SELECT 1 FROM governance_override AS either
                WHERE either.id = asked.id AND either.step IN ('asked', 'approved')
                  AND either.person = %(person)s)
   AND NOT EXISTS (SELECT 1 FROM governance_override AS approved
                    WHERE approved.id = asked.id AND approved.until <= %(at)s)
ON CONFLICT DO NOTHING
RETURNING id

-- over --
-- Those whose time is over and whose end has not been written down.
SELECT approved.id, approved.until
  FROM governance_override AS approved
 WHERE approved.step = 'approved' AND approved.until <= %(at)s
   AND NOT EXISTS (SELECT 1 FROM governance_override AS ended
                    WHERE ended.id = approved.id AND ended.step = 'ended')

-- lapse --
-- Its time is over: once.
INSERT INTO governance_override (id, step, subject, person, organisation, at)
SELECT id, 'ended', subject, NULL, organisation, %(at)s
  FROM governance_override WHERE id = %(id)s AND step = 'asked'
ON CONFLICT DO NOTHING
RETURNING id

-- review --
-- Neither of the two reviews it, once, and only when it has ended after an approval.
INSERT INTO governance_override (id, step, subject, person, organisation, at, wrapped_key, body)
SELECT approved.id, 'reviewed', approved.subject, %(person)s, %(organisation)s, %(at)s,
       %(wrapped_key)s, %(body)s
  FROM governance_override AS approved
 WHERE approved.id = %(id)s AND approved.step = 'approved'
   AND NOT EXISTS (SELECT 1 FROM governance_override AS either
                    WHERE either.id = approved.id AND either.step IN ('asked', 'approved')
                      AND either.person = %(person)s)
   AND EXISTS (SELECT 1 FROM governance_override AS ended
                WHERE ended.id = approved.id AND ended.step = 'ended')
ON CONFLICT DO NOTHING
RETURNING id

-- steps --
-- Everything that was done about those that organisations of the area asked for; or about one.
SELECT step.*, subject_key.wrapped
  FROM governance_override AS asked
  JOIN governance_override AS step ON step.id = asked.id
  JOIN subject_key ON subject_key.subject = asked.subject
 WHERE asked.step = 'asked' AND asked.organisation = ANY(%(organisations)s)
   AND (%(id)s::text IS NULL OR asked.id = %(id)s)
 ORDER BY asked.at DESC, asked.id, step.at

-- whose --
-- Whose override this is, to write down an attempt.
SELECT asked.subject, subject_key.wrapped
  FROM governance_override AS asked
  JOIN subject_key ON subject_key.subject = asked.subject
 WHERE asked.id = %(id)s AND asked.step = 'asked'

-- whose_alert --
-- Of an alert of another desk, its subject and decision, to write down an attempt.
SELECT alert.subject, subject_key.wrapped, outbox.decision
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN subject_key ON subject_key.subject = alert.subject
 WHERE alert.id = %(alert)s
   AND (alert.organisation, alert.role) <> (%(organisation)s, %(role)s)

-- look --
-- The audit entry of one page, if this person is one of the two and it is open at this instant. No
-- row comes back otherwise, and then nothing is shown.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
SELECT %(entry)s, asked.subject, %(wrapped_key)s, %(record)s
  FROM governance_override AS asked
  JOIN governance_override AS approved ON approved.id = asked.id AND approved.step = 'approved'
 WHERE asked.id = %(id)s AND asked.step = 'asked'
   AND %(person)s IN (asked.person, approved.person)
   AND approved.at <= %(at)s AND %(at)s < approved.until
   AND NOT EXISTS (SELECT 1 FROM governance_override AS ended
                    WHERE ended.id = asked.id AND ended.step = 'ended')
RETURNING subject

-- leaf --
-- Asking, approving, ending, reviewing and every attempt are audit entries.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
VALUES (%(entry)s, %(subject)s, %(wrapped_key)s, %(record)s)

-- concerns --
-- What is held of one subject, the newest first.
SELECT inbox.publisher, inbox.id, inbox.type, inbox.received, inbox.match, inbox.match_why,
       inbox.doubted, inbox.subject, inbox.wrapped_key, inbox.body, subject_key.wrapped,
       EXISTS (SELECT 1 FROM inbox AS later
                WHERE later.publisher = inbox.publisher AND later.thread = inbox.thread
                  AND later.type = 'concern.retracted') AS retracted
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = %(subject)s AND inbox.type = 'concern.raised'
 ORDER BY inbox.issued DESC, inbox.id

-- decisions --
-- Everything that was decided about them, in order, with what came of it.
SELECT decision.publisher, decision.notification, decision.organisation, decision.role, decision.at,
       decision.outcome, decision.ground, ruling.policy, ruling.level_used, ruling.extents,
       ruling.because, ruling.duties, outbox.claims, outbox.held, outbox.state,
       EXISTS (SELECT 1 FROM outbox AS recall
                WHERE recall.kind = 'recall'
                  AND split_part(recall.recalls, ' ', 1) = outbox.disclosure) AS recalled
  FROM decision
  JOIN ruling ON ruling.id = decision.ruling
  JOIN placed AS inbox ON inbox.publisher = decision.publisher AND inbox.id = decision.notification
  LEFT JOIN outbox ON outbox.decision = decision.id AND outbox.kind = 'disclosure'
 WHERE inbox.subject = %(subject)s AND inbox.type = 'concern.raised'
 ORDER BY decision.at, decision.round, decision.organisation, decision.role
