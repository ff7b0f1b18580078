"""What the outcome hangs on: every leave-one-out worked by hand or counted anew without the unit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from scoring.cluster_cells import SurveyCells, survey_cells
from scoring.findings import Outcome
from scoring.questionnaire import Group
from scoring.responses import ResponseRecord
from scoring.robustness import LeaveOneOut, LeftOut, LeftOutKind, Robustness, leave_one_out, robustness
from scoring.ruleset import DontKnowRule
from tests.scoring.surveys import FORMS, PARAMETERS, overall, recognised, table

NAMES = {"S1": "第一小学", "S2": "第二小学", "S3": "第三小学"}
LOCALITIES: dict[str, str | None] = {"S1": "urban", "S2": "rural", "S3": "rural"}


def at(cluster: str, satisfied: int, not_satisfied: int, group: Group = Group.PARENT) -> list[ResponseRecord]:
    """Return responses of one school."""
    return [replace(row, cluster=cluster) for row in overall(satisfied, not_satisfied, group)]


def cells_of(rows: list[ResponseRecord]) -> SurveyCells:
    """Return the cells of some responses."""
    return survey_cells(table(rows), FORMS, LOCALITIES, {}, PARAMETERS)


def without(rows: list[ResponseRecord], kind: LeftOutKind) -> LeaveOneOut:
    """Return one leave-one-out."""
    return leave_one_out(cells_of(rows), kind, NAMES, PARAMETERS)


def whole(rows: list[ResponseRecord]) -> Robustness:
    """Return all of it."""
    return robustness(cells_of(rows), recognised(rows), NAMES, PARAMETERS)


# 85 of 100: on the limit. Without S1 (38 of 40): 47/60 = 78.33 %; without S2 (27 of 40): 58/60 = 96.67 %;
# without S3 (20 of 20): 65/80 = 81.25 %.
COUNTY = [*at("S1", 38, 2), *at("S2", 27, 13), *at("S3", 20, 0)]


def test_every_school_is_left_out_in_turn() -> None:
    found = without(COUNTY, LeftOutKind.SCHOOL)
    assert (found.n_units, found.n_small) == (3, 0)
    assert found.lowest is not None
    assert found.highest is not None
    assert (found.lowest.code, found.lowest.share, found.lowest.n) == ("S1", Fraction(47, 60), 40)
    assert (found.highest.code, found.highest.share) == ("S2", Fraction(58, 60))
    assert [one.code for one in found.flips] == ["S1", "S3"]
    assert all(one.outcome is Outcome.NOT_MET for one in found.flips)


def test_the_sentence_names_what_turns_the_outcome() -> None:
    zh = without(COUNTY, LeftOutKind.SCHOOL).sentence.zh
    assert "逐一去除3个学校或单位" in zh
    assert "78.3333%至96.6667%" in zh
    assert "第一小学(S1)(78.3333%)、第三小学(S3)(81.25%)" in zh
    assert without(COUNTY, LeftOutKind.SCHOOL).sentence.en.endswith("第三小学(S3) (81.25%).")


def test_a_stable_outcome_says_so() -> None:
    rows = [*at("S1", 19, 1), *at("S2", 19, 1), *at("S3", 19, 1)]
    found = without(rows, LeftOutKind.SCHOOL)
    assert found.flips == ()
    assert found.sentence.zh == "逐一去除3个学校或单位,其余问卷的比例在95%至95%之间,结论都不改变。"
    assert found.sentence.en.endswith("the outcome never changes.")


def test_localities_join_their_schools() -> None:
    # Without town and country: S1 alone, 38/40; without the city: 47/60.
    found = without(COUNTY, LeftOutKind.LOCALITY)
    assert found.n_units == 2
    assert found.lowest == LeftOut("urban", found.lowest.name, 40, Fraction(47, 60), Outcome.NOT_MET)  # type: ignore[union-attr]
    assert found.highest is not None
    assert (found.highest.code, found.highest.share) == ("rural", Fraction(38, 40))
    assert "城区(78.3333%)" in found.sentence.zh


def test_groups_are_left_out_across_schools() -> None:
    rows = [*at("S1", 18, 2), *at("S2", 16, 4, Group.TEACHER), *at("S1", 9, 1, Group.STUDENT)]
    found = without(rows, LeftOutKind.GROUP)
    # 43 of 50 = 86 %. Without parents 25/30 = 83.33 %, without teachers 27/30 = 90 %, without pupils 34/40 = 85 %.
    assert found.n_units == 3
    assert [one.code for one in found.flips] == ["parent"]
    assert found.flips[0].share == Fraction(25, 30)
    assert (found.flips[0].name.zh, found.flips[0].name.en) == ("家长", "parents")


def test_units_below_the_smallest_cell_are_not_left_out() -> None:
    rows = [*COUNTY, *at("S4", 9, 0), *at("S5", 10, 0)]
    found = without(rows, LeftOutKind.SCHOOL)
    assert (found.n_units, found.n_small) == (4, 1)


def test_voided_responses_do_not_make_a_school_large_enough() -> None:
    rows = [*COUNTY, *at("S4", 9, 0), *(replace(row, voided=True) for row in at("S4", 5, 0))]
    assert without(rows, LeftOutKind.SCHOOL).n_units == 3


def test_the_pool_of_single_people_is_no_school_but_stays_in_the_base() -> None:
    rows = [*COUNTY, *at("", 100, 0, Group.DEPUTY)]
    found = without(rows, LeftOutKind.SCHOOL)
    assert found.n_units == 3
    assert found.lowest is not None
    # 185 of 200; the lowest is without S3's 20 of 20.
    assert (found.lowest.code, found.lowest.share) == ("S3", Fraction(165, 180))
    assert without(rows, LeftOutKind.LOCALITY).n_units == 2


def test_leaving_out_the_only_school_leaves_nothing() -> None:
    found = without(at("S1", 18, 2), LeftOutKind.SCHOOL)
    assert (found.n_units, found.lowest, found.highest) == (1, None, None)
    assert found.flips[0].share is None
    assert found.flips[0].outcome is Outcome.UNDECIDED


def test_without_large_units_there_is_a_sentence_still() -> None:
    found = without(at("S1", 5, 0), LeftOutKind.SCHOOL)
    assert found.n_units == 0
    assert found.sentence.zh == "没有份数足够的学校或单位可供逐一去除。"


def test_the_outcome_may_hang_on_one_school() -> None:
    rows = [row for n in range(7) for row in at(f"S{n}", 18, 2)]
    rows += at("S9", 4, 16)
    # 130/160 = 81.25 %; only without S9 is it 126/140 = 90 %.
    assert [one.code for one in without(rows, LeftOutKind.SCHOOL).flips] == ["S9"]
    level = [row for n in range(8) for row in at(f"S{n}", 17, 3)] + at("T", 20, 0) + at("U", 14, 6)
    # 170/200 = 85 %: without T 150/180 and without any of the eight 153/180 = 85 % stays, without U 156/180.
    assert [one.code for one in without(level, LeftOutKind.SCHOOL).flips] == ["T"]


def test_more_than_five_are_counted_and_the_rest_not_named() -> None:
    on_limit = [row for n in range(6) for row in at(f"S{n}", 20, 0)] + at("", 16, 24)
    # 136/160 = 85 %; without any of the six 116/140 = 82.86 %: all six turn it.
    found = without(on_limit, LeftOutKind.SCHOOL)
    assert len(found.flips) == 6
    assert "去除其中6个会改变结论" in found.sentence.zh
    assert found.sentence.zh.endswith("S4(82.8571%)等。")
    assert found.sentence.en.endswith("S4 (82.8571%) and others.")


def test_dont_know_leaves_the_base_here_too() -> None:
    rows = [*at("S1", 18, 2), *at("S2", 18, 2)]
    rows += [replace(row, answers="520") for row in at("S2", 10, 0)]
    parameters = replace(PARAMETERS, dont_know_rule=DontKnowRule.LEAVES_BASE)
    cells = survey_cells(table(rows), FORMS, LOCALITIES, {}, parameters)
    found = leave_one_out(cells, LeftOutKind.SCHOOL, NAMES, parameters)
    assert found.lowest is not None
    assert found.lowest.share == Fraction(18, 20)


def test_one_sentence_for_everything_that_could_turn_it() -> None:
    found = whole(COUNTY)
    codes = [reason.code for reason in found.sentences]
    # the flip test, three leave-one-outs, two weightings, five alternatives to the rule in force
    assert codes == ["flip_test", *["leave_one_out"] * 3, "same_side", "no_weight", *["alternative"] * 5]
    assert all(reason.zh.endswith("。") and reason.en.endswith(".") for reason in found.sentences)


def test_an_alternative_on_the_other_side_says_so() -> None:
    # 242: the overall item is 2; the mean of 2, 6 − 4 and 2 is 2. A 3 instead is satisfied only where 3 counts.
    rows = [*overall(80, 0), *(replace(row, answers="523") for row in overall(20, 0))]
    sentences = [reason for reason in whole(rows).sentences if reason.code == "alternative"]
    different = [reason.zh for reason in sentences if reason.zh.endswith("结论不同。")]
    assert any("总体评价为基本满意以上" in zh and "100%" in zh for zh in different)


def test_the_flip_test_speaks_in_either_case() -> None:
    flagged = [replace(row, flags=("too_fast",)) for row in overall(10, 0)]
    turning = whole([*overall(76, 14), *flagged]).sentences[0]
    # 86 of 100; counted against: 76 of 100.
    assert turning.zh.startswith("有标记的问卷怎样处理会改变结论")
    assert "76%" in turning.zh
    stable = whole([*overall(95, 5), *flagged]).sentences[0]
    assert stable.zh.startswith("有标记的问卷无论怎样处理,结论都相同")


def test_holders_of_the_responses_see_shares_withheld_from_the_public() -> None:
    # Three of thirty teachers are not satisfied: too few to be published, so the group-equal share is not either.
    rows = [*at("S1", 60, 40), *at("S1", 27, 3, Group.TEACHER), *at("S1", 20, 20, Group.STUDENT)]
    assert recognised(rows).weighted[0].share is None
    assert whole(rows).weighted[0].share == (Fraction(6, 10) + Fraction(9, 10) + Fraction(1, 2)) / 3
