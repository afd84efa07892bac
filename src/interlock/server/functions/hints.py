"""Annotations resolved: text evaluated, local names found, and a clear word where it fails.

Annotations may be objects, text (``from __future__ import annotations``), or code that has
not run yet (Python 3.14). All end here as objects.
"""

import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any

from interlock.server.functions.problems import SignatureError
from interlock.server.functions.unsupported import Unsupported, unresolved

if sys.version_info >= (3, 14):  # pragma: no cover
    import annotationlib


def class_hints(cls: type, namespace: Mapping[str, Any] | None) -> dict[str, Any]:
    """The annotations of a class and its bases; raises ``Unsupported`` for a missing name."""
    local = {} if namespace is None else {**namespace, cls.__name__: cls}
    scopes = [local, None] if "<locals>" in cls.__qualname__ else [None, local]
    error = NameError()
    for scope in scopes:
        try:
            return typing.get_type_hints(cls, localns=scope, include_extras=True)
        except NameError as missing:
            error = missing
    raise Unsupported(f"in {cls.__name__}, {unresolved(error)}") from error


def raw_annotations(signature_of: Callable[..., Any], fn: Any) -> Any:
    """``inspect.signature`` of ``fn`` that no missing name in an annotation can stop."""
    if sys.version_info >= (3, 14):  # pragma: no cover
        return signature_of(fn, annotation_format=annotationlib.Format.FORWARDREF)
    return signature_of(fn)


def visible(
    function: Any, scope: Mapping[str, Any], namespace: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """The local names that a function's annotations see.

    A function that is declared elsewhere sees its own module first.
    """
    if namespace is None or namespace is scope:
        return None
    if "<locals>" in getattr(function, "__qualname__", ""):
        return namespace
    return {name: value for name, value in namespace.items() if name not in scope}


def resolved(
    annotations: Mapping[str, Any],
    scope: Mapping[str, Any],
    namespace: Mapping[str, Any] | None,
    subject: Callable[[str], str],
) -> dict[str, Any]:
    """Annotations by name, as objects.

    ``scope`` is the module of the function, ``namespace`` the local names where it is
    declared, ``subject`` names an annotation in errors. Raises :class:`SignatureError`.
    """
    found: dict[str, Any] = {}
    for name, annotation in annotations.items():
        if isinstance(annotation, type):  # most are, and need no evaluation
            found[name] = annotation
            continue
        try:
            found[name] = evaluated(annotation, scope, namespace)
        except NameError as error:
            raise SignatureError(f"{subject(name)}: {unresolved(error)}") from error
        except (TypeError, SyntaxError, AttributeError) as error:
            raise SignatureError(
                f"{subject(name)}: the annotation {annotation!r} is no type ({error})"
            ) from error
    return found


def evaluated(
    annotation: Any, scope: Mapping[str, Any], namespace: Mapping[str, Any] | None
) -> Any:
    """One annotation as an object. Raises :class:`NameError` for a name that is not there."""

    def carrier() -> None: ...

    carrier.__annotations__ = {"it": annotation}
    hints = typing.get_type_hints(
        carrier,
        globalns=dict(scope) if not isinstance(scope, dict) else scope,
        localns=None if namespace is None else dict(namespace),
        include_extras=True,
    )
    return hints["it"]
