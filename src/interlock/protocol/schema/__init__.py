"""JSON Schema: other people's schemas, compiled offline and held to bounds.

::

    compiled = compile_schema({"type": "object", "properties": {"days": {"type": "integer"}}})
    compiled.is_valid({"days": 3})
    compiled.violations({"days": "3"})   # [Violation(path="$.days", keyword="type", ...)]

Supported dialects: 2020-12 (the default), 2019-09, draft-07, draft-06, draft-04. The validation
engine is jsonschema-rs, loaded with the first schema.
"""

from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bounds import Schema, SchemaError, SchemaLimits
    from .dialects import DIALECTS, Dialect
    from .headers import HeaderParameter, header_parameters
    from .similar import nearest
    from .validate import CompiledSchema, check_published, compile_schema
    from .violation import Violation

__all__ = [
    "DIALECTS",
    "CompiledSchema",
    "Dialect",
    "HeaderParameter",
    "Schema",
    "SchemaError",
    "SchemaLimits",
    "Violation",
    "check_published",
    "compile_schema",
    "header_parameters",
    "nearest",
]

if not TYPE_CHECKING:
    _HOMES = {
        "DIALECTS": "dialects",
        "CompiledSchema": "validate",
        "Dialect": "dialects",
        "HeaderParameter": "headers",
        "Schema": "bounds",
        "SchemaError": "bounds",
        "SchemaLimits": "bounds",
        "Violation": "violation",
        "check_published": "validate",
        "compile_schema": "validate",
        "header_parameters": "headers",
        "nearest": "similar",
    }

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value
