-- by_recipient --
-- For each recipient: what it was a candidate for, in every round, and what became of each of those,
-- counted apart. A disclosure that did not leave after all is a refusal; what had been told before
-- stands as a disclosure.
WITH published AS (
    SELECT candidate, count(*) AS published
      FROM (SELECT unnest(candidates) AS candidate FROM inbox
            UNION ALL SELECT unnest(candidates) FROM round) AS named GROUP BY candidate),
decided AS (
    SELECT decision.organisation || ' ' || decision.role AS candidate,
           count(*) FILTER (WHERE decision.outcome = 'refused') AS refused,
           count(*) FILTER (WHERE decision.outcome = 'stands') AS stands
      FROM decision GROUP BY 1),
told AS (
    SELECT decision.organisation || ' ' || decision.role AS candidate,
           count(*) FILTER (WHERE outbox.state NOT IN ('quarantined', 'refused')) AS disclosed,
           count(*) FILTER (WHERE outbox.state = 'refused') AS refused,
           count(*) FILTER (WHERE outbox.state = 'quarantined') AS quarantined,
           count(*) FILTER (WHERE outbox.state = 'waiting') AS waiting,
           count(*) FILTER (WHERE outbox.state IN ('received', 'read')) AS received
      FROM outbox JOIN decision ON decision.id = outbox.decision
     WHERE outbox.kind = 'disclosure' GROUP BY 1)
SELECT candidate, coalesce(published, 0), coalesce(disclosed, 0) + coalesce(stands, 0),
       coalesce(decided.refused, 0) + coalesce(told.refused, 0), coalesce(quarantined, 0),
       coalesce(waiting, 0), coalesce(received, 0)
  FROM published FULL JOIN decided USING (candidate) FULL JOIN told USING (candidate)
 ORDER BY candidate

-- by_topic --
-- For each topic: how far it has been read, and what became of every record.
SELECT topic, sum(next - first), sum(accepted), sum(repeated), sum(quarantined), sum(forgotten)
  FROM kafka_offset GROUP BY topic ORDER BY topic

-- kept --
-- What is really there: the counters above are checked against the rows.
SELECT topic, sum(accepted), sum(apart)
  FROM (SELECT topic, count(*) AS accepted, 0 AS apart FROM inbox GROUP BY topic
        UNION ALL SELECT topic, 0, count(*) FROM quarantine GROUP BY topic) AS rows
 GROUP BY topic

-- leaves --
-- One leaf for each notification received and each decision.
SELECT (SELECT count(*) FROM leaf) + (SELECT count(*) FROM leaf_waiting),
       (SELECT count(*) FROM inbox), (SELECT count(*) FROM decision)

-- undecided --
-- What was taken in while policies could not be evaluated, and is still to be decided.
SELECT count(*) FROM undecided WHERE settled IS NULL
