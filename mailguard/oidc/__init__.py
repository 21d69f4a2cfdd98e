"""Signing in with an OpenID provider: an edge of the house, like SMTP and the store. It says who somebody is."""
