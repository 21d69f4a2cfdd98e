"""Readers: one file a format, each a pure function of octets and a budget (enclosed.py, Read)."""
