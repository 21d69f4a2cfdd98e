"""The stories of the review console: who signs in, and what they are shown. Its pages are in mailguard.console."""
