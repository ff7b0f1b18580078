"""Recognition: the share against 85 %, coverage, the flip test, alternatives, what is shown of groups and items."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.counts import Case
from scoring.findings import Combinator, Outcome
from scoring.questionnaire import GROUPS, Form, Group
from scoring.recognition import Recognition
from scoring.recognition_finding import recognition_document, recognition_finding
from scoring.responses import ResponseRecord
from scoring.ruleset import DontKnowRule, SatisfiedRule, load_rule_set
from tests.scoring.surveys import FORM_OF, PARAMETERS, overall, recognised, records

MET, NOT, OPEN = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED
RULES = load_rule_set("national-2017")


def codes(recognition: Recognition) -> list[str]:
    return [reason.code for reason in recognition.reasons]


@pytest.mark.parametrize(
    ("satisfied", "base", "outcome"),
    [
        pytest.param(8499, 10000, NOT, id="84.99 %"),
        pytest.param(8500, 10000, MET, id="85 %: equality counts"),
        pytest.param(8501, 10000, MET, id="85.01 %"),
        pytest.param(17, 20, MET, id="17 of 20 is 85 % exactly"),
        pytest.param(16, 19, NOT, id="84.2 %"),
        pytest.param(0, 5, NOT, id="nobody"),
        pytest.param(5, 5, MET, id="everybody"),
    ],
)
def test_the_share_against_its_limit(satisfied: int, base: int, outcome: Outcome) -> None:
    found = recognised(overall(satisfied, base - satisfied))
    assert found.outcome is outcome
    assert found.share == Fraction(satisfied, base)
    assert codes(found) == ["share"]


def test_groups_are_pooled_without_weights() -> None:
    # Parents 90 of 100, public 0 of 5: pooled 90/105 = 85.7 %; the mean of the two shares would be 45 %.
    found = recognised([*overall(90, 10), *overall(0, 5, Group.PUBLIC)])
    assert (found.share, found.outcome) == (Fraction(90, 105), MET)


def test_dont_know_is_valid_and_not_satisfied() -> None:
    # 85 satisfied, 10 not, 6 不了解: 85/101 is below, 85/95 above.
    rows = [*overall(85, 10), *records((Group.PARENT, 6, "520"))]
    found = recognised(rows)
    assert (found.share, found.outcome, found.dont_know) == (Fraction(85, 101), NOT, 6)
    other = recognised(rows, parameters=replace(PARAMETERS, dont_know_rule=DontKnowRule.LEAVES_BASE))
    assert (other.share, other.outcome) == (Fraction(85, 95), MET)
    assert other.valid == 101


def test_voided_questionnaires_do_not_count() -> None:
    found = recognised([*overall(17, 3), *records((Group.PARENT, 50, "111"), voided=True)])
    assert (found.share, found.valid, found.voided) == (Fraction(17, 20), 20, 50)


def test_every_alternative_with_the_outcome_it_would_give() -> None:
    # 80 satisfied ("525"), 10 基本满意 ("333"), 5 不了解 ("510"), 5 not ("242").
    rows = records(
        (Group.PARENT, 80, "525"), (Group.PARENT, 10, "333"), (Group.PARENT, 5, "510"), (Group.PARENT, 5, "242")
    )
    found = recognised(rows)
    shares = {a.code: (a.count.share, a.outcome, a.in_force) for a in found.alternatives}
    assert shares == {
        "overall_item+valid_not_satisfied": (Fraction(80, 100), NOT, True),
        "overall_item+leaves_base": (Fraction(80, 95), NOT, False),
        "basic_counts+valid_not_satisfied": (Fraction(90, 100), MET, False),
        "basic_counts+leaves_base": (Fraction(90, 95), MET, False),
        "mean_ge_4+valid_not_satisfied": (Fraction(80, 100), NOT, False),
        "mean_ge_4+leaves_base": (Fraction(80, 95), NOT, False),
    }
    assert found.outcome is NOT, "alternatives are shown, they decide nothing"


def test_every_alternative_by_group_where_the_published_classes_tell() -> None:
    # Each group: 60 satisfied, 20 基本满意, 20 不了解, 20 not (120 in all): every class reaches ten, so all is told.
    kinds = [(60, "525"), (20, "333"), (20, "510"), (20, "242")]
    rows = records(*((group, n, answers) for group in (Group.STUDENT, Group.PARENT) for n, answers in kinds))
    students = next(g for g in recognised(rows).groups if g.group is Group.STUDENT)
    shares = {a.code: a.count.share for a in students.alternatives}
    assert shares["overall_item+valid_not_satisfied"] == Fraction(60, 120) == students.count.share
    assert shares["overall_item+leaves_base"] == Fraction(60, 100)
    assert shares["basic_counts+valid_not_satisfied"] == Fraction(80, 120)
    assert shares["basic_counts+leaves_base"] == Fraction(80, 100)
    assert students.alternatives[0].outcome is NOT


def test_an_alternative_is_withheld_where_its_class_is() -> None:
    # 85 and 15 of one kind: 基本满意 and 不了解 (none) are merged with the rest, so only the rule in force is told.
    parents = next(g for g in recognised(overall(85, 15)).groups if g.group is Group.PARENT)
    told = {a.code: (a.count.share, a.outcome) for a in parents.alternatives}
    assert told["overall_item+valid_not_satisfied"] == (Fraction(85, 100), MET)
    assert told["basic_counts+leaves_base"] == (None, OPEN)


@pytest.mark.parametrize("rule", SatisfiedRule)
def test_the_rule_in_force_decides(rule: SatisfiedRule) -> None:
    found = recognised(
        records((Group.PARENT, 80, "525"), (Group.PARENT, 20, "323")),
        parameters=replace(PARAMETERS, satisfied_rule=rule),
    )
    # "323": (3 + 4 + 3)/3 = 3.33 is not satisfied by the mean; 基本满意 only counts under basic_counts.
    assert found.outcome is (MET if rule is SatisfiedRule.BASIC_COUNTS else NOT)


@pytest.mark.parametrize(
    ("satisfied", "not_satisfied", "flagged_satisfied", "flagged_not", "outcome", "fragile"),
    [
        # all; without; against; for
        pytest.param(90, 10, 0, 0, MET, False, id="nothing flagged"),
        pytest.param(86, 10, 4, 0, MET, False, id="90, 89.6, 86, 90 %: one side"),
        pytest.param(84, 10, 6, 0, OPEN, True, id="90, 89.4, 84, 90 %: stuffing could decide"),
        pytest.param(85, 10, 5, 0, MET, False, id="90, 89.5, 85, 90 %: exactly on the limit"),
        pytest.param(84, 11, 0, 5, OPEN, True, id="84, 88.4, 84, 89 %: sabotage could decide"),
        pytest.param(80, 16, 0, 4, NOT, False, id="80, 83.3, 80, 84 %: below whichever way"),
        pytest.param(0, 0, 10, 0, OPEN, True, id="all flagged: without them there is nothing"),
    ],
)
def test_flip(
    satisfied: int, not_satisfied: int, flagged_satisfied: int, flagged_not: int, outcome: Outcome, fragile: bool
) -> None:
    flagged = records((Group.PARENT, flagged_satisfied, "525"), (Group.PARENT, flagged_not, "242"), flags=("too_fast",))
    found = recognised([*overall(satisfied, not_satisfied), *flagged])
    assert (found.outcome, found.fragile) == (outcome, fragile)
    assert ("fragile" in codes(found)) is fragile


def test_the_four_cases_of_the_flip_test() -> None:
    flagged = records((Group.PARENT, 6, "525"), (Group.PARENT, 2, "242"), flags=("too_fast",))
    found = recognised([*overall(84, 8), *flagged])
    assert {f.case: f.count.share for f in found.flips} == {
        Case.ALL: Fraction(90, 100),
        Case.WITHOUT_FLAGGED: Fraction(84, 92),
        Case.FLAGGED_AGAINST: Fraction(84, 100),
        Case.FLAGGED_FOR: Fraction(92, 100),
    }


@pytest.mark.parametrize(("share_of_ten", "side"), [(10, "reaches"), (0, "is below")])
@pytest.mark.parametrize("missing", [0, 1])
def test_coverage_leaves_the_outcome_open_on_either_side(share_of_ten: int, side: str, missing: int) -> None:
    # 20 000 residents: 30 answers, 15 of parents, 15 for six groups: 3, 2, 3 → by largest remainder 3,3,3,2,2,2.
    wanted = dict(zip(GROUPS, (3, 15, 3, 3, 2, 2, 2), strict=True))
    rows = []
    for group, n in wanted.items():
        n_here = n - (missing if group is Group.DEPUTY else 0)
        rows += overall(n_here if share_of_ten else 0, 0 if share_of_ten else n_here, group)
    found = recognised(rows, residents=20_000)
    assert found.outcome is (OPEN if missing else (MET if share_of_ten else NOT))
    coverage = [reason for reason in found.reasons if reason.code == "coverage"]
    assert [r.en for r in coverage] == (
        ["1 valid responses of people's congress deputies, target 2: 1 missing."] if missing else []
    )
    assert side in found.reasons[-1].en


def test_voided_responses_do_not_cover() -> None:
    rows = [*overall(14, 0), *records((Group.PARENT, 5, "525"), voided=True)]
    found = recognised(rows, residents=20_000, populations=dict.fromkeys([g.value for g in GROUPS if g != "parent"], 0))
    # Nobody is registered in the other groups, so parents are asked for all 30 answers.
    assert found.groups[1].target == 30
    assert found.groups[1].shortfall == 16
    assert found.outcome is OPEN


def test_every_short_group_is_named() -> None:
    found = recognised(overall(100, 0), residents=500_000)
    named = [r.zh.split("有效")[0] for r in found.reasons if r.code == "coverage"]
    assert named == ["学生", "家长", "教师", "校长", "人大代表", "政协委员", "其他群众"]


def test_without_residents_nothing_is_decided() -> None:
    found = recognised(overall(100, 0), residents=None)
    assert (found.outcome, codes(found)) == (OPEN, ["residents_unknown", "share"])
    assert found.targets is None
    assert all(g.target is None and g.shortfall is None for g in found.groups)


def test_nobody_answered() -> None:
    found = recognised([])
    assert (found.share, found.outcome) == (None, OPEN)
    assert codes(found) == ["empty_base", "coverage"]
    assert found.index is None


def test_nobody_knew() -> None:
    leaves = replace(PARAMETERS, dont_know_rule=DontKnowRule.LEAVES_BASE)
    found = recognised(records((Group.PARENT, 5, "510")), parameters=leaves)
    assert (found.valid, found.share, found.outcome) == (5, None, OPEN)
    assert found.reasons[0].code == "empty_base"
    assert "5份" in found.reasons[0].zh


RECORDS = st.lists(
    st.builds(
        lambda group, code, flagged: ResponseRecord(
            "", group, "", FORM_OF[group], f"53{code}", ("f",) if flagged else ()
        ),
        st.sampled_from([Group.PARENT, Group.PUBLIC]),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


@given(RECORDS, st.sampled_from(SatisfiedRule), st.sampled_from(DontKnowRule), st.booleans())
def test_one_more_satisfied_questionnaire_never_lowers_a_share(
    rows: list[ResponseRecord], rule: SatisfiedRule, dont_know: DontKnowRule, flagged: bool
) -> None:
    parameters = replace(PARAMETERS, satisfied_rule=rule, dont_know_rule=dont_know)
    marks = ("f",) if flagged else ()
    more = [*rows, *records((Group.PARENT, 1, "525"), flags=marks)]
    before, after = recognised(rows, parameters=parameters), recognised(more, parameters=parameters)
    assert (before.share or 0) <= (after.share or 0)
    for old, new in zip(before.alternatives, after.alternatives, strict=True):
        assert (old.count.share or 0) <= (new.count.share or 0)


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(rows: list[ResponseRecord], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert recognised(rows) == recognised(shuffled)


@given(RECORDS)
def test_agrees_with_plain_counting(drawn: list[ResponseRecord]) -> None:
    rows = [*drawn, *overall(1, 0)]  # one parent, so that coverage is complete
    found = recognised(rows)
    satisfied = sum(r.answers[2] in "45" for r in rows)
    clean = [r for r in rows if not r.flags]
    clean_satisfied, flagged = sum(r.answers[2] in "45" for r in clean), len(rows) - len(clean)
    shares = {Fraction(satisfied, len(rows)), Fraction(clean_satisfied, len(rows))}
    shares.add(Fraction(clean_satisfied + flagged, len(rows)))
    sides = {share >= Fraction(85, 100) for share in shares}
    if clean:
        sides.add(Fraction(clean_satisfied, len(clean)) >= Fraction(85, 100))
    fragile = len(sides) > 1 or not clean
    assert found.fragile == fragile
    assert found.outcome is (OPEN if fragile else MET if sides == {True} else NOT)


def test_groups_show_what_is_published_of_them() -> None:
    rows = [
        *overall(85, 15),
        *overall(50, 20, Group.STUDENT),
        *overall(9, 0, Group.DEPUTY),
        *overall(5, 15, Group.CPPCC),
    ]
    groups = {g.group: g for g in recognised(rows).groups}
    # Deputies publish nothing (nine), CPPCC neither (five satisfied); together 14 and 15: they hide each other.
    assert groups[Group.PARENT].count.share == Fraction(85, 100)
    assert groups[Group.STUDENT].count.share == Fraction(50, 70)
    assert groups[Group.DEPUTY].count.share is None
    assert groups[Group.CPPCC].count.share is None
    assert (groups[Group.DEPUTY].valid, groups[Group.TEACHER].valid) == (9, 0)


def test_items_count_the_reversed_one_mirrored() -> None:
    rows = records((Group.PARENT, 30, "515"), (Group.PARENT, 10, "152"), (Group.PARENT, 10, "-05"))
    items = {i.item: i for i in recognised(rows).items if i.form is Form.PARENT}
    # q01: 30 of 40 who answered; q02 reversed: 30 disagree (1), 10 agree (5), 10 不了解: 30 of 50.
    assert items["q01"].count.share == Fraction(30, 40)
    assert (items["q02"].reversed, items["q02"].count.share) == (True, Fraction(30, 50))
    assert items["q03"].count.share == Fraction(40, 50)


def test_the_mean_index_is_exact_where_nothing_is_merged() -> None:
    rows = records(
        (Group.PARENT, 20, "515"), (Group.PARENT, 10, "424"), (Group.PARENT, 10, "333"), (Group.PARENT, 10, "242")
    )
    rows += records((Group.PARENT, 10, "151"), (Group.PARENT, 10, "000"))
    # Every item has 20 answers of 100 points, 10 each of 75, 50, 25, 0, and 10 不了解: 3500 of 60 answers.
    found = recognised(rows)
    parents = found.groups[1].index
    assert parents is not None
    assert parents.low == parents.high == Fraction(3500, 60)
    assert found.index == parents


def test_the_mean_index_leaves_open_what_is_merged() -> None:
    # Overall and q01: 20 × 5 and 10 × 1, the latter merged into {3,2,1,0}: at best each has 50 points or, being
    # 不了解, none at all and leaves the base, whichever is more; so between 2000/30 and 100.
    rows = records((Group.PARENT, 20, "515"), (Group.PARENT, 10, "151"))
    parents = recognised(rows).groups[1].index
    assert parents is not None
    # q01 and q03: {5,4} 20 (75 to 100 points), rest 10 (0 to 50, or leaving). q02 mirrored: the same.
    assert parents.low == Fraction(20 * 75 + 0, 30)
    assert parents.high == Fraction(100)


def test_the_finding_and_its_informational_children() -> None:
    found = recognised([*overall(85, 15), *records((Group.PARENT, 1, "242"), flags=("f",))])
    finding = recognition_finding(found, RULES)
    assert (finding.code, finding.outcome, finding.required) == ("4.1", found.outcome, "0.85")
    assert finding.actual == "0.841584"
    assert finding.margin == "-0.008416"
    assert finding.units == RULES.indicator("4.1").units
    assert [c.code for c in finding.children][:3] == ["4.1/alternatives", "4.1/flips", "4.1/groups"]
    for child in finding.children:
        assert {f.combinator for f in child.walk()} == {Combinator.INFORMATIONAL}


@pytest.mark.parametrize(
    ("satisfied", "base", "borderline"),
    [
        # Shares are shown to a tenth of a per cent: within half of it the side could be mistaken.
        pytest.param(2124, 2500, True, id="84.96 is shown as 85.0"),
        pytest.param(8494, 10_000, False, id="84.94 is shown as 84.9"),
        pytest.param(85, 100, False, id="85 is 85"),
        pytest.param(2126, 2500, True, id="85.04 is shown as 85.0"),
    ],
)
def test_borderline(satisfied: int, base: int, borderline: bool) -> None:
    found = recognised(overall(satisfied, base - satisfied))
    assert recognition_finding(found, RULES).borderline is borderline


def test_the_document_is_json_without_floats() -> None:
    document = recognition_document(recognised(overall(85, 15)))
    text = json.dumps(document)
    assert json.loads(text, parse_float=pytest.fail) == document
    assert document["share"] == "0.85"
    assert document["valid"] == 100
