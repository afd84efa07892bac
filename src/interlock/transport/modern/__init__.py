"""The modern era: stateless requests that carry all about themselves in ``_meta``."""
