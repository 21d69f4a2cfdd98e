"""What the links from a reason to what it speaks of say: a part of the catalogue (words.py)."""

from __future__ import annotations

PEOPLE = "See the list of people"
FIELDS = "See From, To and Subject"
TEXT = "See the text"
MARKUP = "See the text as a mail program shows it"
INVITATION = "See the invitation"
FILE = "See {file}"
UNNAMED = "See attachment {number}"
