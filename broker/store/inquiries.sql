-- count --
-- One question more in this hour. No row comes back if there were as many as may be: the check is in
-- the statement, so that several workers share one limit.
INSERT INTO inquiry_hour AS so_far (organisation, form, hour, asked)
VALUES (%(organisation)s, %(form)s, date_trunc('hour', %(now)s::timestamptz), 1)
ON CONFLICT (organisation, form, hour) DO UPDATE SET asked = so_far.asked + 1
 WHERE so_far.asked < %(most)s
RETURNING asked

-- begin --
-- Remember a question. No row comes back if its author's id has come before.
INSERT INTO inquiry (organisation, id, form, person, role, purpose, asked)
VALUES (%(organisation)s, %(id)s, %(form)s, %(person)s, %(role)s, %(purpose)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING id

-- answer --
-- What was answered, once.
UPDATE inquiry SET answer = %(answer)s, record = %(record)s
 WHERE organisation = %(organisation)s AND id = %(id)s AND answer IS NULL

-- asked --
-- That somebody asked is an audit entry; of a known subject, under its key as well.
INSERT INTO leaf_waiting (entry, subject, wrapped_key, record)
VALUES (%(entry)s, %(subject)s, %(wrapped_key)s, %(record)s)

-- held_under --
-- Whom these digests find; one of twins by its whole name alone.
SELECT DISTINCT known_token.subject
  FROM known_token
  JOIN subject ON subject.id = known_token.subject AND subject.state <> 'redirected'
 WHERE known_token.key = %(key)s AND known_token.token = ANY(%(tokens)s)
   AND (known_token.whole
        OR NOT EXISTS (SELECT 1 FROM born_alike WHERE known_token.subject IN (a, b)))

-- answering_key --
-- Of the keys that are here, the one whose index was complete last.
SELECT key FROM known_key WHERE key = ANY(%(keys)s) AND complete IS NOT NULL
 ORDER BY complete DESC LIMIT 1

-- add_key --
-- A key that is here from now on.
INSERT INTO known_key (key) VALUES (%(key)s) ON CONFLICT DO NOTHING

-- forget_keys --
-- Digests under a key that is gone can find nobody.
DELETE FROM known_key WHERE key <> ALL(%(keys)s)

-- unindexed --
-- Subjects whose digests are not those of what the register holds of them now.
SELECT subject.id, subject.kind, subject.state, profile.version, profile.wrapped_key, profile.body,
       subject_key.wrapped
  FROM profile
  JOIN subject ON subject.id = profile.subject AND subject.state <> 'redirected'
  JOIN subject_key ON subject_key.subject = profile.subject
  LEFT JOIN known_indexed ON known_indexed.subject = profile.subject AND known_indexed.key = %(key)s
 WHERE known_indexed.version IS DISTINCT FROM profile.version
 ORDER BY profile.subject
 LIMIT %(most)s

-- forget_tokens --
-- What a subject's digests were.
DELETE FROM known_token WHERE key = %(key)s AND subject = %(subject)s

-- keep_token --
-- What one of them is now.
INSERT INTO known_token (key, token, subject, whole)
VALUES (%(key)s, %(token)s, %(subject)s, %(whole)s)
ON CONFLICT DO NOTHING

-- indexed --
-- Of which version of the profile they are.
INSERT INTO known_indexed (key, subject, version) VALUES (%(key)s, %(subject)s, %(version)s)
ON CONFLICT (key, subject) DO UPDATE SET version = EXCLUDED.version

-- complete --
-- Every subject has its digests under this key.
UPDATE known_key SET complete = %(now)s WHERE key = %(key)s AND complete IS NULL
