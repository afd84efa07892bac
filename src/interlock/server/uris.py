"""URIs of resources as they are defined: fixed ones, and templates with their parameters."""

from interlock.protocol.errors import DefinitionError
from interlock.protocol.uri import UriError, validate_uri
from interlock.protocol.uri_template import UriTemplate, UriTemplateError
from interlock.server.functions.compile import Function


def check_is_text(uri: object) -> None:
    """Refuse a decorator without its URI. Raises :class:`DefinitionError`."""
    if callable(uri):
        raise DefinitionError(
            'a resource needs its URI before its function: write @server.resource("scheme:path")'
        )
    if not isinstance(uri, str):
        raise DefinitionError(f"a URI is text, not {type(uri).__name__}")


def read_uri(text: str) -> UriTemplate | None:
    """A template, or ``None`` for a fixed URI. Raises :class:`DefinitionError`."""
    if "{" in text or "}" in text:
        try:
            template = UriTemplate(text)
            template.require_matchable()
        except UriTemplateError as error:
            raise DefinitionError(f"the URI template {text[:120]!r}: {error}") from error
        return template
    try:
        validate_uri(text)
    except UriError as error:
        raise DefinitionError(f"the URI {text[:120]!r}: {error}") from error
    return None


def check_variables(function: Function, uri: str, template: UriTemplate | None) -> None:
    """Refuse a function whose parameters are not the template's variables."""
    variables: set[str] = set() if template is None else set(template.variables)
    names = {parameter.name for parameter in function.parameters}
    for name in sorted(variables - names):
        raise DefinitionError(
            f"{function.name}: the template {uri!r} has {{{name}}}, but there is no such parameter"
        )
    for parameter in function.parameters:
        if parameter.required and parameter.name not in variables:
            where = "has no such variable" if template is not None else "is fixed"
            raise DefinitionError(
                f"{function.name}: parameter {parameter.name!r} needs a value, but {uri!r} {where}."
                " Put {" + parameter.name + "} into the URI or give it a default"
            )
