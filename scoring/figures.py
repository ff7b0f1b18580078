"""Exact figures as text: rounding for the eye, and the mark for what rounding could hide."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

PLACES_IN_FINDINGS = 6
PLACES_OF_VALUES = 2
PLACES_OF_COEFFICIENTS = 3
PLACES_OF_PERCENT = 1

_SCALES = tuple(10**places for places in range(13))


def shown(value: Fraction | int, places: int = PLACES_IN_FINDINGS) -> str:
    """Return an exact figure as a decimal string, rounded half away from zero, trailing zeros dropped.

    Parameters
    ----------
    value : Fraction or int
        The exact figure.
    places : int
        Decimal places kept at most, 0 to 12.

    Returns
    -------
    str
        Such as ``"4.2"``; never ``"-0"``.

    Examples
    --------
    >>> shown(Fraction(1, 3)), shown(Fraction(-5, 2), 0), shown(Fraction(425, 100))
    ('0.333333', '-3', '4.25')
    """
    return shown_ratio(value.numerator, value.denominator, places)


def shown_ratio(numerator: int, denominator: int, places: int = PLACES_IN_FINDINGS) -> str:
    """Return ``numerator / denominator`` as :func:`shown` would, without building the fraction.

    The denominator must be positive.

    >>> shown_ratio(2, 3, 2), shown_ratio(-1, 10**9)
    ('0.67', '0')
    """
    scale = _SCALES[places]
    negative = numerator < 0
    scaled = (2 * scale * (-numerator if negative else numerator) + denominator) // (2 * denominator)
    whole, rest = divmod(scaled, scale)
    # The leading 1 of scale + rest keeps the zeros after the point.
    text = f"{whole}.{str(scale + rest)[1:].rstrip('0')}" if rest else str(whole)
    return f"-{text}" if negative and scaled else text


def shown_against(numerator: int, denominator: int, limit_millionths: int) -> tuple[str, str, str]:
    """Return a figure, its distance from a limit, and the figure to two places: one long division instead of three.

    Parameters
    ----------
    numerator, denominator : int
        The figure, ≥ 0.
    limit_millionths : int
        The limit in millionths, a whole number of them.

    Returns
    -------
    tuple of str
        ``shown(figure)``, ``shown(figure − limit)``, ``shown(figure, 2)``.

    Examples
    --------
    >>> shown_against(25, 6, 4_200_000), shown_against(21, 5, 4_200_000)
    (('4.166667', '-0.033333', '4.17'), ('4.2', '0', '4.2'))
    """
    # Half millionths, rounded down; every place at which rounding to six or to two decimals changes is a whole one.
    halves, rest = divmod(2_000_000 * numerator, denominator)
    above = halves - 2 * limit_millionths
    if above >= 0:
        margin = _decimal(above + 1 >> 1, 1_000_000)
    else:
        short = 1 - above - bool(rest) >> 1
        margin = f"-{_decimal(short, 1_000_000)}" if short else "0"
    return _decimal(halves + 1 >> 1, 1_000_000), margin, _decimal(((halves >> 1) + 5_000) // 10_000, 100)


def _decimal(units: int, scale: int) -> str:
    whole, rest = divmod(units, scale)
    return f"{whole}.{str(scale + rest)[1:].rstrip('0')}" if rest else str(whole)


def shown_root(square: Fraction, places: int = PLACES_IN_FINDINGS) -> str:
    """Return the square root of an exact non-negative figure as text, correctly rounded (half up).

    Integer roots only, so the last digit is right however long the fraction is.

    >>> shown_root(Fraction(2)), shown_root(Fraction(1, 4)), shown_root(Fraction(0))
    ('1.414214', '0.5', '0')
    """
    doubled = isqrt(4 * square.numerator * 10 ** (2 * places) // square.denominator)
    return shown(Fraction((doubled + 1) // 2, 10**places), places)


def is_borderline(actual: Fraction, limit: Fraction, places: int) -> bool:
    """Say whether rounding to the displayed places could hide on which side of its limit a figure lies.

    True where the figure differs from the limit by no more than half a unit of the last displayed place. A
    figure exactly on its limit is shown exactly, so nothing is hidden and the mark is not set.

    Source: method §1 (decided on unrounded figures, rounding only for display, doubtful cases marked).

    >>> limit = Fraction(42, 10)
    >>> is_borderline(Fraction(4196, 1000), limit, 2), is_borderline(limit, limit, 2)
    (True, False)
    >>> is_borderline(Fraction(4194, 1000), limit, 2)
    False
    """
    return actual != limit and abs(actual - limit) * 2 * 10**places <= 1
