"""The words of the pages about doubtful matches, in one catalogue that a partnership may change."""

from broker.domain.identity import Comparison
from broker.domain.review import ReviewAnswer
from broker.identity import levels
from broker.reviewing import ANNOUNCED, ONLY_FORENAME, Says, Strength

WHY = {
    # {whose}: her, his or the child's; {kin}: whom it may be then
    ONLY_FORENAME: "Everything agrees except {whose} own name. Possibly a twin or {kin}.",
    ANNOUNCED: "An agency says that these two records, both known, are one child.",
    "forename_differs": "{Whose} own name is another one.",
    "forename_missing": "One of the two records has no forename, or in another script.",
    "forename_close": "The forenames are alike, and not the same.",
    "birth_date_differs": "The birth dates are not the same.",
    "birth_date_missing": "One of the two records has no whole birth date, or a usual default.",
    "birth_date_close": "The birth dates are alike, and in different years.",
    "other_number": "The new record carries an NHS number that is not this child's.",
    "retired_number": "The new record carries a number that is no longer this child's.",
    "forename_short": "A short name, which may be a twin's own or what this child is called.",
    "nickname_alone": "A number agrees, and a nickname that may be the own name of {kin}.",
    "numbered_otherwise": "Whoever gave the number has another one for this child.",
    "lives_elsewhere": "Nothing that was said puts the two in one household.",
    "twin_in_household": "A number agrees, and another child of the household was born that day.",
    "nothing_else_agrees": "Name and birth date agree, and nothing else that was said.",
    "too_little": "What agrees is too little to go by.",
    "described": "Somebody described a child whom they do not know by name.",
    "two_alike": "Two children are nearly as likely. Only a person can tell them apart.",
    "kept_apart": "Somebody said before that this concern is not about that child.",
    "too_many_alike": "So many children are alike in what was said that none was looked at.",
    "mother_or_date": "A child is expected, and the mother or the date is not certain.",
    "asked_already": "This was asked before, and nobody has said yet.",
    "rule_a": "An earlier version of this concern could not be placed. The new one agrees.",
    "rule_b": "An earlier version of this concern could not be placed. The new one agrees.",
    "rule_u": "An earlier version of this concern could not be placed. The new one agrees.",
    "person_different": "Somebody said that it is none of the others. These are left.",
    "thread": "It follows a concern about which somebody has to say who it is.",
}
NOT_SURE = "What was said is not enough to be sure."
KIN = {"F": "sister", "M": "brother", None: "a brother or sister"}
WHOSE = {"F": "her", "M": "his", None: "the child's"}

COMPARISONS = {
    Comparison.FORENAME: "Forename",
    Comparison.SURNAME: "Surname",
    Comparison.BIRTH: "Birth date",
    Comparison.SEX: "Sex",
    Comparison.HOUSEHOLD: "Household",
    Comparison.IDENTIFIER: "Number",
}
SAYS = {Says.AGREES: "Agrees", Says.DIFFERS: "Differs", Says.MISSING: "Missing"}
STRENGTHS = {
    Strength.STRONGLY_FOR: "speaks strongly for one child",
    Strength.FOR: "speaks for one child",
    Strength.A_LITTLE_FOR: "speaks a little for one child",
    Strength.NEITHER: "says nothing either way",
    Strength.A_LITTLE_AGAINST: "speaks a little against",
    Strength.AGAINST: "speaks against",
    Strength.STRONGLY_AGAINST: "speaks strongly against",
}
LEVELS = {
    (Comparison.FORENAME, levels.EQUAL): "The same forename.",
    (Comparison.FORENAME, levels.EXCHANGED): "Forename and surname stand in each other's place.",
    (Comparison.FORENAME, levels.NICKNAME): "One is short for the other.",
    (Comparison.FORENAME, levels.CLOSE): "Spelt a little differently.",
    (Comparison.FORENAME, levels.ALIKE): "Only somewhat alike.",
    (Comparison.FORENAME, levels.INITIAL): "Only the first letter is the same.",
    (Comparison.FORENAME, levels.DIFFERS): "Another forename.",
    (Comparison.SURNAME, levels.EQUAL): "The same surname.",
    (Comparison.SURNAME, levels.EXCHANGED): "Forename and surname stand in each other's place.",
    (Comparison.SURNAME, levels.HALF): "One half of a double-barrelled name.",
    (Comparison.SURNAME, levels.CLOSE): "Spelt a little differently.",
    (Comparison.SURNAME, levels.SOUND): "They sound the same.",
    (Comparison.SURNAME, levels.ALIKE): "Only somewhat alike.",
    (Comparison.SURNAME, levels.DIFFERS): "Another surname.",
    (Comparison.BIRTH, levels.EQUAL): "The same date.",
    (Comparison.BIRTH, levels.EXCHANGED): "Day and month stand in each other's place.",
    (Comparison.BIRTH, levels.ONE_EDIT): "One figure is another.",
    (Comparison.BIRTH, levels.NEAR): "The same month or year, or two figures are others.",
    (Comparison.BIRTH, levels.DIFFERS): "Another date.",
    (Comparison.SEX, levels.EQUAL): "The same.",
    (Comparison.SEX, levels.DIFFERS): "Not the same.",
    (Comparison.HOUSEHOLD, levels.SAME): "The same home or telephone.",
    (Comparison.HOUSEHOLD, levels.NEAR): "The same postcode, or a mother of the same name.",
    (Comparison.HOUSEHOLD, levels.DISTRICT): "The same district only.",
    (Comparison.HOUSEHOLD, levels.DIFFERS): "Another home.",
    (Comparison.IDENTIFIER, levels.EQUAL): "The same number.",
    (Comparison.IDENTIFIER, levels.DIFFERS): "Another number of the same kind.",
}
NOT_COMPARED = "Not said in both."

NUMBERS = {"nhs_number": "NHS number", "upn": "Pupil number"}
RELATIONS = {
    "mother": "mother",
    "father": "father",
    "step_parent": "step-parent",
    "parents_partner": "parent's partner",
    "grandparent": "grandparent",
    "foster_carer": "foster carer",
    "special_guardian": "special guardian",
}
SEXES = {"F": "Female", "M": "Male"}
PROTECTED = "Protected: not shown"
NOT_SAID = "Not said"

ANSWERS = {
    ReviewAnswer.SAME: "The same child",
    ReviewAnswer.DIFFERENT: "A different child",
    ReviewAnswer.CANNOT_TELL: "I cannot tell",
}
SECOND = (
    "Joining these two needs a second person. Your answer is kept; nothing changes until somebody"
    " else has looked and says the same."
)
DID = {
    "counted": "It counts from now on.",
    "second_needed": "It is kept. Nothing changes until a second person says the same.",
    "stands": "It stays as it is, and comes back when something more is known.",
}
TURNED_AWAY = {
    "same_person": "You have said so already. Another person must look and say the same.",
    "answered_already": "Somebody has answered this meanwhile. Nothing more was recorded.",
    "no_such_candidate": "That record is no longer one of those it might be. Look once more.",
    "not_theirs": "This is not yours to answer any more. Nothing was recorded.",
    "several_subjects": "This concern is being placed just now. Nothing was recorded.",
    "no_such_concern": "This concern stands elsewhere by now. Nothing was recorded.",
}
