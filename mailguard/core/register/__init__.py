"""The register of incidents: what a record is, what is wrong with one, and every report that is made of it. Pure."""
