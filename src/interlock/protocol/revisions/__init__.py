"""Protocol revisions as data: what each has, and how results are made fit for the older ones."""

from .table import LATEST, LATEST_LEGACY, LEGACY, MODERN, REVISIONS, Era, Revision

__all__ = ["LATEST", "LATEST_LEGACY", "LEGACY", "MODERN", "REVISIONS", "Era", "Revision"]
