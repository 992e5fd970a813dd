-- lead --
-- One process numbers leaves at a time; a stand-by gets false and asks again.
SELECT pg_try_advisory_lock(hashtext('concern-broker ledger'))

-- last_checkpoint --
-- The log's head.
SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1

-- take_leaves --
-- Committed leaves that have no number yet, oldest first.
SELECT id, entry, disclosure, organisation FROM leaf_waiting ORDER BY id LIMIT %(most)s

-- number_leaves --
-- Move them into the log, each at its number. What was not there any more moves nothing.
WITH taken AS (
    DELETE FROM leaf_waiting USING unnest(%(ids)s::bigint[], %(numbers)s::bigint[]) AS given(id, number)
     WHERE leaf_waiting.id = given.id
 RETURNING given.number, entry, disclosure, organisation, subject, wrapped_key, record)
INSERT INTO leaf (number, entry, disclosure, organisation, subject, wrapped_key, record)
SELECT number, entry, disclosure, organisation, subject, wrapped_key, record FROM taken

-- keep_tile --
-- A tile grows until it is full.
INSERT INTO tile (level, number, hashes) VALUES (%s, %s, %s)
ON CONFLICT (level, number) DO UPDATE SET hashes = EXCLUDED.hashes

-- tile --
-- One tile's hashes.
SELECT hashes FROM tile WHERE level = %(level)s AND number = %(number)s

-- add_checkpoint --
-- Size and root first; the primary key refuses a second root for one size.
INSERT INTO checkpoint (size, root, at) VALUES (%(size)s, %(root)s, %(at)s)

-- sign_checkpoint --
-- The note is added after the row has been committed.
UPDATE checkpoint SET note = %(note)s WHERE size = %(size)s AND note IS NULL

-- proofs_owed --
-- Leaves in the log whose recipients have not been given their proof.
SELECT number, entry, disclosure, organisation FROM leaf
 WHERE number >= %(first)s AND number < %(size)s AND disclosure IS NOT NULL
 ORDER BY number LIMIT %(most)s

-- proofs_given --
-- Up to where proofs have been handed out.
SELECT next FROM proofs_given

-- give_proofs --
-- Kafka has acknowledged the proofs of every leaf before this one.
UPDATE proofs_given SET next = %(next)s WHERE next < %(next)s

-- leaf_of --
-- One disclosure's leaf, for evidence.
SELECT number, entry FROM leaf WHERE disclosure = %(disclosure)s
