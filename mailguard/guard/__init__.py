"""The stories: what happens to a message from its submission to its outcome, and the ports that they need."""
