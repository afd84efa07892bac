"""What a template must look like to be matched: literals, runs of characters, optional groups.

A plan is made once per template. Making it is where templates are refused that nothing could
take apart again: an expression whose end no character marks.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from interlock.protocol.uri import GEN_DELIMS, SUB_DELIMS, UNRESERVED

from .parse import HEX, Expression, Part, UriTemplateError, Variable, show

URI_CHARACTERS = UNRESERVED | GEN_DELIMS | SUB_DELIMS | {"%"}
_SIMPLE = URI_CHARACTERS - frozenset("/?#")
_QUERY = URI_CHARACTERS - {"#"}
_CAN_GIVE_WAY = frozenset("?#;&")
"""Marks that end a ``{+value}`` when they introduce the very next expression."""


class Run(NamedTuple):
    """Characters of one class that variables share, after a mark or after nothing."""

    marks: str
    """Any one of these introduces the run, and the run may be absent; empty: it must be there."""
    allowed: frozenset[str]
    variables: tuple[Variable, ...]
    separator: str
    """Between the values; empty when the run is one value."""
    text: str
    position: int
    named: bool = False


Step = str | Run


def make_plan(parts: Iterable[Part]) -> tuple[Step, ...]:
    """The steps of matching. Raises :class:`UriTemplateError` for what cannot be told apart."""
    steps: list[Step] = []
    for part in parts:
        if isinstance(part, str):
            steps.append(normalise(part) or part)
            continue
        for run in _runs(part):
            last = steps[-1] if steps else None
            if isinstance(last, Run) and _same_family(last, run):
                marks = last.marks if run.marks in last.marks else last.marks + run.marks
                steps[-1] = last._replace(marks=marks, variables=last.variables + run.variables)
            else:
                steps.append(run)
    return tuple(
        step if isinstance(step, str) else _bounded(step, steps[index + 1 :])
        for index, step in enumerate(steps)
    )


def _runs(expression: Expression) -> Iterable[Run]:
    operator, variables, position, text = expression
    mark = operator.mark
    if operator.named:
        allowed = _SIMPLE if mark == ";" else _QUERY
        separator = operator.separator
        yield Run(mark, allowed, variables, separator, text, position, named=True)
        return
    for variable in variables[:-1]:
        if variable.explode:
            raise UriTemplateError(
                f"{text} at position {position} cannot be matched: the list '{variable.name}*' "
                "must be the last variable of its expression"
            )
    if mark in {".", "/"}:
        for variable in variables:
            whole = variable.explode or (mark == "." and variable is variables[-1])
            allowed = _SIMPLE | {mark} if whole else _SIMPLE - {mark}
            separator = mark if variable.explode else ""
            yield Run(mark, allowed, (variable,), separator, text, position)
        return
    allowed = URI_CHARACTERS if operator.reserved else _SIMPLE
    one_text = len(variables) == 1 and not variables[0].explode
    separator = "" if one_text else ","
    yield Run(operator.first, allowed, variables, separator, text, position)


def _same_family(run: Run, following: Run) -> bool:
    """``{?a}{&b}`` and ``{;a}{;b}`` are one list of names."""
    if not (run.named and following.named):
        return False
    return following.marks == "&" if run.marks[0] in "?&" else following.marks == run.marks[0]


def _bounded(run: Run, following: Sequence[Step]) -> Run:
    """The run without the marks that introduce what follows it directly."""
    for step in following:
        if isinstance(step, str):
            if step[0] in run.allowed and not _any_cut_will_do(run):
                raise UriTemplateError(
                    f"{run.text} at position {run.position} cannot be matched: its value may "
                    f"hold {show(step[0])}, which follows it, so nothing tells where it ends"
                )
            return run
        if not step.marks:
            raise UriTemplateError(
                f"{step.text} at position {step.position} follows {run.text} with nothing "
                "between them that tells where one value ends; put a character such as '/' "
                "between them"
            )
        for mark in step.marks:
            if mark in run.allowed:
                if not _gives_way(run, mark):
                    raise UriTemplateError(
                        f"{step.text} at position {step.position} follows {run.text}, whose "
                        f"value may hold '{mark}' too: nothing tells where one value ends"
                    )
                run = run._replace(allowed=run.allowed - {mark})
    return run


def _any_cut_will_do(run: Run) -> bool:
    """Whether every text of the run's characters is a value, however long."""
    if run.named or any(variable.prefix is not None for variable in run.variables):
        return False
    return len(run.variables) == 1


def _gives_way(run: Run, mark: str) -> bool:
    if run.named or run.marks == "#" or mark == run.separator:
        return False
    if "/" in run.allowed:
        return not run.marks and mark in _CAN_GIVE_WAY
    return True


def normalise(text: str) -> str | None:
    """A URI in the one form that is compared; ``None`` when it has what no URI holds.

    Characters outside ASCII become percent-encoded UTF-8, hexadecimal digits upper case.
    """
    if not text.isascii():
        try:
            text = "".join(
                c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text
            )
        except UnicodeEncodeError:
            return None
    if not URI_CHARACTERS.issuperset(text):
        return None
    if "%" not in text:
        return text
    head, *pieces = text.split("%")
    if not all(len(piece) >= 2 and HEX.issuperset(piece[:2]) for piece in pieces):
        return None
    return head + "".join(f"%{piece[:2].upper()}{piece[2:]}" for piece in pieces)


@lru_cache(maxsize=512)
def class_table(characters: str | frozenset[str]) -> bytes:
    """A translation table: these characters to ``1``, every other byte to ``0``."""
    ones = {ord(character) for character in characters}
    return bytes(49 if byte in ones else 48 for byte in range(256))
