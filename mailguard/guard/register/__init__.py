"""The stories of the register of incidents."""
