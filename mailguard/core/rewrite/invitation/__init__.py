"""Invitations in separate copies: each recipient outside sees the organiser and nobody else who is hidden."""
