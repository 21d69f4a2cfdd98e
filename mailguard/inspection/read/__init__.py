"""One file for each format, each turning octets into the stream of inspection/stream.py or raising Uninspectable."""
