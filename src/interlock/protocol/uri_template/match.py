"""Matching in linear time: sets of positions as the bits of one integer.

Bit ``r`` of a set stands for the position ``r`` characters before the end of the URI. Going
through the steps of a plan from the last to the first, each step turns the set of positions
from which the rest matches into the set from which it and the rest match; a run of characters
is one addition, whose carry runs through the class ("match star"). Each step costs a fixed
number of operations on integers of as many bits as the URI has characters, so nothing is ever
tried twice and there is nothing to blow up. A second pass, forwards, picks the values.
"""

from collections.abc import Iterable

from .parse import Part, Variable
from .plan import Run, class_table, make_plan, normalise

Value = str | list[str] | dict[str, str]


class _NoMatchError(Exception):
    """The text of a run is no list of values."""


class Matcher:
    """A plan made ready. Immutable, so safe to share between threads."""

    __slots__ = ("_head", "_least", "_steps", "_tail")

    def __init__(self, parts: Iterable[Part]) -> None:
        steps = make_plan(parts)
        self._steps = steps
        first, last = (steps[0], steps[-1]) if steps else ("", "")
        self._head = first if isinstance(first, str) else ""
        self._tail = last if isinstance(last, str) else ""
        self._least = sum(
            len(step) if isinstance(step, str) else int(not step.marks) for step in steps
        )

    def match(self, uri: str) -> dict[str, Value] | None:
        """The values for a URI, or ``None``."""
        text = normalise(uri)
        if (
            text is None
            or len(text) < self._least
            or not text.startswith(self._head)
            or not text.endswith(self._tail)
        ):
            return None
        masks = _Masks(text)
        sets = self._positions(masks)
        if sets is None or not sets[0] >> len(text) & 1:
            return None
        try:
            return self._values(text, masks, sets)
        except _NoMatchError:
            return None

    def _positions(self, masks: "_Masks") -> list[int] | None:
        """For each step, and for the end, the positions from which the rest matches."""
        steps = self._steps
        sets = [1] * (len(steps) + 1)
        inside = ~masks.inside_triplets
        here = 1
        for index in range(len(steps) - 1, -1, -1):
            step = steps[index]
            if isinstance(step, str):
                for character in reversed(step):
                    here = (here & masks.of(character)) << 1
            elif step.marks:
                reached = _star(here, masks.of(step.allowed))
                here |= (reached & masks.of(step.marks)) << 1
            else:
                allowed = masks.of(step.allowed)
                here = _star((here & allowed) << 1, allowed)
            here &= inside
            if not here:
                return None
            sets[index] = here
        return sets

    def _values(self, text: str, masks: "_Masks", sets: list[int]) -> dict[str, Value]:
        size = len(text)
        found: dict[str, Value] = {}
        cuts: list[tuple[str, int, str]] = []
        at = size
        for index, step in enumerate(self._steps):
            if isinstance(step, str):
                at -= len(step)
                continue
            start = at - 1 if step.marks else at
            if step.marks and (at == 0 or text[size - at] not in step.marks):
                continue
            stop = _longest(start, masks.of(step.allowed), sets[index + 1])
            if stop is None:
                continue
            at = stop
            for variable, value in _read(step, text[size - start : size - stop]):
                _keep(variable, value, found, cuts)
        for name, length, value in sorted(cuts, key=lambda cut: -cut[1]):
            whole = found.setdefault(name, value)
            if not isinstance(whole, str) or whole[:length] != value:
                raise _NoMatchError
        return found


class _Masks:
    """Which characters of one text belong to which class, as bits; each made once."""

    __slots__ = ("_bytes", "_known", "inside_triplets")

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        self._known: dict[str | frozenset[str], int] = {}
        percent = self.of("%") if "%" in text else 0
        self.inside_triplets = percent | percent >> 1

    def of(self, characters: str | frozenset[str]) -> int:
        known = self._known.get(characters)
        if known is None:
            bits = self._bytes.translate(class_table(characters))
            known = self._known[characters] = int(bits, 2) if bits else 0
        return known


def _star(positions: int, allowed: int) -> int:
    """Every position reached from these over any number of allowed characters."""
    return ((positions & allowed) + allowed) ^ allowed | positions


def _longest(start: int, allowed: int, ends: int) -> int | None:
    """The furthest of the possible ends that allowed characters lead to."""
    furthest = (~allowed & ((1 << start) - 1)).bit_length()
    possible = ends >> furthest
    if not possible:
        return None
    stop = furthest + (possible & -possible).bit_length() - 1
    return stop if stop <= start else None


def _read(run: Run, text: str) -> Iterable[tuple[Variable, Value]]:
    if run.named:
        return _by_name(run, text)
    if not run.separator:
        return [(run.variables[0], _decode(text))]
    pieces = [_decode(piece) for piece in text.split(run.separator)]
    *single, last = run.variables
    if last.explode:
        if len(pieces) <= len(single):
            return zip(single, pieces, strict=False)
        return [*zip(single, pieces, strict=False), (last, pieces[len(single) :])]
    if len(pieces) > len(run.variables):
        raise _NoMatchError
    return zip(run.variables, pieces, strict=False)


def _by_name(run: Run, text: str) -> Iterable[tuple[Variable, Value]]:
    variables = {variable.name: variable for variable in run.variables}
    exploded = [variable.name for variable in run.variables if variable.explode]
    texts: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    pairs: dict[str, str] = {}
    for piece in text.split(run.separator):
        name, _, raw = piece.partition("=")
        variable = variables.get(name)
        if not name or (variable is None and len(exploded) != 1):
            raise _NoMatchError
        value = _decode(raw)
        if variable is not None and variable.explode:
            lists.setdefault(name, []).append(value)
            continue
        known, key = (pairs, _decode(name)) if variable is None else (texts, name)
        if key in known:
            raise _NoMatchError
        known[key] = value
    found: dict[str, Value] = {**texts, **lists}
    if pairs:
        owner = exploded[0]
        own = lists.get(owner, [])
        if len(own) > 1 or owner in pairs:
            raise _NoMatchError
        found[owner] = {owner: own[0], **pairs} if own else pairs
    return [(variables[name], value) for name, value in found.items()]


def _keep(
    variable: Variable, value: Value, found: dict[str, Value], cuts: list[tuple[str, int, str]]
) -> None:
    if variable.prefix is not None:
        if not isinstance(value, str) or len(value) > variable.prefix:
            raise _NoMatchError
        cuts.append((variable.name, variable.prefix, value))
    elif found.setdefault(variable.name, value) != value:
        raise _NoMatchError


def _decode(text: str) -> str:
    if "%" not in text:
        return text
    head, *pieces = text.split("%")
    raw = bytearray(head.encode())
    for piece in pieces:
        raw.append(int(piece[:2], 16))
        raw += piece[2:].encode()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _NoMatchError from None
