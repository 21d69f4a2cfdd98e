"""Reading what attachments carry. This version reads none: what a rule asks about is uninspectable and held."""
