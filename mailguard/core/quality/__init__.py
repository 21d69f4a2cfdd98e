"""How good rules are, by what became of what they held, and which other number to propose for one. Pure."""
