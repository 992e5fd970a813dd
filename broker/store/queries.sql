-- next_offsets --
-- Where each partition goes on after a restart.
SELECT topic, partition, next FROM kafka_offset WHERE topic = ANY(%(topics)s)

-- begin_partition --
-- The first time a partition is seen: remember where reading began. Once, whoever comes first.
INSERT INTO kafka_offset (topic, partition, first, next)
VALUES (%(topic)s, %(partition)s, %(first)s, %(first)s)
ON CONFLICT DO NOTHING

-- advance --
-- Move a partition's offset past this batch. No row comes back if it is not where this worker
-- believes: another worker owns the partition now, the caller raises OffsetMoved and the batch is
-- undone. The check is in the statement, so it holds whatever the caller forgot.
UPDATE kafka_offset
   SET next = %(following)s
 WHERE topic = %(topic)s AND partition = %(partition)s AND next = %(first)s
RETURNING next

-- tally --
-- What became of the batch: every record is one of these four.
UPDATE kafka_offset
   SET accepted = accepted + %(accepted)s, repeated = repeated + %(repeated)s,
       quarantined = quarantined + %(quarantined)s, forgotten = forgotten + %(forgotten)s
 WHERE topic = %(topic)s AND partition = %(partition)s

-- came_before --
-- Which of these notifications have been accepted already, and with which token.
SELECT id, token_sha256 FROM inbox WHERE publisher = %(publisher)s AND id = ANY(%(ids)s)

-- lock_keys --
-- Two first sightings of one child at once must become one subject: whoever asks about a key that
-- both share holds it until the transaction ends. In ascending order, so that nobody waits in a ring.
SELECT pg_advisory_xact_lock(wanted.lock)
  FROM (SELECT DISTINCT unnest(%(locks)s::bigint[]) AS lock ORDER BY lock) AS wanted

-- lock_subjects --
-- Two who decide about one subject do so one after the other: what is said about sharing, and what
-- came meanwhile. In one order, and after the keys, so that nobody waits in a ring.
SELECT pg_advisory_xact_lock(wanted.lock)
  FROM (SELECT DISTINCT hashtextextended(unnest(%(subjects)s::text[]), 0) AS lock
         ORDER BY lock) AS wanted

-- found --
-- Who answers to these keys. One more than are looked at, so that a crowd is noticed.
SELECT wanted.key, held.subject
  FROM unnest(%(keys)s::bigint[]) AS wanted (key)
 CROSS JOIN LATERAL (SELECT subject FROM blocking_key
                      WHERE blocking_key.key = wanted.key LIMIT %(most)s) AS held

-- hold_subjects --
-- Nobody is joined to these subjects, or taken from them, until this transaction ends. What is only
-- learnt about them holds nobody up.
SELECT id, redirect_to FROM subject WHERE id = ANY(%(subjects)s) ORDER BY id FOR KEY SHARE

-- profiles --
-- What the register holds of these subjects, sealed, and what a person has said of them.
SELECT subject.id, subject.kind, subject.state, subject.doubted,
       ARRAY(SELECT CASE a WHEN subject.id THEN b ELSE a END FROM do_not_link
              WHERE a = subject.id OR b = subject.id) AS apart,
       ARRAY(SELECT CASE a WHEN subject.id THEN b ELSE a END FROM do_not_link
              WHERE restricted AND (a = subject.id OR b = subject.id)) AS hidden_from,
       EXISTS (SELECT 1 FROM born_alike
                 JOIN subject AS other ON other.id IN (a, b) AND other.id <> subject.id
                WHERE (a = subject.id OR b = subject.id) AND other.state <> 'redirected') AS twin,
       profile.version, profile.wrapped_key, profile.body, subject_key.wrapped,
       (SELECT household FROM household_member
         WHERE household_member.subject = subject.id AND until IS NULL
         ORDER BY since LIMIT 1) AS household
  FROM subject
  JOIN subject_key ON subject_key.subject = subject.id
  JOIN profile ON profile.subject = subject.id
 WHERE subject.id = ANY(%(subjects)s) AND subject.state <> 'redirected'

