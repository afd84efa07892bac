"""The source of the package as the documentation reads it: definitions, docstrings, fields."""

import ast
import functools
import inspect
import re
import sys
from collections.abc import Iterator

_ROLE = re.compile(r":(?:class|meth|func|mod|attr|data|exc):`~?\.?([^`]+)`")
_LITERAL = re.compile(r"``([^`]+)``")


@functools.cache
def module_tree(name: str) -> ast.Module:
    """The syntax of a module that is imported."""
    return ast.parse(inspect.getsource(sys.modules[name]))


def definition(home: str, name: str) -> ast.AST | None:
    """The class or function `name` of the module `home`; `None` where it is neither."""
    for node in module_tree(home).body:
        if getattr(node, "name", None) == name:
            return node
    return None


def annotated(node: ast.ClassDef) -> Iterator[tuple[ast.AnnAssign, str]]:
    """The annotated names of a class, each with the docstring that follows it."""
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign):
            text = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                text = prose(inspect.cleandoc(str(after.value.value)))
            yield item, text


def prose(docstring: str) -> str:
    """A docstring as Markdown: roles and double backticks become code."""
    text = _ROLE.sub(lambda found: f"`{_last(found[1])}`", inspect.cleandoc(docstring))
    return _LITERAL.sub(r"`\1`", text)


def _last(path: str) -> str:
    """What a reader calls a name: `ProtocolError`, but `Context.progress` for a member."""
    parts = path.split(".")
    if len(parts) > 1 and parts[-2][:1].isupper():
        return ".".join(parts[-2:])
    return parts[-1] if path.startswith("interlock") else path
