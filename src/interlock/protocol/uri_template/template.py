"""The template itself: what callers hold."""

from collections.abc import Mapping
from typing import Any

from interlock.protocol.uri import MAX_URI

from .expand import expand
from .match import Matcher
from .parse import Expression, parse

TemplateValue = str | list[str] | dict[str, str]
"""What a match gives for one variable: see :meth:`UriTemplate.match`."""


class UriTemplate:
    """A URI template, immutable and hashable by its text.

    ``max_uri`` bounds, in characters, the URIs that are matched and those that are made.
    Raises :class:`UriTemplateError` with the position of what is wrong and what was expected.
    """

    __slots__ = ("_matcher", "_max_uri", "_parts", "_text", "_variables")

    def __init__(self, text: str, *, max_uri: int = MAX_URI) -> None:
        self._text = text
        self._max_uri = max_uri
        self._parts = parse(text)
        names = (
            variable.name
            for part in self._parts
            if isinstance(part, Expression)
            for variable in part.variables
        )
        self._variables = tuple(dict.fromkeys(names))
        self._matcher: Matcher | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in the order of their first use."""
        return self._variables

    def expand(self, variables: Mapping[str, Any]) -> str:
        """The URI for these values (RFC 6570 section 3).

        A value is a text, a number, a truth value, a sequence of these or a mapping to these;
        a missing one and ``None`` are undefined and leave no trace. Raises
        :class:`UriTemplateError` for other types, half surrogate pairs, a list where the
        template cuts a text (``{name:3}``), and results longer than ``max_uri``.
        """
        return expand(self._parts, variables, self._max_uri)

    def require_matchable(self) -> None:
        """Check that matching is well defined, so that the mistake shows at start-up.

        Raises :class:`UriTemplateError` when two expressions follow each other so that nothing
        tells where the first ends (``{a}{b}``). :meth:`match` makes the same check.
        """
        self._compiled()

    def match(self, uri: str) -> dict[str, TemplateValue] | None:
        """The values that make this template into ``uri``; ``None`` when there are none.

        The whole URI must match. Time is linear in its length, whatever the template; a URI
        longer than ``max_uri`` does not match. What a variable gives:

        - ``{a}``, ``{+a}``, ``{/a}``, ``{?a}``: a text, commas included.
        - ``{a*}``, ``{/a*}``, ``{.a*}``: a list of texts.
        - ``{?a*}``, ``{&a*}``, ``{;a*}``: a list when every item is named ``a``, else an object.
        - Several in one expression (``{a,b}``) are told apart by the separator; of ``?``, ``&``
          and ``;`` by name, in any order. An unknown or repeated name does not match.

        A simple value is never empty and never holds ``/``, ``?`` or ``#``; ``{+a}`` may hold
        them. What an operator introduces (``{/a}``, ``{?a}``) may be absent: the variable is
        then not in the answer. Where the text after an expression may also occur inside its
        value (``{name}.{ext}``), the first value is as long as possible: ``a.tar.gz`` gives
        ``a.tar`` and ``gz``. A variable used twice must then have the same value twice. A URI with
        characters that no URI holds, broken percent-encoding or bytes that are not UTF-8 does
        not match; characters outside ASCII are taken as their percent-encoded form.

        **Values are decoded once**, so that a check of them sees what the text means: from
        ``%2e%2e%2fetc`` comes ``../etc``, and a simple value may hold ``/`` or NUL if the URI
        says ``%2f`` or ``%00``. Nothing is refused here for it: whoever makes a path, a query
        or a command of a value must check that value.

        Raises :class:`UriTemplateError` as :meth:`require_matchable` does.
        """
        if len(uri) > self._max_uri:
            return None
        return self._compiled().match(uri)

    def _compiled(self) -> Matcher:
        if self._matcher is None:
            self._matcher = Matcher(self._parts)
        return self._matcher

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UriTemplate) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