-- subjects --
-- What else is known of these subjects, and how often what counts about them has changed.
SELECT subject.id, subject.area, subject.protected, subject_key.wrapped, subject.facts
  FROM subject
  JOIN subject_key ON subject_key.subject = subject.id
 WHERE subject.id = ANY(%(subjects)s)

-- relationships --
-- Who has to do with these subjects now. FOR SHARE: none of it changes before the batch commits.
SELECT subject, organisation, role, kind, since, until
  FROM relationship
 WHERE subject = ANY(%(subjects)s) AND since <= %(now)s AND (until IS NULL OR until > %(now)s)
 ORDER BY id
   FOR SHARE

-- relationships_seen --
-- The same for somebody who only looks: it holds nobody up.
SELECT subject, organisation, role, kind, since, until
  FROM relationship
 WHERE subject = ANY(%(subjects)s) AND since <= %(now)s AND (until IS NULL OR until > %(now)s)
 ORDER BY id

-- allow_lists --
-- Who may know where these protected subjects are.
SELECT subject, organisation FROM allow_list WHERE subject = ANY(%(subjects)s)

-- spoken_of --
-- Whose these threads are, and who published them: of what is retracted, and of what somebody says
-- something about.
SELECT DISTINCT thread, subject, publisher FROM placed AS inbox
 WHERE thread = ANY(%(threads)s) AND type = 'concern.raised'

-- told_before --
-- Who holds a disclosure of these threads, or will: they must be told when a concern is retracted.
SELECT DISTINCT inbox.thread, decision.organisation, decision.role,
       ruling.question ->> 'agency' AS agency
  FROM inbox
  JOIN decision ON decision.publisher = inbox.publisher AND decision.notification = inbox.id
               AND decision.outcome = 'disclosed'
  JOIN outbox ON outbox.decision = decision.id AND outbox.kind = 'disclosure'
             AND outbox.state <> 'refused'
  JOIN ruling ON ruling.id = decision.ruling
 WHERE inbox.thread = ANY(%(threads)s) AND inbox.type = 'concern.raised'

-- published_about --
-- Who published a concern about these subjects.
SELECT DISTINCT subject, publisher FROM placed AS inbox
 WHERE subject = ANY(%(subjects)s) AND type = 'concern.raised' AND match <> 'needs_person'

-- said_about --
-- The statements about these subjects, and the closings of their cases, in the order they came: what
-- came in one batch, as it stood in the log.
SELECT inbox.subject, inbox.id, inbox.publisher, inbox.type, inbox.received, subject_key.wrapped,
       inbox.wrapped_key, inbox.body
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = ANY(%(subjects)s)
   AND inbox.type IN ('consent.recorded', 'source_of_harm.recorded', 'level.confirmed',
                      'necessity.recorded', 'refusal.weighed', 'detriment.recorded',
                      'override.raised', 'override.reviewed', 'case.closed')
 ORDER BY inbox.received, inbox.topic, inbox.partition, inbox.at_offset, inbox.id

-- hold_waiting --
-- What waits about a subject is held until this transaction ends; what is just being sent is waited
-- for. So when this returns, nothing that a statement stops is on its way unseen.
SELECT outbox.id FROM outbox
  JOIN placed AS inbox ON inbox.publisher = outbox.publisher AND inbox.id = outbox.notification
 WHERE inbox.subject = %(subject)s AND outbox.kind = 'disclosure' AND outbox.state = 'waiting'
 ORDER BY outbox.id
   FOR UPDATE OF outbox

