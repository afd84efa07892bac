"""Transports: bytes in, calls out. What each era wants on the wire ends here."""
