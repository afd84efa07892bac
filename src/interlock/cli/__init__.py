"""The ``interlock`` command: it parses, calls and prints; the work is done elsewhere."""