-- decided_before --
-- Concerns of a subject that stand, with their last round: the last version of each thread, or every
-- version. What was taken in undecided is decided by whoever settles it, and by nobody before.
SELECT publisher, id, type, subject, thread, received, match, match_why, doubted, token_sha256, topic,
       partition, at_offset, wrapped_key, body, wrapped, last_round
  FROM (SELECT inbox.*, subject_key.wrapped,
               coalesce((SELECT max(round.round) FROM round WHERE round.publisher = inbox.publisher
                            AND round.notification = inbox.id), 1) AS last_round,
               row_number() OVER (PARTITION BY inbox.publisher, inbox.thread
                                  ORDER BY inbox.issued DESC, inbox.received DESC,
                                           inbox.at_offset DESC) AS newest
          FROM placed AS inbox
          JOIN subject_key ON subject_key.subject = inbox.subject
         WHERE inbox.subject = %(subject)s AND inbox.type = 'concern.raised'
           AND NOT EXISTS (SELECT 1 FROM inbox AS later
                            WHERE later.publisher = inbox.publisher AND later.thread = inbox.thread
                              AND later.type = 'concern.retracted')
           AND NOT EXISTS (SELECT 1 FROM undecided WHERE undecided.publisher = inbox.publisher
                              AND undecided.notification = inbox.id AND undecided.settled IS NULL)
       ) AS concern
 WHERE (newest = 1 OR %(every_version)s)
   AND (%(thread)s::text IS NULL OR thread = %(thread)s)
   AND (%(among)s::text[] IS NULL OR thread = ANY(%(among)s))
   AND (%(notification)s::text IS NULL OR id = %(notification)s)
 ORDER BY received, id

-- told_of --
-- Every disclosure of these notifications that waits or has left, with what it rested on.
SELECT outbox.notification, outbox.disclosure, outbox.decision, decision.organisation,
       decision.role, outbox.claims, outbox.held, outbox.state = 'waiting' AS waiting,
       decision.rests,
       ARRAY(SELECT DISTINCT unnest(recall.held) FROM outbox AS recall
              WHERE recall.kind = 'recall' AND recall.decision = outbox.decision) AS recalled
  FROM outbox
  JOIN decision ON decision.id = outbox.decision
 WHERE outbox.publisher = %(publisher)s AND outbox.notification = %(notification)s
   AND outbox.kind = 'disclosure' AND outbox.state IN ('waiting', 'sent', 'received', 'read')
 ORDER BY outbox.id

-- undecided --
-- What was taken in while policies could not be evaluated, and is still to be decided.
SELECT undecided.publisher, undecided.notification, inbox.subject
  FROM undecided
  JOIN placed AS inbox ON inbox.publisher = undecided.publisher AND inbox.id = undecided.notification
 WHERE undecided.settled IS NULL
 ORDER BY undecided.since, inbox.issued, undecided.notification

-- settle --
-- It is decided in this transaction. No row comes back if it was before: of two who try at once the
-- second waits here for the first, and then finds it settled.
UPDATE undecided SET settled = %(now)s
 WHERE publisher = %(publisher)s AND notification = %(notification)s AND settled IS NULL
RETURNING notification

-- supersede --
-- A disclosure that does not leave, and why. One that has left stays.
UPDATE outbox SET state = 'refused', reason = %(reason)s
 WHERE disclosure = %(disclosure)s AND state = 'waiting'

-- let_go --
-- What still waits of a concern that was retracted since it was decided.
UPDATE outbox SET state = 'refused', reason = 'retracted'
 WHERE notification = %(notification)s AND kind = 'disclosure' AND state = 'waiting'

-- protect --
-- From now on this subject's location is protected.
UPDATE subject SET protected = true WHERE id = %(subject)s AND NOT protected

-- hold --
-- These subjects change hands only in this transaction; whoever just joins them is waited for.
SELECT id, state, since, redirect_to FROM subject
 WHERE id = ANY(%(subjects)s) ORDER BY id FOR UPDATE

