"""The stories of the incident pack: read what is known, and send an apology to exactly those whom it concerns."""
