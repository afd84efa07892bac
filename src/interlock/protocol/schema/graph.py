"""A schema as a graph: its subschemas, their names, and where its references lead.

References are followed inside the document only. What leads outside is refused here, before
the validation engine sees the schema; nothing is ever fetched (MCP 2026-07-28, Base Protocol,
"$ref Resolution"). The one exception needs no fetching either: the meta-schemas of the
supported dialects, which the engine carries.
"""

from typing import Any, NamedTuple

from interlock.protocol.uri import UNRESERVED, resolve, split

from .bounds import Schema, SchemaError, SchemaLimits
from .dialects import DRAFT_2019_09, Dialect, find, named, subschemas
from .plain import is_array, is_object
from .pointer import MISSING, escape, shown_pointer, step, tokens

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
"""The keywords that lead to another schema."""
_NO_BASE = "json-schema:///"
"""The base of a document that names none."""
_HEX = frozenset("0123456789ABCDEFabcdef")


class MetaSchema(NamedTuple):
    """The target of a reference to a dialect's own schema, which the engine knows by heart."""

    reference: str


Target = Schema | MetaSchema


class PatternAt(NamedTuple):
    """A regular expression and the schema it stands in."""

    schema: dict[str, Any]
    pointer: str
    keyword: str
    text: str


class Graph:
    """The graph of one private copy of a schema. Schemas are told apart by identity."""

    def __init__(self, root: dict[str, Any], dialect: Dialect, limits: SchemaLimits) -> None:
        """Raises :class:`SchemaError` for references that lead nowhere or outside, names given
        twice, dialects mixed in one document, and more than the limits allow."""
        self.root = root
        self.dialect = dialect
        self.schemas: list[dict[str, Any]] = []
        self.pointers: dict[int, str] = {}
        self.targets: dict[int, list[Target]] = {}
        """For each schema with references: every schema that one of them may lead to."""
        self.links: dict[tuple[int, str], list[Target]] = {}
        """The same by keyword. More than one target: it depends on the way taken to it."""
        self.patterns: list[PatternAt] = []
        self._limits = limits
        self._count = 0
        self._bases: dict[int, str] = {}
        self._resources: dict[str, tuple[dict[str, Any], str]] = {}
        self._anchors: dict[tuple[str, str], dict[str, Any]] = {}
        self._dynamic: dict[str, list[dict[str, Any]]] = {}
        self._references: list[tuple[dict[str, Any], str, str]] = []
        self._resources[_NO_BASE] = (root, "")
        self._walk(root, "", _NO_BASE)
        self._resolve_all()

    def pointer(self, schema: dict[str, Any]) -> str:
        """The JSON pointer of a schema of this graph."""
        return self.pointers.get(id(schema), "")

    # --- walking ---

    def _walk(self, start: dict[str, Any], pointer: str, base: str) -> None:
        stack: list[tuple[Schema, str, str]] = [(start, pointer, base)]
        while stack:
            schema, pointer, base = stack.pop()
            self._count += 1
            if self._count > self._limits.subschemas:
                raise SchemaError(
                    f"the schema has more than {self._limits.subschemas} subschemas", pointer
                )
            if isinstance(schema, bool) or id(schema) in self.pointers:
                continue
            base = self._enter(schema, pointer, base)
            for place in subschemas(schema, self.dialect):
                below = f"{pointer}/{escape(place.keyword)}"
                if place.token is not None:
                    below = f"{below}/{escape(place.token)}"
                stack.append((place.schema, below, base))

    def _enter(self, schema: dict[str, Any], pointer: str, base: str) -> str:
        self.schemas.append(schema)
        self.pointers[id(schema)] = pointer
        base = self._identify(schema, pointer, base)
        self._bases[id(schema)] = base
        if "$schema" in schema and schema is not self.root:
            self._nested_dialect(schema, pointer)
        for keyword in REFERENCES:
            reference = schema.get(keyword)
            if isinstance(reference, str):
                self._references.append((schema, keyword, reference))
        values = schema.get("enum")
        if is_array(values) and len(values) > self._limits.enum_values:
            raise SchemaError(
                f"an enum has {len(values)} values; at most {self._limits.enum_values} are allowed",
                f"{pointer}/enum",
            )
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            self.patterns.append(PatternAt(schema, f"{pointer}/pattern", "pattern", pattern))
        keyed = schema.get("patternProperties")
        if is_object(keyed):
            self.patterns.extend(
                PatternAt(schema, f"{pointer}/patternProperties/{escape(key)}", "", key)
                for key in keyed
            )
        return base

    def _identify(self, schema: dict[str, Any], pointer: str, base: str) -> str:
        """Take note of the names a schema gives itself; the base URI inside it."""
        year = self.dialect.year
        identifier = schema.get(self.dialect.id_keyword)
        if isinstance(identifier, str) and not (year <= 7 and "$ref" in schema):
            uri, mark, fragment = identifier.partition("#")
            if uri:
                base = _normalised(resolve(base, uri))
                self._name_resource(base, schema, pointer)
            if mark and fragment and year <= 7:
                self._name_anchor(base, fragment, schema, pointer)
        if year >= 19:
            for keyword in ("$anchor", "$dynamicAnchor"):
                anchor = schema.get(keyword)
                if isinstance(anchor, str):
                    self._name_anchor(base, anchor, schema, pointer)
            dynamic = schema.get("$dynamicAnchor")
            if isinstance(dynamic, str):
                self._dynamic.setdefault(dynamic, []).append(schema)
            elif year == DRAFT_2019_09.year and schema.get("$recursiveAnchor") is True:
                self._dynamic.setdefault("", []).append(schema)
        return base

    def _name_resource(self, base: str, schema: dict[str, Any], pointer: str) -> None:
        known = self._resources.setdefault(base, (schema, pointer))
        if known[0] is not schema:
            raise SchemaError(
                f"two parts of the schema have the same {self.dialect.id_keyword}", pointer
            )
        if find(base) is not None:
            raise SchemaError(
                f"the {self.dialect.id_keyword} of a JSON Schema dialect is taken", pointer
            )

    def _name_anchor(self, base: str, anchor: str, schema: dict[str, Any], pointer: str) -> None:
        known = self._anchors.setdefault((base, anchor), schema)
        if known is not schema:
            raise SchemaError("two parts of the schema have the same anchor", pointer)

    def _nested_dialect(self, schema: dict[str, Any], pointer: str) -> None:
        """``$schema`` inside a document: it means something only beside an ``$id``."""
        dialect = named(schema["$schema"], pointer)
        if dialect is not self.dialect and self.dialect.id_keyword in schema:
            raise SchemaError(
                f"this part is in the dialect {dialect.name} and the schema around it in "
                f"{self.dialect.name}; one schema must keep to one dialect",
                f"{pointer}/$schema",
            )
        del schema["$schema"]

    # --- references ---

    def _resolve_all(self) -> None:
        done = 0
        while done < len(self._references):  # a target may bring further references
            schema, keyword, reference = self._references[done]
            done += 1
            if not self._has_keyword(keyword):
                continue
            first = self._target(schema, keyword, reference)
            targets = self.links[id(schema), keyword] = [first]
            if keyword == "$dynamicRef":
                anchor = reference.rpartition("#")[2]
                if isinstance(first, dict) and first.get("$dynamicAnchor") == anchor:
                    targets.extend(s for s in self._dynamic.get(anchor, ()) if s is not first)
            elif (
                keyword == "$recursiveRef"
                and isinstance(first, dict)
                and first.get("$recursiveAnchor") is True
            ):
                targets.extend(s for s in self._dynamic.get("", ()) if s is not first)
            self.targets.setdefault(id(schema), []).extend(targets)

    def _has_keyword(self, keyword: str) -> bool:
        if keyword == "$dynamicRef":
            return self.dialect.year >= 20
        return keyword == "$ref" or self.dialect.year == 19

    def _target(self, schema: dict[str, Any], keyword: str, reference: str) -> Target:
        where = f"{self.pointer(schema)}/{keyword}"
        absolute = resolve(self._bases[id(schema)], reference)
        uri, _, fragment = absolute.partition("#")
        resource = self._resources.get(_normalised(uri))
        if resource is None:
            if find(uri) is self.dialect:
                return MetaSchema(absolute)
            raise SchemaError(_outside(keyword, reference, uri), where)
        root, root_pointer = resource
        if not fragment:
            return root
        if not fragment.startswith("/"):
            anchored = self._anchors.get((_normalised(uri), fragment))
            if anchored is None:
                raise SchemaError(
                    f"the {keyword} {_shown(reference)} names an anchor that does not exist",
                    where,
                )
            return anchored
        return self._follow(
            root, root_pointer, fragment, uri, f"{keyword} {_shown(reference)}", where
        )

    def _follow(
        self, root: dict[str, Any], pointer: str, fragment: str, base: str, name: str, where: str
    ) -> Schema:
        followed = tokens(fragment)
        if followed is None:
            raise SchemaError(f"the {name} is not percent-encoded correctly", where)
        value: Any = root
        for token in followed:
            pointer += f"/{escape(token)}"
            value = step(value, token)
            if value is MISSING:
                raise SchemaError(
                    f"the {name} leads to {shown_pointer(pointer)}, where the schema has nothing",
                    where,
                )
            if is_object(value):
                base = self._bases.get(id(value), base)
        if is_object(value):
            if id(value) not in self.pointers:  # a place that holds schemas only by this reference
                self._walk(value, pointer, base)
            return value
        if isinstance(value, bool):
            return value
        raise SchemaError(f"the {name} leads to something that is no schema", where)


