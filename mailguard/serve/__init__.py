"""The composition root: the only place that knows every part; it starts and stops them."""
