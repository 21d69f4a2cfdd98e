"""The canary: the guard proves at intervals that lists of people do not leave (docs/decisions/canary.md)."""
