"""The tests of Interlock; `tests.support` holds what they share."""
