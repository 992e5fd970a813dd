"""
Invented families: a register of children, notifications about them, and the truth, all drawn from
one seed. It exists because the mistakes that matter are made between siblings, twins and namesakes,
and no public set of records has households in it. Nobody in what it writes exists.

    python -m tests.families --seed N --subjects N --notifications N [--heavy] --into DIR
"""
