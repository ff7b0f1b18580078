"""Figures for the eye, with as many places as the national forms print, so that columns line up."""

from __future__ import annotations

from fractions import Fraction

from scoring.figures import shown


def fixed(value: Fraction | str, places: int) -> str:
    """Write a figure rounded half away from zero, with all its places."""
    text = shown(Fraction(value), places)
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<{places}}" if places else whole


def signed(value: Fraction | str, places: int) -> str:
    """Write a figure with its sign, as a margin is read."""
    exact = Fraction(value)
    sign = "+" if exact > 0 else "−" if exact < 0 else ""
    return sign + fixed(abs(exact), places)


def percent(share: Fraction | str, places: int) -> str:
    """Write a share in per cent."""
    return f"{fixed(Fraction(share) * 100, places)}%"