-- linked --
-- Everything that stands under these subjects, in the order in which it came.
SELECT inbox.id, inbox.publisher, inbox.type, inbox.received, subject_key.wrapped,
       inbox.wrapped_key, inbox.body, inbox.subject, inbox.thread, inbox.about, inbox.turn,
       inbox.match, inbox.match_why, inbox.doubted, link.disputed, inbox.issued
  FROM placed AS inbox
  JOIN link ON link.publisher = inbox.publisher AND link.notification = inbox.id
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = ANY(%(subjects)s)
 ORDER BY inbox.received, inbox.issued, inbox.topic, inbox.partition, inbox.at_offset, inbox.id

-- whose --
-- Under which subjects these concerns stand.
SELECT DISTINCT subject FROM link WHERE about = ANY(%(threads)s)

-- registered --
-- What a partnership brought along about these subjects.
SELECT subject, wrapped_key, body FROM registered WHERE subject = ANY(%(subjects)s)

-- brought --
-- Relationships that these notifications brought to this subject, and that hold.
SELECT organisation, role FROM relationship
 WHERE subject = %(subject)s AND source = ANY(%(sources)s) AND (until IS NULL OR until > %(now)s)

-- relink --
-- From now on it stands under this subject. No row comes back if somebody has moved it meanwhile.
UPDATE link
   SET turn = %(turn)s, subject = %(subject)s, match = %(match)s, match_why = %(match_why)s,
       doubted = %(doubted)s, wrapped_key = %(wrapped_key)s
 WHERE publisher = %(publisher)s AND notification = %(notification)s AND turn = %(turn)s - 1

-- redirect --
-- This subject is another one. Whoever was redirected to it before is so in one step.
UPDATE subject SET state = 'redirected', redirect_to = %(subject)s
 WHERE id = %(other)s OR redirect_to = %(other)s

-- unkey --
-- Its keys are made anew.
DELETE FROM blocking_key WHERE subject = %(subject)s

-- move_relationships --
-- What a notification said of the one subject it says of the other. The row at the first ends.
WITH ended AS (
    UPDATE relationship SET until = %(now)s
     WHERE subject = %(subject)s AND source = %(source)s AND (until IS NULL OR until > %(now)s)
    RETURNING organisation, role, kind, since, source)
INSERT INTO relationship (subject, organisation, role, kind, since, until, source)
SELECT %(other)s, organisation, role, kind, since, NULL, source FROM ended
ON CONFLICT DO NOTHING

-- take_over --
-- A subject that is another one leaves it its relationships, who may know where, and its household.
WITH theirs AS (
    SELECT organisation, role, kind, since, until, source FROM relationship
     WHERE subject = %(other)s AND (until IS NULL OR until > %(now)s)),
listed AS (
    INSERT INTO allow_list (subject, organisation, source)
    SELECT %(subject)s, organisation, source FROM allow_list WHERE subject = %(other)s
    ON CONFLICT DO NOTHING),
lives AS (
    INSERT INTO household_member (household, subject, evidence, since)
    SELECT household, %(subject)s, evidence, since FROM household_member
     WHERE subject = %(other)s AND until IS NULL
    ON CONFLICT DO NOTHING),
guarded AS (
    UPDATE subject SET protected = true
     WHERE id = %(subject)s AND NOT protected
       AND EXISTS (SELECT 1 FROM subject AS other WHERE other.id = %(other)s AND other.protected))
INSERT INTO relationship (subject, organisation, role, kind, since, until, source)
SELECT %(subject)s, organisation, role, kind, since, until, source FROM theirs
ON CONFLICT DO NOTHING

-- stand --
-- What a subject is, and whom it might be now, or that it is nobody else.
UPDATE subject SET kind = %(kind)s, state = %(state)s, doubted = %(doubted)s
 WHERE id = %(subject)s AND state <> 'redirected'

-- changed --
-- Something else counts about this subject now: what waits is decided again before it is sent.
UPDATE subject SET facts = facts + 1 WHERE id = %(subject)s

