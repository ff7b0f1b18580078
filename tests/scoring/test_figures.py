"""Figures as text: rounded once, from the exact figure, the way a reader would."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoring.figures import is_borderline, shown, shown_against, shown_ratio, shown_root


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("1/3", 6, "0.333333"),
        ("2/3", 6, "0.666667"),
        ("17/20", 6, "0.85"),
        ("5/2", 0, "3"),
        ("-5/2", 0, "-3"),
        ("1/2000000", 6, "0.000001"),
        ("-1/2000001", 6, "0"),
        ("1000000", 6, "1000000"),
        ("9999999/10000000", 6, "1"),
        ("1001/1000", 6, "1.001"),
        ("0", 2, "0"),
    ],
)
def test_rounding_is_half_away_from_zero_and_drops_zeros(value: str, places: int, text: str) -> None:
    assert shown(Fraction(value), places) == text


@given(st.fractions(-(10**6), 10**6), st.integers(0, 9))
def test_agrees_with_decimal(value: Fraction, places: int) -> None:
    with localcontext() as context:
        context.prec = 200
        # 200 digits hold any half exactly that a fraction below can be; hypothesis keeps denominators small.
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    assert Decimal(shown(value, places)) == rounded
    assert shown(value, places) == shown_ratio(7 * value.numerator, 7 * value.denominator, places)


@given(st.fractions(0, 10**6), st.integers(0, 9))
def test_roots_are_correctly_rounded(square: Fraction, places: int) -> None:
    root, half = Fraction(shown_root(square, places)), Fraction(1, 2 * 10**places)
    assert max(Fraction(0), root - half) ** 2 <= square < (root + half) ** 2


@pytest.mark.parametrize(
    ("actual", "limit", "places", "marked"),
    [
        ("84.95", "85", 1, True),
        ("84.949", "85", 1, False),
        ("85", "85", 1, False),
        ("85.05", "85", 1, True),
        ("85.051", "85", 1, False),
        ("0.4995", "0.5", 3, True),
        ("0.49949", "0.5", 3, False),
    ],
)
def test_borderline_is_half_a_unit_of_the_last_place_on_both_sides(
    actual: str, limit: str, places: int, marked: bool
) -> None:
    assert is_borderline(Fraction(actual), Fraction(limit), places) is marked


@given(st.integers(0, 10**12), st.integers(1, 10**7), st.integers(0, 10**10))
@example(5, 1000, 0)  # 0.005: half a place up
@example(1, 2_000_000, 1)  # half a millionth from a limit of one: −0.0000005, away from zero
@example(3, 2_000_000, 1)  # and as much above it
@example(1, 3_000_000, 1)
def test_one_division_shows_what_three_do(numerator: int, denominator: int, limit: int) -> None:
    value = Fraction(numerator, denominator)
    expected = (shown(value), shown(value - Fraction(limit, 10**6)), shown(value, 2))
    assert shown_against(numerator, denominator, limit) == expected
