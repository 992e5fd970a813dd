-- read_out --
-- The concern that somebody reads out, and the subject under which it stands now.
SELECT DISTINCT thread, subject FROM placed
 WHERE reference = %(reference)s AND type = 'concern.raised'
