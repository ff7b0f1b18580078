"""The thresholds of the flags come from the rule set's file, and every one of them must be there and sensible."""

from __future__ import annotations

import re
from dataclasses import fields
from fractions import Fraction

import pytest

from scoring.errors import RuleSetError
from scoring.flag_parameters import FlagParameters
from scoring.ruleset import SHIPPED_RULE_SETS, load_rule_set, parse_rule_set, rule_set_bytes

SHIPPED = rule_set_bytes("national-2017").decode()
NAMES = tuple(field.name for field in fields(FlagParameters))


def line_of(name: str) -> str:
    """Return the line of the shipped rule set that gives a threshold."""
    section = SHIPPED.split("[parameters.flags]\n")[1].split("\n[")[0]
    found = re.search(rf"^{name} = .*$", section, re.MULTILINE)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("rule_set", SHIPPED_RULE_SETS)
def test_the_shipped_thresholds_are_those_that_were_measured(rule_set: str) -> None:
    assert load_rule_set(rule_set).parameters.flags == FlagParameters(
        seconds_per_item=Fraction(1),
        characters_per_second=Fraction(15),
        smallest_seconds=Fraction(5),
        hurried_factor=Fraction(6, 5),
        device_uses=3,
        population_share=Fraction(1),
        repeat_prior=Fraction(1, 5),
        repeat_prior_weight=10,
        repeat_ceiling=Fraction(3, 5),
        repeat_factor=Fraction(2),
        bucket_seconds=300,
        burst_factor=Fraction(3),
        deviations=4,
        smallest_excess=4,
        review_share=Fraction(1, 10),
        review_minimum=3,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("instead", ["", "{} = -1", "{} = 1000000", "{} = true", '{} = "many"'])
def test_a_threshold_missing_or_impossible_is_named(name: str, instead: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        parse_rule_set(SHIPPED.replace(line_of(name), instead.format(name)).encode())
    assert [defect.column for defect in refused.value.defects] == [f"parameters.flags.{name}"]


def test_a_misspelt_threshold_is_not_passed_over() -> None:
    with pytest.raises(RuleSetError) as refused:
        parse_rule_set(SHIPPED.replace("device_uses = 3", "device_uses = 3\ndevice_use = 9").encode())
    assert [defect.column for defect in refused.value.defects] == ["parameters.flags.device_use"]
