"""What a Python type is in JSON: one class per kind of type.

A node knows four things about its type: its JSON Schema, the msgspec type that decodes it
exactly (if there is one), how to read a plain JSON value into it with *every* problem
reported, and which kinds of JSON value it can stand for.
"""
