"""The legacy era: sessions opened by ``initialize``, in every revision before 2026-07-28."""
