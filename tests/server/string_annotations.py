"""Functions whose annotations are text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class City:
    name: str


def place(city: City) -> City:
    return city


def ask(topic: str) -> str:
    """Ask about a topic."""
    return topic


def read() -> str:
    """Read it."""
    return "text"
