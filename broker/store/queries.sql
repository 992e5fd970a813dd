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

-- lock_identifiers --
-- Two first sightings of one child at once must become one subject: whoever asks about an
-- identifier holds it until the transaction ends. In ascending order, so that nobody waits in a ring.
SELECT pg_advisory_xact_lock(wanted.lock)
  FROM (SELECT DISTINCT unnest(%(locks)s::bigint[]) AS lock ORDER BY lock) AS wanted

-- holders --
-- The subjects that hold any of these identifiers.
SELECT identifier.digest, subject.id, subject.forename, subject.birth_date, subject.area,
       subject.protected, subject_key.wrapped
  FROM identifier
  JOIN subject ON subject.id = identifier.subject
  JOIN subject_key ON subject_key.subject = subject.id
 WHERE identifier.digest = ANY(%(digests)s)

-- all_identifiers --
-- Everything these subjects are known by.
SELECT subject, digest FROM identifier WHERE subject = ANY(%(subjects)s)

-- relationships --
-- Who has to do with these subjects now. FOR SHARE: none of it changes before the batch commits.
SELECT subject, organisation, role, kind, since, until
  FROM relationship
 WHERE subject = ANY(%(subjects)s) AND since <= %(now)s AND (until IS NULL OR until > %(now)s)
 ORDER BY id
   FOR SHARE

-- allow_lists --
-- Who may know where these protected subjects are.
SELECT subject, organisation FROM allow_list WHERE subject = ANY(%(subjects)s)

-- told_before --
-- Whose these threads are, and who holds a disclosure of them: they must be told when a concern is
-- retracted. A thread that nobody was told of comes once, without a recipient.
SELECT DISTINCT inbox.thread, inbox.subject, subject_key.wrapped, decision.organisation,
       decision.role, ruling.question ->> 'agency' AS agency
  FROM inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
  LEFT JOIN decision ON decision.publisher = inbox.publisher AND decision.notification = inbox.id
                    AND decision.outcome = 'disclosed'
  LEFT JOIN ruling ON ruling.id = decision.ruling
 WHERE inbox.publisher = %(publisher)s AND inbox.thread = ANY(%(threads)s)
   AND inbox.type = 'concern.raised'

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
-- Rows to send, held until they are sent; another relay takes others.
SELECT outbox.id, outbox.kind, outbox.disclosure, outbox.organisation, outbox.claims, outbox.held,
       outbox.ring, outbox.leaf_commit, outbox.created, outbox.publisher, outbox.notification,
       inbox.wrapped_key, inbox.body, inbox.level, inbox.match, inbox.token_sha256, inbox.received,
       inbox.type, subject_key.wrapped AS subject_key, decision.id AS decision, decision.role,
       decision.ruling, decision.why
  FROM outbox
  JOIN inbox ON inbox.publisher = outbox.publisher AND inbox.id = outbox.notification
  JOIN subject_key ON subject_key.subject = inbox.subject
  LEFT JOIN decision ON decision.id = outbox.decision
 WHERE outbox.state = 'waiting' AND outbox.lane = %(lane)s
 ORDER BY outbox.id
 LIMIT %(limit)s
   FOR UPDATE OF outbox SKIP LOCKED

-- rulings --
-- The rulings that a round of the relay needs.
SELECT id, policy, level_used, question, extents, because, duties
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
 WHERE disclosure = ANY(%(disclosures)s) AND kind = 'disclosure'

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
