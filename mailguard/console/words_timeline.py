"""What the page of a message says of what happened to it: a part of the catalogue. Its sentences: words_audit.py."""

from __future__ import annotations

TITLE = "What has happened"
ALL = "All entries of this message in the audit trail"
EARLIER = "Only the latest events are shown here."
RECEIVED = "It was received"
DELIVERIES = {
    "copy_delivered": (
        "Delivered to the next mail server once, at {last}.",
        "Delivered to the next mail server {count:,} times, last at {last}.",
    ),
    "copy_deferred": (
        "Put off by the next mail server once, at {last}.",
        "Put off by the next mail server {count:,} times, last at {last}.",
    ),
    "copy_bounced": (
        "Refused for some people once, at {last}.",
        "Refused for some people {count:,} times, last at {last}.",
    ),
}
