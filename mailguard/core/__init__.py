"""What mail is, what policy says, how a message is rewritten: pure functions on bytes and values.

Nothing here touches a clock, a disk, a socket, a log or a source of randomness; those come in as values.
"""
