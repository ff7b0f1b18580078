"""The standards of a stage: a rule set that lacks one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scoring.resource_rule import standards_of
from scoring.ruleset import Stage
from tests.scoring.builders import RULES


def test_a_rule_set_that_lacks_a_standard_or_an_indicator_decides_nothing() -> None:
    first, *rest = RULES.indicators
    assert first.code == "1.1"
    with pytest.raises(ValueError, match=r"1\.1 has no thresholds"):
        standards_of(replace(RULES, indicators=(replace(first, thresholds=None), *rest)), Stage.PRIMARY)
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is longer"):
        standards_of(replace(RULES, indicators=tuple(rest)), Stage.PRIMARY)