-- write_profile --
-- What the register holds of a subject from now on. No row comes back if somebody else has written it
-- since it was read: the caller does it all again.
INSERT INTO profile (subject, version, wrapped_key, body)
VALUES (%(subject)s, %(version)s, %(wrapped_key)s, %(body)s)
ON CONFLICT (subject) DO UPDATE
   SET version = EXCLUDED.version, wrapped_key = EXCLUDED.wrapped_key, body = EXCLUDED.body
 WHERE profile.version = EXCLUDED.version - 1
RETURNING subject

-- end_relationship --
-- A relationship that a publisher says has ended keeps its row.
UPDATE relationship SET until = %(until)s
 WHERE subject = %(subject)s AND organisation = %(organisation)s AND role = %(role)s
   AND kind = %(kind)s AND (until IS NULL OR until > %(until)s)

-- wake --
-- Tell the relay, and the desks that have an alert, that something is there. Carries no content.
SELECT pg_notify('outbox', ''), pg_notify('ledger', '')

-- wake_desk --
-- One organisation in one role has something new.
SELECT pg_notify('alert', %(desk)s)

-- take_waiting --
-- Rows to send of these kinds, held until they are sent; another relay takes others. A pointer rests
-- on no decision: the role in which it is told stands in its alert.
SELECT outbox.id, outbox.kind, outbox.disclosure, outbox.organisation, outbox.claims, outbox.held,
       outbox.ring, outbox.leaf_commit, outbox.created, outbox.publisher, outbox.notification,
       inbox.wrapped_key, inbox.body, inbox.level, inbox.match, inbox.token_sha256, inbox.received,
       inbox.type, subject_key.wrapped AS subject_key, decision.id AS decision,
       CASE outbox.kind WHEN 'pointer'
            THEN (SELECT alert.role FROM alert WHERE alert.disclosure = outbox.disclosure)
            ELSE decision.role END AS role,
       decision.ruling, decision.why, decision.rests, outbox.policy, outbox.facts,
       outbox.good_until, outbox.recalls, inbox.subject, subject.facts AS facts_now
  FROM outbox
  JOIN placed AS inbox ON inbox.publisher = outbox.publisher AND inbox.id = outbox.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
  JOIN subject ON subject.id = inbox.subject
  LEFT JOIN decision ON decision.id = outbox.decision
 WHERE outbox.state = 'waiting' AND outbox.lane = %(lane)s AND outbox.kind = ANY(%(kinds)s)
 ORDER BY outbox.id
 LIMIT %(limit)s
   FOR UPDATE OF outbox SKIP LOCKED

-- rulings --
-- The rulings that a round of the relay needs.
SELECT id, policy, level_used, question, extents, because, bases, duties
  FROM ruling WHERE id = ANY(%(ids)s)

-- mark_sent --
-- Kafka has them.
UPDATE outbox SET state = 'sent', sent = %(now)s WHERE id = ANY(%(ids)s)

-- mark_quarantined --
-- One that cannot be sent waits for a person, with the reason.
UPDATE outbox SET state = 'quarantined', reason = %(reason)s WHERE id = %(id)s

-- owner_of --
-- To whom disclosures were addressed: only they can give a receipt for them.
SELECT disclosure, organisation FROM outbox
 WHERE disclosure = ANY(%(disclosures)s) AND kind IN ('disclosure', 'recall', 'pointer')

-- keep_receipt --
-- A receipt, once for each kind. A row comes back if it is new.
INSERT INTO receipt (disclosure, kind, organisation, signed, at)
VALUES (%(disclosure)s, %(kind)s, %(organisation)s, %(signed)s, %(at)s)
ON CONFLICT (disclosure, kind) DO NOTHING
RETURNING disclosure

-- mark_received --
-- A disclosure's state only goes forward.
UPDATE outbox SET state = %(kind)s
 WHERE disclosure = %(disclosure)s
   AND state = ANY(CASE %(kind)s WHEN 'received' THEN ARRAY['waiting', 'sent']
                                 ELSE ARRAY['waiting', 'sent', 'received'] END)
