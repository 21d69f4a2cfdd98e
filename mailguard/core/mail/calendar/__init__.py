"""Calendar parts of a message: iCalendar (RFC 5545), as iTIP and iMIP send it (RFC 5546, RFC 6047)."""
