"""mailguard: the last check before an email leaves an organisation."""

__version__ = "0.1.0"
