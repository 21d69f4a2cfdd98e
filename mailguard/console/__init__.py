"""The review console: pages for people who look at held messages. It speaks to guard alone, never to SMTP or SQL."""
