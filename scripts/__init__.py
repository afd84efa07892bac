"""Helpers of the repository's workflow; run as `python -m scripts.NAME` from the root."""
