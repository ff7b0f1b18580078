"""The marks against the steps of Parker et al. (Vital Health Stat 2(175), 2017), each threshold from both sides."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scoring.linearisation import cell_counts
from scoring.proportion import Interval, NoBase, NotEstimable, WhyNot, pooled_share
from scoring.reliability import Mark, reliability
from scoring.ruleset import SHIPPED_RULE_SETS, ReliabilityLimits, load_rule_set

NCHS = ReliabilityLimits(
    smallest_sample=30, narrow=Fraction(5, 100), wide=Fraction(30, 100), relative_width=Fraction(130, 100), fewest_df=8
)


def figure(
    share: float = 0.5, low: float = 0.45, high: float = 0.55, n_eff: float = 100.0, df: int = 20, full: bool = False
) -> Interval:
    """Return an interval of which only what the standard looks at matters."""
    return Interval(share, 0.01, low, high, 0.95, 400, n_eff, df, df + 1, 1.0, full)


@pytest.mark.parametrize(
    ("estimate", "mark", "reasons"),
    [
        pytest.param(figure(), Mark.PRESENT, [], id="nothing against it"),
        pytest.param(figure(n_eff=30.0), Mark.PRESENT, [], id="30 effective answers are enough"),
        pytest.param(figure(n_eff=29.9), Mark.SUPPRESS, ["effective_sample_size"], id="29.9 are not"),
        pytest.param(figure(0.5, 0.49, 0.51, 29.9), Mark.SUPPRESS, ["effective_sample_size"], id="however narrow"),
        pytest.param(figure(low=0.25, high=0.5498), Mark.PRESENT, [], id="just below 0.30 wide"),
        pytest.param(figure(low=0.25, high=0.55), Mark.SUPPRESS, ["width"], id="0.30 wide"),
        # 0.02 with 0.046…0.094 wide: 0.048/0.02 = 240 %, but narrow intervals pass; 0.051/0.02 = 255 % does not.
        pytest.param(figure(share=0.02, low=0.005, high=0.053), Mark.PRESENT, [], id="narrow beats relative width"),
        pytest.param(figure(share=0.02, low=0.005, high=0.056), Mark.SUPPRESS, ["relative_width"], id="relative width"),
        # 0.129/0.10 = 129 % passes, 0.131/0.10 = 131 % does not.
        pytest.param(figure(share=0.1, low=0.05, high=0.179), Mark.PRESENT, [], id="129 % of the share"),
        pytest.param(figure(share=0.1, low=0.05, high=0.181), Mark.SUPPRESS, ["relative_width"], id="131 % of it"),
        pytest.param(figure(df=8), Mark.PRESENT, [], id="8 degrees of freedom"),
        pytest.param(figure(df=7), Mark.REVIEW, ["few_degrees_of_freedom"], id="7 degrees of freedom"),
        pytest.param(figure(share=1.0, low=0.97, high=1.0), Mark.REVIEW, ["all_alike"], id="100 %"),
        pytest.param(figure(share=0.0, low=0.0, high=0.06), Mark.REVIEW, ["all_alike"], id="0 %"),
        pytest.param(
            figure(share=0.0, low=0.0, high=0.06, df=2), Mark.REVIEW, ["few_degrees_of_freedom", "all_alike"], id="both"
        ),
        pytest.param(figure(n_eff=12, low=0.5, high=0.5, df=0, full=True), Mark.PRESENT, [], id="a full count of few"),
        pytest.param(NoBase(), Mark.SUPPRESS, ["no_base"], id="nobody answered"),
        pytest.param(NotEstimable(0.9, 30, 1, WhyNot.LONE_PSU), Mark.REVIEW, ["not_estimable"], id="lone school"),
        pytest.param(
            NotEstimable(0.9, 29, 1, WhyNot.LONE_PSU), Mark.SUPPRESS, ["effective_sample_size"], id="lone and few"
        ),
    ],
)
def test_mark(estimate: Interval | NotEstimable | NoBase, mark: Mark, reasons: list[str]) -> None:
    found = reliability(estimate, NCHS)
    assert found.mark is mark
    assert [reason.code for reason in found.reasons] == reasons
    assert all(reason.zh.endswith("。") and reason.en.endswith(".") for reason in found.reasons)


def test_a_printable_share_whose_complement_is_not_reliable_says_so() -> None:
    # 1 − 0.95: 0.07/0.05 = 140 % of the complement, 7 % of the share.
    assert reliability(figure(share=0.95, low=0.90, high=0.97), NCHS).complement_unreliable
    assert not reliability(figure(share=0.95, low=0.92, high=0.965), NCHS).complement_unreliable


def test_thresholds_are_parameters() -> None:
    strict = ReliabilityLimits(200, Fraction(1, 100), Fraction(5, 100), Fraction(1, 100), 100)
    assert reliability(figure(n_eff=199), strict).reasons[0].code == "effective_sample_size"
    assert reliability(figure(n_eff=200, low=0.47, high=0.53), strict).reasons[0].code == "width"
    assert reliability(figure(n_eff=200, low=0.49, high=0.51), strict).reasons[0].code == "relative_width"


def test_a_clustered_survey_is_judged_by_its_effective_size() -> None:
    # Schools at 100, 0 and 50 %: scores 1/6, −1/6, 0; V = 3/2 · 2/36 = 1/12; n_eff = 0.25 · 12 = 3 of 150.
    found = pooled_share(cell_counts([[50], [50], [50]], [[50], [0], [25]]))
    assert isinstance(found, Interval)
    assert (found.n, found.n_eff) == (150, pytest.approx(3, rel=1e-12))
    assert reliability(found, NCHS).reasons[0].code == "effective_sample_size"


def test_names_are_in_chinese() -> None:
    assert [mark.zh for mark in Mark] == ["可发布", "须经复核再发布", "不宜发布"]


def test_the_shipped_rule_sets_carry_the_published_thresholds() -> None:
    for rule_set in SHIPPED_RULE_SETS:
        parameters = load_rule_set(rule_set).parameters
        assert parameters.reliability == NCHS
        assert parameters.interval_level == Fraction(95, 100)
