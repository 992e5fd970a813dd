-- What the register of 0006 took the place of: numbers, forenames and birth dates as digests.

DROP TABLE identifier;
ALTER TABLE subject DROP COLUMN forename;
ALTER TABLE subject DROP COLUMN birth_date;
