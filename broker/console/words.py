"""Every word that a page shows of its own accord, in one catalogue: a partnership may change it."""

from broker.domain.words import Category, Level

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
