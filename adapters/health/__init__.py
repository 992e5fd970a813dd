"""Health: FHIR R4 as JSON."""
