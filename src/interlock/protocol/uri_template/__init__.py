"""URI templates (RFC 6570, all four levels): parsed once, expanded and matched many times."""

from .parse import UriTemplateError
from .template import TemplateValue, UriTemplate

__all__ = ["TemplateValue", "UriTemplate", "UriTemplateError"]
