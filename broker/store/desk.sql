-- alerts --
-- One desk's alerts with what making a line of each needs; must-see unseen first, then the newest.
SELECT alert.id, alert.level, alert.must_see, alert.created, alert.publisher, inbox.type,
       outbox.kind, outbox.claims, outbox.held, alert.notification, inbox.subject, inbox.received,
       inbox.match, inbox.match_why, inbox.doubted, inbox.wrapped_key, inbox.body,
       subject_key.wrapped, outbox.ring,
       EXISTS (SELECT 1 FROM alert_seen WHERE alert_seen.alert = alert.id) AS seen
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN placed AS inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE alert.organisation = %(organisation)s AND alert.role = %(role)s
   AND outbox.state <> 'refused'
 ORDER BY alert.created DESC
 LIMIT %(most)s

-- alert --
-- One alert of one desk, whole; of a pointer without decision. Somebody else's gives no row, like one
-- that does not exist.
SELECT alert.id, alert.level, alert.must_see, alert.created, alert.publisher, alert.notification,
       inbox.subject, alert.disclosure, outbox.kind, outbox.recalls, inbox.type, inbox.reference, inbox.match,
       inbox.match_why, inbox.doubted, inbox.received, inbox.issued, outbox.claims,
       outbox.held, outbox.ring, decision.id AS decision, decision.why, ruling.extents,
       ruling.because, ruling.duties, ruling.policy, ruling.question, decision.rests,
       round.why AS decided_again,
       inbox.wrapped_key, inbox.body,
       subject_key.wrapped,
       EXISTS (SELECT 1 FROM alert_seen WHERE alert_seen.alert = alert.id) AS seen
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  LEFT JOIN decision ON decision.id = outbox.decision
  LEFT JOIN round ON round.publisher = decision.publisher
                 AND round.notification = decision.notification AND round.round = decision.round
  LEFT JOIN ruling ON ruling.id = decision.ruling
  JOIN placed AS inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE alert.id = %(alert)s AND alert.organisation = %(organisation)s AND alert.role = %(role)s
   AND outbox.state <> 'refused'

-- earlier --
-- What this desk was told about the same subject besides.
SELECT alert.id, alert.created, alert.publisher, inbox.type, outbox.kind, outbox.claims,
       outbox.held, alert.notification, inbox.subject, inbox.received, inbox.match,
       inbox.match_why, inbox.doubted, inbox.wrapped_key, inbox.body,
       subject_key.wrapped, outbox.ring
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN placed AS inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = %(subject)s AND alert.organisation = %(organisation)s
   AND alert.role = %(role)s AND alert.id <> %(alert)s AND outbox.state <> 'refused'
 ORDER BY inbox.issued DESC
 LIMIT 20

-- looked --
-- Looking is itself an audit entry.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
VALUES (%(entry)s, %(subject)s, %(wrapped_key)s, %(record)s)

-- seen --
-- Seen, by this person, once.
INSERT INTO alert_seen (alert, person, at)
SELECT id, %(person)s, %(at)s FROM alert
 WHERE id = %(alert)s AND organisation = %(organisation)s AND role = %(role)s
ON CONFLICT DO NOTHING

-- begin_session --
-- Only the digest of the cookie is kept.
INSERT INTO session (digest, person, csrf, began, used)
VALUES (%(digest)s, %(person)s, %(csrf)s, %(at)s, %(at)s)

-- session --
-- Whose session this is, unless it has been idle or open too long.
UPDATE session SET used = %(at)s
 WHERE digest = %(digest)s AND used > %(at)s - interval '60 minutes'
   AND began > %(at)s - interval '12 hours'
RETURNING person, csrf

-- end_session --
-- Signed out.
DELETE FROM session WHERE digest = %(digest)s

-- keep_draft --
-- What somebody was writing survives a sign-out.
INSERT INTO draft (person, wrapped_key, body, at)
VALUES (%(person)s, %(wrapped_key)s, %(body)s, %(at)s)
ON CONFLICT (person) DO UPDATE
   SET wrapped_key = EXCLUDED.wrapped_key, body = EXCLUDED.body, at = EXCLUDED.at

-- draft --
-- It is theirs alone.
SELECT wrapped_key, body FROM draft WHERE person = %(person)s

-- discard_draft --
-- Sent, so not needed any more.
DELETE FROM draft WHERE person = %(person)s
