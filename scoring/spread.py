"""How unevenly a resource is spread over schools: the square of the difference coefficient, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from scoring.ruleset import CvWeighting

Ratio = tuple[int, int]
"""Numerator and positive denominator, not reduced: reducing thousands of digits costs more than all else."""

Part = tuple[int, int, int]
"""Numerator and denominator of X_i, and P_i."""

_BITS = 128


def squared_coefficient(
    resources: Sequence[int | Fraction], pupils: Sequence[int], weighting: CvWeighting = CvWeighting.PUPILS
) -> Fraction | None:
    """Return the square of the difference coefficient of one indicator in one stage, exactly.

    With x_i = X_i/P_i. By pupils: m = ΣX_i/ΣP_i, S² = Σ(P_i/ΣP)(x_i − m)². Unweighted: m = Σx_i/n,
    S² = Σ(x_i − m)²/n. CV = S/m. Factors such as "per 100 pupils" cancel.

    Parameters
    ----------
    resources : sequence of int or Fraction, shape (n,)
        X_i ≥ 0.
    pupils : sequence of int, shape (n,)
        P_i > 0.
    weighting : CvWeighting
        Which form.

    Returns
    -------
    Fraction or None
        CV² ≥ 0; 0 for a single row; ``None`` where ΣX = 0, for which no coefficient exists.

    Raises
    ------
    ValueError
        If there is no row, the lengths differ, or a P_i is not positive.

    Notes
    -----
    Source: explanatory notes on 县域义务教育校际均衡差异系数 (2012), pupil-weighted population form; the
    unweighted form is what some vendors' systems compute and informs only.

    Examples
    --------
    Two schools of 100 pupils with 1 and 3 teachers: m = 2/100, S = 1/100, CV = 1/2.

    >>> squared_coefficient([1, 3], [100, 100])
    Fraction(1, 4)
    """
    if not pupils or len(pupils) != len(resources) or min(pupils) <= 0:
        raise ValueError("one positive number of pupils is needed for each resource")
    parts = [(x.numerator, x.denominator, p) for x, p in zip(resources, pupils, strict=True)]
    ratio = squared_ratio(parts, weighting)
    return None if ratio is None else Fraction(*ratio)


def squared_ratio(parts: Sequence[Part], weighting: CvWeighting) -> Ratio | None:
    """Return CV² as :func:`squared_coefficient` does, unreduced and without checking the input."""
    # Σw(x−m)² = Σwx² − m²: so CV² = ΣP·Σ(X²/P)/(ΣX)² − 1 by pupils, and n·Σx²/(Σx)² − 1 unweighted.
    if weighting is CvWeighting.PUPILS:
        scale = sum([p for _, _, p in parts])
        squares = total_ratio([(n * n, d * d * p) for n, d, p in parts])
        plain = total_ratio([(n, d) for n, d, _ in parts])
    else:
        scale = len(parts)
        squares = total_ratio([(n * n, d * d * p * p) for n, d, p in parts])
        plain = total_ratio([(n, d * p) for n, d, p in parts])
    if plain[0] == 0:
        return None
    low = squares[1] * plain[0] * plain[0]
    return scale * squares[0] * plain[1] * plain[1] - low, low


def squared_bounds(parts: Sequence[Part]) -> Mapping[CvWeighting, tuple[Ratio, Ratio]] | None:
    """Return how small and how large CV² can be in either form, a hair's breadth apart.

    Where both bounds lie on one side of whatever is asked, so does CV², and the exact sums of hundreds of fractions
    need not be worked out. Each X_i is taken at q/2^128 ≤ X_i < (q+1)/2^128, and each x_i = X_i/P_i at
    u/2^128 ≤ x_i < (u+2)/2^128 with u = ⌊q/P_i⌋; what that leaves open is added to the upper bound of every sum.

    Parameters
    ----------
    parts : sequence of Part
        At least one, with P_i > 0, and X_i/P_i either 0 or at least 2^-100.

    Returns
    -------
    mapping or None
        Lowest and highest CV² ≥ 0 by weighting; ``None`` where ΣX = 0.

    Examples
    --------
    >>> low, high = squared_bounds([(1, 3, 100), (3, 3, 100)])[CvWeighting.PUPILS]
    >>> Fraction(*low) <= Fraction(1, 4) <= Fraction(*high), Fraction(*high) - Fraction(*low) < Fraction(1, 10**36)
    (True, True)
    """
    n = len(parts)
    resources = [(numerator << _BITS) // denominator for numerator, denominator, _ in parts]
    own = [q // p for q, (_, _, p) in zip(resources, parts, strict=True)]
    plain, plain_own = sum(resources), sum(own)
    if not any(numerator for numerator, _, _ in parts):
        return None
    squares = sum([q * q // p for q, (_, _, p) in zip(resources, parts, strict=True)])
    squares_own = sum([u * u for u in own])
    pupils = sum([p for _, _, p in parts])
    # (q+1)²/P < ⌊q²/P⌋ + 1 + 2(u+1) + 1 and (u+2)² = u² + 4u + 4.
    return {
        CvWeighting.PUPILS: _between(pupils, squares, 2 * plain_own + 4 * n, plain, n),
        CvWeighting.UNWEIGHTED: _between(n, squares_own, 4 * plain_own + 4 * n, plain_own, 2 * n),
    }


def _between(scale: int, squares: int, more_squares: int, plain: int, more_plain: int) -> tuple[Ratio, Ratio]:
    """Return scale · squares / plain² − 1 at its lowest and its highest."""
    wide, narrow = (plain + more_plain) ** 2, plain**2
    return (max(0, scale * squares - wide), wide), (scale * (squares + more_squares) - narrow, narrow)


def total_ratio(terms: list[Ratio]) -> Ratio:
    """Add up ratios: equal denominators first, then neighbours in pairs, so that factors stay small."""
    by_denominator: dict[int, int] = {}
    for numerator, denominator in terms:
        by_denominator[denominator] = by_denominator.get(denominator, 0) + numerator
    level = [(numerator, denominator) for denominator, numerator in by_denominator.items()]
    while len(level) > 1:
        pairs = [(n1 * d2 + n2 * d1, d1 * d2) for (n1, d1), (n2, d2) in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]
