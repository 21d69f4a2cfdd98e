"""Yesterday's mail judged again: archives of messages, and what a policy would have done with each of them."""
