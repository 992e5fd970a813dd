"""Names for things. Two ids of different kinds never mix: mypy refuses it."""

from typing import NewType

SubjectId = NewType("SubjectId", str)
"""A child (or unborn child, or adult of concern) in this broker: `s_` + 26 letters, random."""

Pseudonym = NewType("Pseudonym", str)
"""A publisher's own name for its subject: `ps:` + 22 characters; means nothing to anybody else."""

OrganisationId = NewType("OrganisationId", str)
"""One body in the directory: `org:<scheme>:<code>`, as `org:ods:RZZ`."""

NotificationId = NewType("NotificationId", str)
"""26 characters, the same for the same native record, version and subject (FORMATS.md 1.1)."""

ThreadId = NewType("ThreadId", str)
"""As the notification's id without the version: all versions of one concern about one subject."""

DecisionId = NewType("DecisionId", str)
DisclosureId = NewType("DisclosureId", str)
AlertId = NewType("AlertId", str)
PersonId = NewType("PersonId", str)
GovernanceId = NewType("GovernanceId", str)
"""A governance override: random, since it stands in a URL."""

ReviewId = NewType("ReviewId", str)
"""What a person is asked about a doubtful match: random, since it stands in a URL."""

KeyId = NewType("KeyId", str)
PolicyId = NewType("PolicyId", str)
"""The `@id` of a Cedar policy."""

PolicyVersion = NewType("PolicyVersion", str)
"""SHA-256, in hex, over the schema, the policies and their data: it stands in every decision."""
