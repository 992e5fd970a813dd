"""Every word that a page shows of its own accord, in one catalogue: a partnership may change it."""

from broker.domain.words import Category, Extent, Level

CATEGORIES = {
    Category.IDENTITY: "Who the child is",
    Category.PROTECTED_LOCATION: "Protected location",
    Category.CARE_STATUS: "Care status",
    Category.NARRATIVE: "What worries them",
    Category.CHILDS_VOICE: "The child's voice",
    Category.CHILD_HEALTH: "Child's health",
    Category.SENSITIVE_HEALTH: "Sensitive health",
    Category.ADULT_HEALTH: "Adults' health",
    Category.POLICE_INCIDENT: "Police incident",
    Category.POLICE_INTELLIGENCE: "Police intelligence",
    Category.OFFENCES: "Offences",
    Category.EDUCATION: "Education",
    Category.FAMILY: "Family",
    Category.REFERRER: "Who reported",
}
LEVELS = {
    Level.UNIVERSAL: "No extra need",
    Level.EARLY_HELP: "A little worried",
    Level.CHILD_IN_NEED: "Worried: the family needs help",
    Level.SIGNIFICANT_HARM: "Very worried: the child may be harmed",
    Level.EMERGENCY: "In danger now",
}
LEVEL_NAMES = {
    Level.UNIVERSAL: "universal",
    Level.EARLY_HELP: "early help",
    Level.CHILD_IN_NEED: "child in need",
    Level.SIGNIFICANT_HARM: "significant harm",
    Level.EMERGENCY: "emergency",
}
ABUSE = {
    "NEG": "neglect",
    "PHY": "physical abuse",
    "SAB": "sexual abuse",
    "EMO": "emotional abuse",
    "MUL": "several kinds of abuse",
    "UNSPECIFIED": "a concern",
}
WHY_YOU = {
    "allocated": "You are the family's allocated worker.",
    "enrolled": "The child is enrolled with you.",
    "registered": "The child is registered with you.",
    "open_enquiry": "You have an open enquiry about the child.",
    "area_duty": "You are on duty for the area.",
    "told_before": "You were told of this concern before.",
}
MAY_BE_TOLD = {
    "yes": "Yes. The person who raised it says that the family may safely be told.",
    "no": "No. Do not speak to the family before you have rung.",
    "not_known": "Not known. Ring first.",
}
HANDLING = {
    "do_not_contact_family": "Do not contact the family.",
    "speak_before_acting": "Speak to the sender before acting.",
    "keep_off_shared_record": "Keep this off records that the family can read.",
}
DUTIES = {
    "before_next_school_day": "Read this before the child's next day at school.",
    "route_to_deputy": "A deputy is to be asked.",
    "review_by_another_person": "Another person reviews this.",
    "tell_safeguarding_lead": "Tell your safeguarding lead.",
    "before_next_working_day": "Read this before the next working day.",
    "speak_before_acting": "Speak to the sender before acting.",
}
COULD_NOT_CHECK = "We could not check. Nothing is shown; this does not mean that nothing is known."
INVOLVED = "A service is involved: ring. We could not check what may be told."
NOTHING_TO_SEE = "Nothing for you at the moment."
NOT_SHOWN = "Not shown to your role, whether or not there is any"
CONSENT_REFUSED = "The family did not agree to sharing. The law allows it here without agreement."
ROLES = {
    "mash_screener": "hub screener",
    "social_worker": "social worker",
    "police_protection": "child protection police",
    "health_visitor": "health visitor or school nurse",
    "gp": "practice safeguarding lead",
    "designated_safeguarding_lead": "safeguarding lead",
    "early_help_worker": "early help worker",
    "governance_officer": "governance officer",
}
CAPACITIES = (  # value, words, whether somebody must have found them competent
    ("pr_holder", "A parent, or somebody with parental responsibility", False),
    ("adult_self", "An adult, about what concerns themself", False),
    ("young_person_16_17", "The young person, who is 16 or 17", False),
    ("child_u16_competent", "The child, who is under 16 and understands this decision", True),
    ("court", "A court", False),
)
WISHES = (
    ("given", "They agree to sharing"),
    ("refused", "They refuse"),
    ("withdrawn", "They take an earlier agreement back"),
    ("not_sought_unsafe", "Nobody asked: asking was not safe"),
    ("not_sought_impracticable", "Nobody asked: it could not be done"),
    ("sought_pending", "They were asked and have not answered yet"),
)
WISH_STATES = {
    **dict(WISHES),
    "not_required_statutory": "The law does not ask for their agreement here",
    "expired": "Their agreement has ended",
}
YES_NO = (("yes", "Yes"), ("no", "No"), ("not_known", "Not sure"))
EXTENTS = {
    Extent.EXISTENCE: "that there is something",
    Extent.SUMMARY: "in coded facts",
    Extent.FULL: "in full",
    Extent.NOTHING: "nothing",
}
MAY_BE_TOLD_OF = {
    Extent.FULL: "In full",
    Extent.SUMMARY: "In coded facts",
    Extent.EXISTENCE: "Whether there is anything",
    Extent.NOTHING: "Not any more",
}
NOT_LISTED = (
    "Only what you may know of is named here. What your role is not shown is not listed, whether or"
    " not there is any."
)
OTHERS_NOT_LISTED = (
    "Who else would be told more or less is not shown to your role, whether or not there is"
    " anybody."
)
NO_EFFECT = "Nobody whom you may know of is told more or less because of this."
RECALLED = {
    "withdrawn": "The family took back the agreement on which you were told this.",
    "override_not_justified": (
        "Somebody decided that you must know this at once. Another person looked at that decision"
        " and found it not justified."
    ),
    "wrong_child": (
        "You were told this about the wrong child. It is about somebody else, and says nothing of"
        " the child under whose name you hold it."
    ),
}
ARRIVED_LATE = "It reached you late, because of a correction."
CANNOT_BE_UNDONE = (
    "What has been read cannot be unread, and what you did because of it is done. Write beside it,"
    " wherever you keep it, that it may no longer be relied on. Do not pass it on, and base nothing"
    " new on it."
)
ROUNDS = {
    "received": "It was raised",
    "consent.recorded": "A wish about sharing was recorded",
    "source_of_harm.recorded": "An alleged source of harm was recorded, or lifted",
    "level.confirmed": "The level was confirmed",
    "necessity.recorded": "Somebody wrote why others must know",
    "refusal.weighed": "Somebody decided to go on although the young person refused",
    "detriment.recorded": "Somebody wrote that telling would do more harm, or lifted it",
    "override.raised": "Somebody decided that others must know at once",
    "override.reviewed": "Such a decision was looked at by somebody else",
    "facts": "Something else is known about the child",
    "policies": "The policies changed",
    "lapsed": "Something that it rested on ended",
    "policies_returned": "It came while nothing could be checked, and was decided afterwards",
    "relationship.changed": "Somebody has to do with the child now, or no longer has",
    "case.opened": "A case was opened",
    "case.closed": "A case was closed",
    "same": "Somebody said which child it is about",
    "different": "Somebody said that it is about another child than was thought",
    "split": "It stood under the wrong child, with others",
    "unlink": "It stood under the wrong child",
    "unlinked_beside": "Another concern had stood under this child, and is about somebody else",
    "merge": "Two records turned out to be one child's",
}
OUTCOMES = (
    ("upheld", "Upheld"),
    ("upheld_with_learning", "Upheld, and there is something to learn"),
    ("not_justified", "Not justified: who was told is asked to use it no longer"),
)
OUTCOME_NAMES = {
    "upheld": "upheld",
    "upheld_with_learning": "upheld with learning",
    "not_justified": "not justified",
}
GROUNDS = {
    "no_basis": "no basis for sharing",
    "not_relevant": "nothing in it for that role",
    "sealed": "sealed",
    "conflict": "conflict of interest",
    "protected_location": "protected location",
    "withdrawn": "agreement taken back",
    "decided_again": "decided again before it left",
    "retracted": "retracted before it left",
    "override_not_justified": "override not justified",
    "wrong_child": "told about the wrong child",
}
TURNED_AWAY = {
    "no_such_concern": "There is no concern of that name here.",
    "not_their_role": "The directory does not know your role in your organisation.",
    "may_not_confirm": "Your role may not confirm this level. What was proposed stands.",
    "may_not_record": "Your role may not record this.",
    "words_too_long": "Write one shorter sentence.",
    "ends_before_it_begins": "Write an end that is still to come.",
    "lasts_too_long": "Choose an earlier end.",
    "no_such_recipient": "Choose organisations that have that role.",
    "may_not_raise": "Your role may not decide that others must know at once.",
    "no_such_override": "There is no such decision about this concern.",
    "reviewed_by_its_author": "Another person, in another team, must look at it.",
    "not_theirs_to_lift": "Only whoever recorded it, or their organisation, may lift it.",
    "same_id_other_token": "This was recorded already. Nothing was recorded twice.",
}
COULD_NOT = "It could not be recorded as it stands. Nothing is lost: look at it once more."
TRY_AGAIN = "It could not be recorded just now. Nothing is lost: press again."
