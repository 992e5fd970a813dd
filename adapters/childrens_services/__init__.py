"""Children's services: the CSC API's JSON."""
