"""
What FHIR itself calls the elements of the resources that are read here (R4, STU3 and R5 together),
so that what a sender added is kept unread and named once, and nothing else is.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice

from adapters.walk import Object, dicts, text

_OF_ANY = (
    "resourceType id meta implicitRules language text contained extension modifierExtension "
    "identifier fhir_comments"
)
# `[x]` stands for a type, as in valueQuantity
_OF_EACH = {
    "Patient": "active name telecom gender birthDate deceased[x] address maritalStatus "
    "multipleBirth[x] photo contact communication generalPractitioner managingOrganization link "
    "animal",
    "RelatedPerson": "active patient relationship name telecom gender birthDate address photo "
    "period communication",
    "Flag": "status category code subject period encounter author",
    "Condition": "clinicalStatus verificationStatus category severity code bodySite bodyStructure "
    "subject encounter context onset[x] abatement[x] recordedDate recorder asserter assertedDate "
    "participant stage evidence note",
    "Observation": "instantiates[x] basedOn triggeredBy partOf status category code subject focus "
    "encounter context effective[x] issued performer value[x] dataAbsentReason interpretation note "
    "comment bodySite bodyStructure method specimen device referenceRange hasMember derivedFrom "
    "related component",
    "ServiceRequest": "instantiatesCanonical instantiatesUri basedOn replaces requisition status "
    "intent category priority doNotPerform code orderDetail quantity[x] subject focus encounter "
    "occurrence[x] asNeeded asNeeded[x] asNeededFor authoredOn requester performerType performer "
    "location locationCode locationReference reason reasonCode reasonReference insurance "
    "supportingInfo specimen bodySite bodyStructure note patientInstruction relevantHistory",
    "ReferralRequest": "definition basedOn replaces groupIdentifier status intent type priority "
    "serviceRequested subject context occurrence[x] authoredOn requester specialty recipient "
    "reasonCode reasonReference description supportingInfo note relevantHistory",
    "Communication": "instantiatesCanonical instantiatesUri definition basedOn partOf inResponseTo "
    "status statusReason notDone notDoneReason category priority medium subject topic about "
    "encounter context sent received recipient sender reason reasonCode reasonReference payload "
    "note",
    "DocumentReference": "masterIdentifier version basedOn status docStatus modality type category "
    "class subject context event bodySite facilityType practiceSetting period date created indexed "
    "author authenticator attester custodian relatesTo description securityLabel content",
    "Composition": "url version status type class category subject encounter date useContext "
    "author name title note confidentiality attester custodian relatesTo event section",
    "Encounter": "status statusHistory class classHistory priority type serviceType subject "
    "patient subjectStatus episodeOfCare basedOn careTeam partOf serviceProvider participant "
    "appointment virtualService period actualPeriod plannedStartDate plannedEndDate length reason "
    "reasonCode reasonReference diagnosis account dietPreference specialArrangement "
    "specialCourtesy hospitalization admission location incomingReferral",
}
_KNOWN = {kind: frozenset(f"{_OF_ANY} {names}".split()) for kind, names in _OF_EACH.items()}
_OF_TYPE = re.compile(r"(?P<choice>[a-z][A-Za-z]*?)(?=[A-Z])")
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,43}")
_MOST, _LONGEST, _LONGEST_NAME = 40, 2000, 60


def unread_in(resource: Object) -> list[tuple[str, str]]:
    """(field, value) of elements that are not FHIR's and of extensions, the first forty."""
    known = _KNOWN.get(text(resource.get("resourceType")))
    return [] if known is None else list(islice(_unread(resource, known), _MOST))


def _unread(resource: Object, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    kind = text(resource.get("resourceType"))
    for name in resource:
        if name not in known and not _is_known(name.removeprefix("_"), known):
            yield f"{kind}.{_named(name)}", _written(resource[name])
    for name in ("extension", "modifierExtension"):
        for each in dicts(resource.get(name)):
            end = text(each.get("url")).rpartition("/")[2]
            yield f"{kind}.{name}.{_named(end)}", _written(each)


def _is_known(name: str, known: frozenset[str]) -> bool:
    """A name with its type at the end, as deceasedBoolean; what stands beside a plain value."""
    if name in known or len(name) > _LONGEST_NAME:
        return name in known
    return any(f"{name[: found.end()]}[x]" in known for found in _OF_TYPE.finditer(name))


def _named(name: str) -> str:
    """A sender's own name of a field: one with digits in it, or a long one, may be a value."""
    return name if _NAME.fullmatch(name) else "unnamed"


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))[:_LONGEST]
