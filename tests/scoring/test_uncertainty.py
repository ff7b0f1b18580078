"""The intervals of a survey, from its responses to the verdict's JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import jsonschema
import pytest

from scoring.cluster_cells import SurveyCells, survey_cells
from scoring.demo import demonstration
from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.linearisation import cell_counts
from scoring.proportion import Interval, NotEstimable, pooled_share
from scoring.questionnaire import GROUPS, Form, Group
from scoring.recognition_shares import Weighting
from scoring.reliability import Mark
from scoring.responses import ResponseRecord
from scoring.terminal import robustness_lines, verdict_lines
from scoring.uncertainty import Uncertainty, item_figures, uncertainty
from scoring.uncertainty_document import interval_document, uncertainty_document, uncertainty_schema
from scoring.verdict import cells_of, decide, robustness_of, uncertainty_of
from scoring.verdict_document import canonical_bytes
from tests.scoring.surveys import FORMS, PARAMETERS, overall, table

LOCALITIES: dict[str, str | None] = {f"S{n}": ("urban", "rural")[n % 2] for n in range(8)}


def at(cluster: str, satisfied: int, not_satisfied: int, group: Group = Group.PARENT) -> list[ResponseRecord]:
    """Return responses of one school."""
    return [replace(row, cluster=cluster) for row in overall(satisfied, not_satisfied, group)]


def cells(rows: list[ResponseRecord], populations: dict[str, int | None] | None = None) -> SurveyCells:
    """Return the cells of some responses."""
    return survey_cells(table(rows), FORMS, LOCALITIES, populations or {}, PARAMETERS)


def sure(rows: list[ResponseRecord], populations: dict[str, int | None] | None = None) -> Uncertainty:
    """Return the intervals of some responses."""
    return uncertainty(cells(rows, populations), PARAMETERS)


COUNTY = [row for n in range(8) for row in at(f"S{n}", 18 - n, 2 + n)]


def test_the_design_is_schools_within_localities() -> None:
    found = sure(COUNTY)
    assert found.strata == ("", "rural", "urban")
    assert found.n_psu == 8
    by_hand = cell_counts([[20]] * 8, [[18 - n] for n in range(8)], stratum=[n % 2 for n in range(8)])
    assert found.pooled.estimate == pooled_share(by_hand)


def test_groups_share_their_school_as_sampling_unit() -> None:
    rows = [*COUNTY, *(row for n in range(8) for row in at(f"S{n}", 10, n, Group.TEACHER))]
    found = sure(rows)
    assert found.n_psu == 8
    assert isinstance(found.pooled.estimate, Interval)
    assert found.pooled.estimate.df == 6
    teachers = found.groups[GROUPS.index(Group.TEACHER)].figure.estimate
    by_hand = cell_counts([[10 + n] for n in range(8)], [[10]] * 8, stratum=[n % 2 for n in range(8)])
    assert teachers == pooled_share(by_hand)


def test_people_without_a_school_are_units_of_their_own_outside_the_localities() -> None:
    found = sure([*COUNTY, *at("", 28, 2, Group.DEPUTY)])
    assert found.n_psu == 8 + 30
    deputies = found.groups[GROUPS.index(Group.DEPUTY)].figure.estimate
    assert isinstance(deputies, Interval)
    assert deputies.df == 29


def test_a_lone_office_makes_the_joint_error_unknown_and_says_so() -> None:
    found = sure([*COUNTY, *at("office", 15, 5, Group.PUBLIC)])
    assert isinstance(found.pooled.estimate, NotEstimable)
    assert found.pooled.reliability.mark is Mark.REVIEW
    parents = found.groups[GROUPS.index(Group.PARENT)].figure.estimate
    assert isinstance(parents, Interval)
    document = interval_document(found.pooled)
    assert document["interval"] is None
    assert isinstance(document["interval_reason"], dict)
    assert document["interval_reason"]["code"] == "lone_psu"


def test_registers_weigh_and_correct() -> None:
    rows = [*COUNTY, *(row for n in range(8) for row in at(f"S{n}", 10, n, Group.TEACHER))]
    found = sure(rows, {"parent": 160, "teacher": 1000})
    by_kind = {one.weighting: one.figure.estimate for one in found.weighted}
    weighted = by_kind[Weighting.POPULATION]
    assert isinstance(weighted, Interval)
    # parents 116/160 weigh 160, teachers 80/108 weigh 1000
    assert weighted.share == pytest.approx((160 * 116 / 160 + 1000 * 80 / 108) / 1160, rel=1e-12)
    parents = found.groups[GROUPS.index(Group.PARENT)].figure.estimate
    assert isinstance(parents, Interval)
    assert parents.full_count


def test_more_answers_than_members_is_said_beside_the_interval() -> None:
    found = sure(COUNTY, {"parent": 159})
    assert [note.code for note in found.notes] == ["opt_in", "pooled_clusters", "more_answers_than_members"]
    assert "160" in found.notes[2].zh
    assert "159" in found.notes[2].zh


def test_items_have_intervals_of_their_own_groups() -> None:
    rows = [*COUNTY, *at("", 20, 10, Group.DEPUTY), *at("", 15, 15, Group.CPPCC)]
    found = {(f.form, f.item, f.group): f.figure.estimate for f in item_figures(cells(rows), PARAMETERS)}
    # the social form: both groups together, then each; nobody of the public answered
    assert {key[2] for key in found if key[0] is Form.SOCIAL} == {None, Group.DEPUTY, Group.CPPCC}
    both = found[Form.SOCIAL, "q03", None]
    assert isinstance(both, Interval)
    assert (both.n, both.share) == (60, 35 / 60)
    # the reversed item is answered 2 by the satisfied and 4 by the others: mirrored, the same share
    mirrored = found[Form.PARENT, "q02", Group.PARENT]
    assert isinstance(mirrored, Interval)
    assert mirrored.share == 116 / 160


def test_levels_and_limits_come_from_the_rule_set() -> None:
    narrow = uncertainty(cells(COUNTY), replace(PARAMETERS, interval_level=Fraction(80, 100)))
    assert narrow.level == 0.8
    wide, other = sure(COUNTY).pooled.estimate, narrow.pooled.estimate
    assert isinstance(wide, Interval)
    assert isinstance(other, Interval)
    assert other.low > wide.low


# --- the verdict --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both_parts() -> tuple[Dossier, Dossier]:
    parts = write_dossier(demonstration(7, 30, 1500))
    return read_dossier(parts.public), read_dossier(parts.auditor)


def document(dossier: Dossier) -> dict[str, object]:
    """Return what an auditor part says of sureness, checked against its schema."""
    verdict, sureness = decide(dossier), uncertainty_of(dossier)
    robustness = robustness_of(dossier, verdict.recognition)
    assert sureness is not None
    assert robustness is not None
    content: dict[str, object] = json.loads(canonical_bytes(uncertainty_document(verdict, sureness, robustness)))
    jsonschema.validate(content, json.loads(uncertainty_schema()))
    return content


def test_the_public_part_cannot_tell_intervals(both_parts: tuple[Dossier, Dossier]) -> None:
    verdict = decide(both_parts[0])
    assert uncertainty_of(both_parts[0]) is None
    assert robustness_of(both_parts[0], verdict.recognition) is None
    assert cells_of(both_parts[0]) is None


def test_an_interval_stands_beside_every_share_that_is_published(both_parts: tuple[Dossier, Dossier]) -> None:
    recognition, content = decide(both_parts[1]).recognition, document(both_parts[1])
    shares = {"pooled": recognition.share}
    shares |= {g.group.value: g.count.share for g in recognition.groups}
    shares |= {w.weighting.value: w.share for w in recognition.weighted}
    rows = [("pooled", content["pooled"])]
    rows += [(g["group"], g) for g in content["groups"]]  # type: ignore[attr-defined]
    rows += [(w["weighting"], w) for w in content["weighted"]]  # type: ignore[attr-defined]
    for name, shown in rows:
        if shares[name] is None:
            assert shown["interval"] is None  # type: ignore[index]
            assert shown["interval_reason"]["code"] in ("withheld", "no_base")  # type: ignore[index]
        else:
            interval = shown["interval"]  # type: ignore[index]
            assert Fraction(interval["low"]) <= shares[name] <= Fraction(interval["high"])
            assert shown["interval_reason"] is None  # type: ignore[index]
    assert {name for name, _ in rows} == set(shares)
    assert None in shares.values()


def test_the_same_dossier_gives_the_same_bytes(both_parts: tuple[Dossier, Dossier]) -> None:
    assert document(both_parts[1]) == document(both_parts[1])


def test_the_interval_never_changes_the_outcome(both_parts: tuple[Dossier, Dossier]) -> None:
    public, auditor = (decide(part) for part in both_parts)
    assert (public.outcome, public.tree) == (auditor.outcome, auditor.tree)


def test_robustness_calls_schools_by_name(both_parts: tuple[Dossier, Dossier]) -> None:
    verdict = decide(both_parts[1])
    found = robustness_of(both_parts[1], verdict.recognition)
    assert found is not None
    lowest = found.leave_one_out[0].lowest
    assert lowest is not None
    names = {school.school_code: school.school_name for school in both_parts[1].schools}
    assert lowest.name.zh == f"{names[lowest.code]}({lowest.code})"


def test_the_terminal_shows_interval_and_robustness_of_the_auditor_part(both_parts: tuple[Dossier, Dossier]) -> None:
    verdict = decide(both_parts[1])
    sureness = uncertainty_of(both_parts[1])
    assert sureness is not None
    estimate = sureness.pooled.estimate
    assert isinstance(estimate, Interval)
    text = "\n".join(verdict_lines(verdict, sureness))
    assert f"95 % 区间 / interval: {100 * estimate.low:.3g}–{100 * estimate.high:.3g} %" in text
    assert "不是概率抽样" in text
    lines = list(robustness_lines(robustness_of(both_parts[1], verdict.recognition)))
    assert len(lines) == 2 + 1 + 3 + 2 + 5
    assert "逐一去除" in lines[3]


def test_the_terminal_shows_nothing_of_it_for_the_public_part(both_parts: tuple[Dossier, Dossier]) -> None:
    assert "interval" not in "\n".join(verdict_lines(decide(both_parts[0])))
    assert list(robustness_lines(None)) == []


def test_a_lone_school_is_said_on_the_terminal(both_parts: tuple[Dossier, Dossier]) -> None:
    lone = sure([*COUNTY, *at("office", 15, 5, Group.PUBLIC)])
    text = "\n".join(verdict_lines(decide(both_parts[0]), lone))
    assert "区间 / interval" not in text
    assert "抽样误差无法估计" in text
