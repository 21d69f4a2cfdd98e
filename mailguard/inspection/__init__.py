"""What attachments carry, read by processes that can do nothing else (docs/decisions/inspection.md)."""
