"""The revisions of MCP, one row each: the only place that knows which revision has what.

*Modern* revisions are stateless and carry their version in every request's ``_meta``;
*legacy* ones open with ``initialize``. Source: the pages and schemas of each revision.
"""

from typing import Literal

from msgspec import Struct

Era = Literal["legacy", "modern"]


class Revision(Struct, frozen=True, kw_only=True):
    """One revision. Compare by identity: there is one object for each, in :data:`REVISIONS`."""

    name: str
    """The date, as on the wire."""
    era: Era
    batches: bool = False
    """A JSON array of messages is a message."""
    audio: bool = True
    """Content blocks of type ``audio``."""
    resource_links: bool = True
    """Content blocks of type ``resource_link``."""
    structured_output: bool = True
    """``outputSchema`` and ``structuredContent``."""
    structured_any: bool = False
    """Structured values may be any JSON value; otherwise objects only."""
    titles: bool = True
    """``title`` on tools, prompts, resources, templates, arguments and implementations."""
    tool_annotations: bool = True
    """``annotations`` on tools."""
    icons: bool = True
    """``icons``, and ``description`` and ``websiteUrl`` of implementations."""
    last_modified: bool = True
    """``lastModified`` in annotations."""
    progress_message: bool = True
    """``message`` in progress notices."""
    completions_capability: bool = True
    """The server capability ``completions``."""
    resource_not_found: int = -32002
    """The error code for a resource that does not exist."""
    error_id_null: bool = False
    """An error whose request id could not be read carries ``id: null``; otherwise no ``id``."""
    cancel_on_disconnect: bool = False
    """An HTTP client that goes away cancels its request."""

    @property
    def modern(self) -> bool:
        return self.era == "modern"

    def __str__(self) -> str:
        return self.name


_ALL = (
    Revision(
        name="2024-11-05",
        era="legacy",
        audio=False,
        resource_links=False,
        structured_output=False,
        titles=False,
        tool_annotations=False,
        icons=False,
        last_modified=False,
        progress_message=False,
        completions_capability=False,
        error_id_null=True,
    ),
    Revision(
        name="2025-03-26",
        era="legacy",
        batches=True,
        resource_links=False,
        structured_output=False,
        titles=False,
        icons=False,
        last_modified=False,
        error_id_null=True,
    ),
    Revision(name="2025-06-18", era="legacy", icons=False, error_id_null=True),
    Revision(name="2025-11-25", era="legacy"),
    Revision(
        name="2026-07-28",
        era="modern",
        structured_any=True,
        resource_not_found=-32602,
        cancel_on_disconnect=True,
    ),
)

REVISIONS: dict[str, Revision] = {revision.name: revision for revision in _ALL}
"""Every revision by its name, oldest first."""
LEGACY: tuple[str, ...] = tuple(r.name for r in _ALL if r.era == "legacy")
"""Names of the revisions that open with ``initialize``, oldest first."""
MODERN: tuple[str, ...] = tuple(r.name for r in _ALL if r.era == "modern")
"""Names of the stateless revisions, oldest first."""
LATEST: Revision = REVISIONS[MODERN[-1]]
LATEST_LEGACY: Revision = REVISIONS[LEGACY[-1]]
