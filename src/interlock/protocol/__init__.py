"""The protocol, pure: types, codec, revisions, registry, errors, templates, schemas. No I/O."""
