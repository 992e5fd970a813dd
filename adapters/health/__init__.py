"""Health: FHIR as JSON and XML, in both directions, and the NHS's notifications."""
