"""
Does anybody know this child? Hit or no-hit, without content (docs/decisions/0016).

    asking.py      the asking side: who is asked for, in clear or blind
    oprf.py        what makes a question blind (RFC 9497)
    reading.py     a signed question, read
    existence.py   whether this asker may ask, and may be told that something exists: pure
    recognising.py is it one of these children? pure
    answering.py   the broker's side: counted, looked up, answered, recorded
    indexing.py    by which digests each child is known to a blind question
"""
