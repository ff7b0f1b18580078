"""The demonstration county: labelled, seeded, interesting whichever the seed, of any size."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scoring.counts import Case
from scoring.demo import demonstration
from scoring.demo_questionnaires import demo_questionnaires
from scoring.demo_schools import demo_schools
from scoring.dossier import read_dossier, write_dossier
from scoring.findings import CountyOutcome, Outcome
from scoring.questionnaire import GROUPS
from scoring.responses import records_of
from scoring.ruleset import load_rule_set
from scoring.school_columns import SchoolKind
from scoring.verdict import Verdict, decide

SEEDS = (1, 2, 3, 2026)


@cache
def verdict(seed: int) -> Verdict:
    return decide(read_dossier(write_dossier(demonstration(seed)).public))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verdict_is_interesting(seed: int) -> None:
    found = verdict(seed)
    assert found.demo
    assert found.county_name == "演示县"
    assert found.outcome is CountyOutcome.DOES_NOT_MEET
    rows = [f for f in found.tree.walk() if f.code.startswith("1.schools/") and f.code.count("/") == 2]
    failing = sum(f.outcome is Outcome.NOT_MET for f in rows)
    assert 4 <= failing <= len(rows) // 3, "some schools fail, most do not"
    assert any(f.outcome is Outcome.UNDECIDED for f in rows)
    coefficients = [f for f in found.tree.walk() if f.code.startswith("1.cv/") and f.code.count("/") == 2]
    assert [f.code for f in coefficients if f.outcome is Outcome.NOT_MET] == ["1.cv/junior/1.6"]
    not_met = [f.code for f in found.finding("2").children if f.outcome is Outcome.NOT_MET]
    assert not_met == ["2.5"]
    assert found.finding("3.6").outcome is Outcome.UNDECIDED
    assert found.finding("5").outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("seed", SEEDS)
def test_recognition_is_a_bit_above_its_limit(seed: int) -> None:
    recognition = verdict(seed).recognition
    assert recognition.outcome is Outcome.MET
    assert recognition.share is not None
    assert 0.85 <= recognition.share <= 0.89
    assert recognition.flagged > 0
    assert recognition.voided > 0
    assert {f.case for f in recognition.flips} == set(Case)
    assert {a.outcome for a in recognition.alternatives} == {Outcome.MET, Outcome.NOT_MET}
    assert all(g.shortfall == 0 for g in recognition.groups)


def test_every_kind_of_school_occurs() -> None:
    for n in (12, 60, 61, 500):
        schools = demo_schools(np.random.default_rng(1), n, load_rule_set("national-2017"))
        assert len(schools) == n
        assert {s["kind"] for s in schools} == {k.value for k in SchoolKind}
        assert len({s["school_code"] for s in schools}) == n


def test_the_same_seed_gives_the_same_dossier_and_another_seed_another() -> None:
    one, same, other = (write_dossier(demonstration(seed, 12, 300)).sha256 for seed in (5, 5, 6))
    assert one == same
    assert one != other


@pytest.mark.parametrize(("n_schools", "n_responses"), [(12, 300), (20, 999), (200, 20_000)])
def test_any_size(n_schools: int, n_responses: int) -> None:
    content = demonstration(1, n_schools, n_responses)
    assert len(content.schools) == n_schools
    assert content.responses.n_responses == n_responses
    dossier = read_dossier(write_dossier(content).auditor)
    assert decide(dossier).recognition.outcome is Outcome.MET


def test_everybody_answers_the_form_of_their_group() -> None:
    content = demonstration(1, 12, 600)
    schools = {s["school_code"] for s in content.schools}
    seen = set()
    for record in records_of(content.responses):
        form = content.questionnaires.for_group(record.group)
        assert form is not None
        assert record.form is form.form
        assert record.cluster in schools | {""}
        seen.add(record.group)
    assert seen == set(GROUPS)


def test_questionnaires_say_that_they_are_a_demonstration() -> None:
    for form in demo_questionnaires().questionnaires:
        assert "演示" in form.title.zh
        assert form.version.endswith("demo")


@pytest.mark.parametrize(("n_schools", "n_responses"), [(11, 3000), (60, 299)])
def test_too_small_counties_are_refused(n_schools: int, n_responses: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        demonstration(1, n_schools, n_responses)
