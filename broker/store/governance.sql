-- decided_since --
-- Each ruling that decisions of a time rest on, with how many and one of them. Grouped before the
-- questions are fetched: a question is long, and many decisions share it.
SELECT ruling.id, ruling.policy, ruling.question, ruling.extents, asked.decisions, asked.example
  FROM (SELECT ruling, count(*) AS decisions, min(id) AS example
          FROM decision WHERE at >= %(since)s GROUP BY ruling) AS asked
  JOIN ruling ON ruling.id = asked.ruling
 ORDER BY asked.decisions DESC, ruling.id

-- shadow_asked --
-- How often a candidate was asked beside what was live.
INSERT INTO shadow_run (live, candidate, asked, first_seen, last_seen)
VALUES (%(live)s, %(candidate)s, %(asked)s, %(now)s, %(now)s)
ON CONFLICT (live, candidate) DO UPDATE
   SET asked = shadow_run.asked + excluded.asked, last_seen = excluded.last_seen

-- shadow_differs --
-- One question that a candidate answers otherwise: kept once, and counted.
INSERT INTO shadow_difference (live, candidate, question_sha256, question, live_extents,
                               candidate_extents, fault, first_seen, count)
VALUES (%(live)s, %(candidate)s, %(sha256)s, %(question)s, %(live_extents)s,
        %(candidate_extents)s, %(fault)s, %(now)s, %(count)s)
ON CONFLICT (live, candidate, question_sha256) DO UPDATE
   SET count = shadow_difference.count + excluded.count

-- shadow_runs --
-- Every candidate that was ever asked, the latest first.
SELECT live, candidate, asked, first_seen, last_seen FROM shadow_run ORDER BY last_seen DESC

-- shadow_differences --
-- What one candidate answered otherwise, most often asked first.
SELECT question, live_extents, candidate_extents, fault, count
  FROM shadow_difference WHERE live = %(live)s AND candidate = %(candidate)s
 ORDER BY count DESC, question_sha256
