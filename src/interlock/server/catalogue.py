"""The catalogue: everything a server offers, by kind and key, and who serves each entry.

Providers fill it; handlers and lists read it. An entry holds the object that is listed, as the
newest revision has it, and the handler that serves calls of it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

from msgspec import Struct

from interlock.protocol.call import Handler
from interlock.protocol.errors import DefinitionError
from interlock.protocol.uri_template import UriTemplate

Kind = Literal["tools", "prompts", "resources", "templates"]
KINDS: tuple[Kind, ...] = ("tools", "prompts", "resources", "templates")


class Entry(Struct, frozen=True):
    """One tool, prompt, resource or template."""

    kind: Kind
    key: str
    """The name, the URI, or the URI template."""
    listed: dict[str, Any]
    """The object in the list, as JSON."""
    serve: Handler
    template: UriTemplate | None = None
    logs: bool = False
    """Whether serving it may send log entries to the client."""


class Provider(Protocol):
    """What a server is made of: functions, a mounted server, a remote one, a document."""

    def entries(self) -> Iterable[Entry]:
        """Everything it offers, in a stable order."""
        ...

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever :meth:`entries` would answer differently."""
        ...


class Catalogue:
    """The entries of all providers, checked for collisions."""

    def __init__(self) -> None:
        self._providers: list[Provider] = []
        self._tables: dict[Kind, dict[str, Entry]] = {kind: {} for kind in KINDS}
        self.tools = self._tables["tools"]
        """The table of tools for calls, which look at :attr:`stale` first."""
        self._callbacks: list[Callable[[], None]] = []
        self.stale = False
        """Whether the tables lag behind the providers; :meth:`table` brings them up to date."""
        self.version = 0
        """Rises with every change; caches hold on to it."""
        self.live = False
        """Whether it is being served. Then a change is read at once: a collision is the error of
        whoever made it, and what is served stays as it was."""

    def add(self, provider: Provider) -> None:
        """Take in a provider's entries, now and after each change of it.

        Raises :class:`DefinitionError`, and leaves the provider out, where one of its keys is
        taken.
        """
        self._providers.append(provider)
        try:
            self._read_providers()
        except DefinitionError:
            self._providers.pop()
            raise
        provider.on_change(self._changed)
        self._changed()

    def _changed(self) -> None:
        if self.live:
            self._read_providers()
        else:
            self.stale = True
        self.version += 1
        for callback in self._callbacks:
            callback()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after every change of any entry."""
        self._callbacks.append(callback)

    def table(self, kind: Kind) -> dict[str, Entry]:
        """The entries of a kind by key, in the order of their definition.

        A change makes new tables, so one that was given out stays as it is. Raises
        :class:`DefinitionError` where two entries have one key.
        """
        if self.stale:
            self._read_providers()
        return self._tables[kind]

    def _read_providers(self) -> None:
        fresh: dict[Kind, dict[str, Entry]] = {kind: {} for kind in KINDS}
        for provider in self._providers:
            for entry in provider.entries():
                if entry.key in fresh[entry.kind]:
                    raise duplicate(entry.kind, entry.key)
                fresh[entry.kind][entry.key] = entry
        self._tables = fresh
        self.tools = fresh["tools"]
        self.stale = False

    def __iter__(self) -> Iterator[Entry]:
        for kind in KINDS:
            yield from self.table(kind).values()


def duplicate(kind: Kind, key: str) -> DefinitionError:
    """The error for a key that is taken."""
    noun = {"tools": "tool", "prompts": "prompt", "resources": "resource", "templates": "template"}
    return DefinitionError(f"a {noun[kind]} {key!r} exists already; give one of them another name")


class OwnEntries:
    """The provider of entries that were added one by one."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Kind, str], Entry] = {}
        self._callbacks: list[Callable[[], None]] = []

    def entries(self) -> Iterable[Entry]:
        return self._entries.values()

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def add(self, entry: Entry) -> None:
        """Add an entry. Where its key is taken it is left out: :class:`DefinitionError`."""
        place = (entry.kind, entry.key)
        if place in self._entries:
            raise duplicate(entry.kind, entry.key)
        self._entries[place] = entry
        try:
            self._announce()
        except DefinitionError:
            del self._entries[place]
            self._announce()
            raise

    def _announce(self) -> None:
        for callback in self._callbacks:
            callback()
