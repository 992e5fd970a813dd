-- about --
-- The concern of one alert of one desk, with what was last decided for that desk about it. Somebody
-- else's alert gives no row, like one that does not exist.
SELECT alert.id AS alert, inbox.subject, alert.level, inbox.thread, inbox.reference, inbox.publisher,
       inbox.type, subject_key.wrapped, latest.decision, latest.extents, latest.question
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN placed AS inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
  JOIN LATERAL (
       SELECT decision.id AS decision, ruling.extents, ruling.question
         FROM decision JOIN ruling ON ruling.id = decision.ruling
        WHERE decision.publisher = alert.publisher AND decision.notification = alert.notification
          AND decision.organisation = alert.organisation AND decision.role = alert.role
        ORDER BY decision.round DESC LIMIT 1) AS latest ON true
 WHERE alert.id = %(alert)s AND alert.organisation = %(organisation)s AND alert.role = %(role)s
   AND outbox.state <> 'refused' AND outbox.kind <> 'pointer'

-- alert_named --
-- The newest alert of one desk about the concern that somebody reads out, or names by its thread.
SELECT alert.id
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
 WHERE alert.organisation = %(organisation)s AND alert.role = %(role)s
   AND outbox.state <> 'refused' AND outbox.kind = 'disclosure'
   AND (inbox.reference = %(named)s OR inbox.thread = lower(%(named)s))
 ORDER BY alert.created DESC
 LIMIT 1

-- statements --
-- What was said about a subject, as kept, in the order it came.
SELECT inbox.id, inbox.publisher, inbox.type, inbox.received, subject_key.wrapped,
       inbox.wrapped_key, inbox.body
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = %(subject)s AND inbox.type = ANY(%(types)s)
 ORDER BY inbox.received, inbox.topic, inbox.partition, inbox.at_offset, inbox.id

-- rounds --
-- Every time one thread was decided for one desk, in order, and why.
SELECT decision.at, coalesce(round.why, 'received') AS why, decision.outcome, ruling.extents
  FROM inbox
  JOIN decision ON decision.publisher = inbox.publisher AND decision.notification = inbox.id
  JOIN ruling ON ruling.id = decision.ruling
  LEFT JOIN round ON round.publisher = decision.publisher
                 AND round.notification = decision.notification AND round.round = decision.round
 WHERE inbox.publisher = %(publisher)s AND inbox.thread = %(thread)s
   AND inbox.type = 'concern.raised'
   AND decision.organisation = %(organisation)s AND decision.role = %(role)s
 ORDER BY decision.at, decision.round

-- looked --
-- Looking at what was said is an audit entry too.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
VALUES (%(entry)s, %(subject)s, %(wrapped_key)s, %(record)s)

-- recall --
-- Of an alert that is a recall: its ground, its categories, and the alert that is recalled.
SELECT outbox.held, split_part(outbox.recalls, ' ', 2) AS ground, outbox.created,
       (SELECT earlier.id FROM alert AS earlier
         WHERE earlier.disclosure = split_part(outbox.recalls, ' ', 1)
           AND earlier.organisation = alert.organisation AND earlier.role = alert.role) AS first
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure AND outbox.kind = 'recall'
 WHERE alert.id = %(alert)s AND alert.organisation = %(organisation)s AND alert.role = %(role)s

-- overrides --
-- Every override that these organisations raised, with the review of any.
SELECT inbox.id, inbox.publisher, inbox.type, inbox.received, subject_key.wrapped,
       inbox.wrapped_key, inbox.body, inbox.subject
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.type = 'override.reviewed'
    OR inbox.type = 'override.raised' AND inbox.publisher = ANY(%(organisations)s)
 ORDER BY inbox.received, inbox.topic, inbox.partition, inbox.at_offset, inbox.id

-- told_under --
-- Who was told what under an override, and where the recalls of it stand: acknowledged by a system's
-- receipt, or by a person who said that they have seen it.
SELECT decision.organisation, decision.role, decision.rests -> 'overrides' AS overrides,
       outbox.claims, outbox.held, outbox.state, recall.state AS recall,
       EXISTS (SELECT 1 FROM alert JOIN alert_seen ON alert_seen.alert = alert.id
                WHERE alert.disclosure = recall.disclosure) AS seen
  FROM decision
  JOIN outbox ON outbox.decision = decision.id AND outbox.kind = 'disclosure'
             AND outbox.state <> 'refused'
  LEFT JOIN outbox AS recall ON recall.decision = decision.id AND recall.kind = 'recall'
 WHERE decision.subject = %(subject)s
   AND EXISTS (SELECT 1 FROM jsonb_each_text(decision.rests -> 'overrides') AS rested
                WHERE rested.value = %(override)s)
 ORDER BY decision.organisation, decision.role, outbox.id

-- references --
-- What people read out, by thread: of the last version.
SELECT DISTINCT ON (thread) thread, reference FROM inbox
 WHERE thread = ANY(%(threads)s) AND type = 'concern.raised'
 ORDER BY thread, issued DESC

-- decisions --
-- What was decided, by policy version and recipient.
SELECT ruling.policy, decision.organisation, decision.role,
       count(*) FILTER (WHERE decision.outcome = 'disclosed') AS disclosed,
       count(*) FILTER (WHERE decision.outcome = 'refused') AS refused,
       count(*) FILTER (WHERE decision.outcome = 'stands') AS stands
  FROM decision JOIN ruling ON ruling.id = decision.ruling
 GROUP BY 1, 2, 3 ORDER BY max(decision.at) DESC, 2, 3

-- grounds --
-- Why nothing passed, by policy version and recipient; a disclosure that did not leave among them.
SELECT policy, organisation, role, ground, sum(many)::int
  FROM (SELECT ruling.policy, decision.organisation, decision.role,
               coalesce(decision.ground, 'no_basis') AS ground, count(*) AS many
          FROM decision JOIN ruling ON ruling.id = decision.ruling
         WHERE decision.outcome = 'refused' GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT ruling.policy, decision.organisation, decision.role, outbox.reason, count(*)
          FROM outbox
          JOIN decision ON decision.id = outbox.decision
          JOIN ruling ON ruling.id = decision.ruling
         WHERE outbox.kind = 'disclosure' AND outbox.state = 'refused' GROUP BY 1, 2, 3, 4) AS both_
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4

-- recalls --
-- Every recall, those not yet acknowledged first.
SELECT decision.organisation, decision.role, split_part(outbox.recalls, ' ', 2) AS ground,
       outbox.created,
       outbox.state IN ('received', 'read')
       OR EXISTS (SELECT 1 FROM alert JOIN alert_seen ON alert_seen.alert = alert.id
                   WHERE alert.disclosure = outbox.disclosure) AS acknowledged
  FROM outbox JOIN decision ON decision.id = outbox.decision
 WHERE outbox.kind = 'recall'
 ORDER BY acknowledged, outbox.created

-- turned_away --
-- Statements that were turned away, or could not be read, with the reason.
SELECT reason, publisher, count(*) FROM quarantine
 WHERE reason = ANY(%(reasons)s) GROUP BY 1, 2 ORDER BY 1, 2

-- since --
-- When the broker first had this notification.
SELECT received FROM inbox WHERE publisher = %(publisher)s AND id = %(id)s
