"""HL7 v2.3 to 2.8: admissions, results, documents and referrals, read and written."""
