"""What the ledger says of a time, as figures: holds and what became of them, rules, the month's report. Pure."""
