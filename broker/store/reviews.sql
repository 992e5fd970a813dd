-- queue --
-- Subjects in doubt in these areas: where the child lives, else where it was found, with what came
-- last. Somebody in doubt is provisional; or an agency says that two who are known are one. What somebody
-- could not tell comes back when something newer about it has arrived. With an id that one alone, also
-- if it was answered or put by: the caller tells them apart.
SELECT review.id, review.subject, subject.state, subject.doubted, subject_key.wrapped,
       newest.reference, newest.publisher, newest.received, newest.levels,
       CASE subject.state WHEN 'provisional' THEN coalesce(asked.why, newest.match_why)
            ELSE 'announced' END AS why,
       subject.state = 'provisional'
       OR subject.state = 'confirmed'
          AND EXISTS (SELECT 1 FROM subject AS other
                       WHERE other.id = ANY(subject.doubted)
                         AND coalesce(other.redirect_to, other.id) <> subject.id) AS waits,
       coalesce(last.answer = 'cannot_tell', false)
       AND NOT EXISTS (SELECT 1 FROM link_decision AS later
                        WHERE later.subject = review.subject AND later.decided_by IS NULL
                          AND later.at > last.at) AS put_by
  FROM review
  JOIN subject ON subject.id = review.subject
  JOIN subject_key ON subject_key.subject = review.subject
  JOIN LATERAL (
       SELECT inbox.reference, inbox.publisher, inbox.received, inbox.match_why,
              array_agg(inbox.level) OVER () AS levels
         FROM placed AS inbox
        WHERE inbox.subject = coalesce(subject.redirect_to, subject.id)
          AND CASE WHEN subject.area IS NULL THEN inbox.publisher = ANY(%(publishers)s)
                   ELSE subject.area = ANY(%(areas)s) END
        ORDER BY (inbox.type = 'concern.raised') DESC, inbox.received DESC, inbox.id
        LIMIT 1) AS newest ON true
  LEFT JOIN LATERAL (
       SELECT link_decision.why FROM link_decision
        WHERE link_decision.subject = review.subject AND link_decision.verdict = 'needs_person'
        ORDER BY link_decision.why IN ('asked_already', 'person_different', 'thread'),
                 link_decision.at DESC, link_decision.turn DESC
        LIMIT 1) AS asked ON true
  LEFT JOIN LATERAL (
       SELECT review_answer.answer, review_answer.at FROM review_answer
        WHERE review_answer.review = review.id ORDER BY review_answer.turn DESC LIMIT 1) AS last ON true
 WHERE CASE WHEN %(review)s::text IS NULL THEN subject.state <> 'redirected'
            ELSE review.id = %(review)s END

-- hold --
-- One answer to a review at a time. The subjects themselves are not held: that is the correction's, in
-- a transaction of its own.
SELECT id FROM review WHERE id = %(review)s FOR UPDATE

-- records --
-- What the register holds of these subjects, sealed; of one that is another by now, that other.
SELECT wanted.named, subject.id, subject.kind, subject.state, subject.doubted, subject.protected,
       ARRAY(SELECT CASE a WHEN subject.id THEN b ELSE a END FROM do_not_link
              WHERE a = subject.id OR b = subject.id) AS apart,
       ARRAY(SELECT CASE a WHEN subject.id THEN b ELSE a END FROM do_not_link
              WHERE restricted AND (a = subject.id OR b = subject.id)) AS hidden_from,
       profile.version, profile.wrapped_key, profile.body, subject_key.wrapped,
       (SELECT household FROM household_member
         WHERE household_member.subject = subject.id AND until IS NULL
         ORDER BY since LIMIT 1) AS household
  FROM unnest(%(subjects)s::text[]) AS wanted (named)
  JOIN subject AS first ON first.id = wanted.named
  JOIN subject ON subject.id = coalesce(first.redirect_to, first.id)
  JOIN subject_key ON subject_key.subject = subject.id
  JOIN profile ON profile.subject = subject.id

-- evidence --
-- What spoke for each candidate and against when it came, the newest first.
SELECT evidence FROM link_decision
 WHERE subject = %(subject)s AND verdict = 'needs_person'
 ORDER BY at DESC, turn DESC

-- concerns --
-- The concerns about these subjects, as kept: their coded facts are read, and shown to nobody.
SELECT inbox.id, inbox.publisher, inbox.type, inbox.received, subject_key.wrapped,
       inbox.wrapped_key, inbox.body, inbox.subject
  FROM placed AS inbox
  JOIN subject_key ON subject_key.subject = inbox.subject
 WHERE inbox.subject = ANY(%(subjects)s) AND inbox.type = 'concern.raised'
 ORDER BY inbox.received DESC, inbox.id

-- related --
-- Which organisations have to do with these subjects in one of these ways now.
SELECT DISTINCT subject, organisation FROM relationship
 WHERE subject = ANY(%(subjects)s) AND kind = ANY(%(kinds)s)
   AND since <= %(now)s AND (until IS NULL OR until > %(now)s)
 ORDER BY subject, organisation

-- answers --
-- What was answered, in order.
SELECT review_answer.review, review_answer.answer, review_answer.other, review_answer.person,
       review_answer.organisation, review_answer.counts, review_answer.wrapped_key,
       review_answer.body, review_answer.at, subject_key.wrapped
  FROM review_answer
  JOIN review ON review.id = review_answer.review
  JOIN subject_key ON subject_key.subject = review.subject
 WHERE review_answer.review = %(review)s
 ORDER BY review_answer.turn

-- answer --
-- One answer more; its reason stands under the subject's key.
INSERT INTO review_answer (review, turn, answer, other, person, organisation, counts, wrapped_key,
                           body, at)
SELECT %(review)s, coalesce(max(turn), 0) + 1, %(answer)s, %(other)s, %(person)s, %(organisation)s,
       %(counts)s, %(wrapped_key)s, %(body)s, %(at)s
  FROM review_answer WHERE review = %(review)s

-- leaf --
-- Looking is an audit entry of everybody who was looked at, and so is an answer.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
VALUES (%(entry)s, %(subject)s, %(wrapped_key)s, %(record)s)

-- concern_of --
-- The concern of one alert of one desk, where it is certain about whom it is. Somebody else's alert
-- gives no row, like one that does not exist.
SELECT inbox.about, inbox.subject
  FROM alert
  JOIN outbox ON outbox.disclosure = alert.disclosure
  JOIN placed AS inbox ON inbox.publisher = alert.publisher AND inbox.id = alert.notification
 WHERE alert.id = %(alert)s AND alert.organisation = %(organisation)s AND alert.role = %(role)s
   AND outbox.state <> 'refused' AND outbox.kind = 'disclosure' AND inbox.match <> 'needs_person'
   AND inbox.type = 'concern.raised'

-- open --
-- What is asked about a subject, once.
INSERT INTO review (id, subject, opened) VALUES (%(review)s, %(subject)s, %(now)s)
ON CONFLICT (subject) DO NOTHING

-- review_of --
-- Where words about this subject are kept.
SELECT review.id, subject_key.wrapped
  FROM review JOIN subject_key ON subject_key.subject = review.subject
 WHERE review.subject = %(subject)s
