"""Alembic's migrations, packaged so that an installed mailguard carries them."""
