"""A demonstration county, pure and seeded: the same arguments give the same dossier, of any size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from scoring.demo_answers import (
    DemoCluster,
    demo_clusters,
    demo_group_sizes,
    demo_populations,
    demo_residents,
    demo_responses,
)
from scoring.demo_questionnaires import demo_questionnaires
from scoring.demo_schools import FEWEST_SCHOOLS, demo_schools
from scoring.dossier import DossierContent
from scoring.figures import shown
from scoring.manifest import Purpose
from scoring.ruleset import Comparator, CriterionPart, Kind, RuleSet, parse_rule_set, rule_set_bytes
from scoring.sample import group_targets

__all__ = [
    "FEWEST_RESPONSES",
    "FEWEST_SCHOOLS",
    "DemoCluster",
    "demo_clusters",
    "demo_criteria",
    "demo_group_sizes",
    "demo_populations",
    "demo_questionnaires",
    "demo_residents",
    "demo_responses",
    "demo_schools",
    "demo_vetoes",
    "demonstration",
]

FEWEST_RESPONSES = 300
COUNTY_CODE = "000000"
COUNTY_NAME = "演示县"
RULE_SET_ID = "national-2017"

_NOT_JUDGED = "3.6"
_RAISED = "5.2"
_SUBJECTS = ("mathematics", "pe")
_EVIDENCE = "演示数据"


def demonstration(seed: int, n_schools: int = 60, n_responses: int = 3000) -> DossierContent:
    """Return a demonstration county, labelled as one.

    Some schools fail the resource rule, one difference coefficient exceeds its limit, the recognition is a bit
    above its limit, classes in two schools are too large, one criterion is not judged yet and one veto item is
    raised but neither confirmed nor dismissed.

    Parameters
    ----------
    seed : int
        ≥ 0; the only source of chance.
    n_schools : int
        At least 12.
    n_responses : int
        At least 300.

    Returns
    -------
    DossierContent

    Raises
    ------
    ValueError
        If there are too few schools or responses.
    """
    if n_responses < FEWEST_RESPONSES:
        raise ValueError(f"a demonstration county has at least {FEWEST_RESPONSES} responses")
    rng = np.random.default_rng(seed)
    rule_set_file = rule_set_bytes(RULE_SET_ID)
    rule_set = parse_rule_set(rule_set_file)
    questionnaires = demo_questionnaires()
    schools = demo_schools(rng, n_schools, rule_set)
    residents = demo_residents(n_responses, rule_set.parameters.sample_rate)
    populations = demo_populations(schools, n_responses)
    targets = group_targets(residents, populations, rule_set.parameters)
    sizes = demo_group_sizes(n_responses, targets, populations)
    return DossierContent(
        county_code=COUNTY_CODE,
        county_name=COUNTY_NAME,
        year=2026,
        purpose=Purpose.REHEARSAL,
        demo=True,
        residents=residents,
        populations=populations,
        sampled_in_monitoring=True,
        rule_set=rule_set_file,
        questionnaires=questionnaires,
        schools=schools,
        criteria=demo_criteria(rule_set),
        vetoes=demo_vetoes(rule_set),
        responses=demo_responses(rng, questionnaires, demo_clusters(schools), sizes),
    )


def demo_criteria(rule_set: RuleSet) -> list[dict[str, str]]:
    """Return judgements and figures of a county in order, with one criterion not judged yet.

    What the school file says by itself (2.3 to 2.5) is not entered.
    """
    rows = []
    for indicator in (rule_set.precondition, *rule_set.domain("2"), *rule_set.domain("3")):
        if indicator.computed is None and indicator.code != _NOT_JUDGED:
            rows += [
                _criterion(indicator.code, part)
                for part in indicator.parts
                if not part.group or part.group in _SUBJECTS
            ]
    return rows


def demo_vetoes(rule_set: RuleSet) -> list[dict[str, str]]:
    """Return the veto items: all found absent by the city, but one raised and still open."""
    return [
        {"code": i.code, "state": "raised", "level": "county", "reason": f"{_EVIDENCE}:收到反映,待核实"}
        if i.code == _RAISED
        else {"code": i.code, "state": "absent", "level": "city", "reason": _EVIDENCE}
        for i in rule_set.domain("5")
    ]


def _criterion(code: str, part: CriterionPart) -> dict[str, str]:
    cells = {"code": code, "part": part.code, "level": "city", "evidence": _EVIDENCE}
    if part.kind is Kind.JUDGED or part.limit is None:
        return cells | {"judgement": "met"}
    return cells | {"value": shown(_good_value(part.limit, part.comparator), 2)}


def _good_value(limit: Fraction, comparator: Comparator | None) -> Fraction:
    """Return a figure on the good side of a limit; limits near 100 % are met exactly."""
    if comparator is Comparator.LT:
        return limit * Fraction(3, 4)
    if comparator is Comparator.LE or limit == 100 or limit < 4:
        return limit
    return limit + (2 if limit < 100 else 300)
