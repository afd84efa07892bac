"""Why no alternative of ``anyOf`` or ``oneOf`` fits: a summary, then the errors of the closest."""

from typing import Any

from .describe import got, listing, show, summary, type_names
from .graph import Graph
from .violation import Violation

_DECIDING = frozenset(("const", "enum"))
_MAX_DESCRIBED = 50


def explain(
    graph: Graph,
    keyword: str,
    alternatives: list[Any],
    branches: list[list[Violation]],
    value: Any,
    path: str,
) -> list[Violation]:
    """What to say about a value that each alternative refuses, for the given reasons.

    Where all refuse its type the types are listed. Otherwise the alternatives are described;
    if one is closer than the others, its own errors follow.
    """
    if len(branches) == 1:
        return branches[0]
    shown = [summary(graph, alternative) for alternative in alternatives[:_MAX_DESCRIBED]]
    expected = listing(shown, more=len(alternatives) - len(shown))
    if all(_wrong_type(failures, path) for failures in branches):
        names = [name for alternative in alternatives for name in type_names(alternative)]
        wanted = listing(names) if names else expected
        return [Violation(path, keyword, f"expected {wanted}, got {got(value)}", expected)]
    message = f"{show(value)} fits none of: {expected}"
    best = _closest(branches, path)
    if best is None:
        return [Violation(path, keyword, message, expected)]
    message += f"; the closest is {summary(graph, alternatives[best])}"
    return [Violation(path, keyword, message, expected), *branches[best]]


def _wrong_type(failures: list[Violation], path: str) -> bool:
    return any(failure.path == path and failure.keyword == "type" for failure in failures)


def _closest(branches: list[list[Violation]], path: str) -> int | None:
    """The one alternative whose type fits, whose deciding constants fit, with the fewest errors."""
    ranked = sorted(
        (
            _wrong_type(failures, path),
            sum(failure.keyword in _DECIDING for failure in failures),
            len(failures),
            index,
        )
        for index, failures in enumerate(branches)
    )
    best = ranked[0]
    if best[0] or (len(ranked) > 1 and ranked[1][:3] == best[:3]):
        return None
    return best[3]