def _outside(keyword: str, reference: str, uri: str) -> str:
    scheme = split(uri).scheme
    shown = _shown(reference)
    if _shown(uri) != shown and not uri.startswith(_NO_BASE):
        shown = f"{shown} (that is {_shown(uri)})"
    kind = "a network address" if scheme in {"http", "https", "ftp"} else "another document"
    return (
        f"the {keyword} {shown} leads to {kind}; references outside the schema are never "
        "fetched: put the definition under $defs and refer to it as '#/$defs/NAME'"
    )


def _shown(text: str) -> str:
    cut = text if len(text) <= 100 else f"{text[:99]}…"
    return f"'{cut}'" if cut.isprintable() else "(unprintable)"


def _normalised(uri: str) -> str:
    """One form for the URIs that the engine takes for the same (RFC 3986 section 6.2.2, 6.2.3)."""
    head, *pieces = uri.split("%")
    text = head
    for piece in pieces:
        if len(piece) >= 2 and _HEX.issuperset(piece[:2]):
            character = chr(int(piece[:2], 16))
            text += character if character in UNRESERVED else f"%{piece[:2].upper()}"
            text += piece[2:]
        else:
            text += f"%{piece}"
    parts = split(resolve(_NO_BASE, text))
    scheme, authority, path = (parts.scheme or "").lower(), parts.authority, parts.path
    if authority is not None:
        port = {"http": ":80", "https": ":443"}.get(scheme, ":")
        authority = authority.lower().removesuffix(port).removesuffix(":")
        path = path or "/"
    return str(parts._replace(scheme=scheme, authority=authority, path=path))
