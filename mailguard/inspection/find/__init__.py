"""Detectors: what the stream of a carrier tells about people. They read the stream and nothing else.

Pure: no clock, disk, randomness or log. What leaves this folder is kinds, counts and places, never a value.
"""
