"""The repair plan: cheapest, exact after rounding, and honest where there is none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from scoring.costs import parse_costs
from scoring.errors import RuleSetError
from scoring.findings import Outcome
from scoring.repair import NoPlan, RepairPlan, apply_plan, domain_one, plan_repair, shortfalls
from scoring.ruleset import Stage, load_rule_set
from scoring.schools import SchoolKind, SchoolRow, stage_rows

RULES = load_rule_set("national-2017")
PRICES = b"""
[prices]
teacher_degree = 60000
teacher_backbone = 20000
teacher_pe_arts = 50000
teaching_area = 3000
sports_ground = 400
equipment = 10000
multimedia_room = 80000
"""
COSTS = parse_costs(PRICES)
MOVING = parse_costs(PRICES + b"teacher_move = 3000\n")


def primary(code: str, pupils: int = 100, **figures: object) -> SchoolRow:
    """A primary school that meets all seven standards exactly where nothing else is said (100 pupils)."""
    blank: dict[str, object] = dict.fromkeys(SchoolRow.__slots__)
    exact: dict[str, object] = {
        "row": 2, "school_code": code, "school_name": f"{code}小学", "kind": SchoolKind.PRIMARY,
        "pupils_primary": pupils, "teachers_degree_primary": 5, "teachers_backbone_primary": 1,
        "teachers_pe_arts_primary": 1, "area_teaching": Fraction(450), "area_indoor_sports": Fraction(0),
        "area_sports_ground": Fraction(750), "equipment_10k": Fraction(20), "multimedia_rooms": 3,
    }
    return SchoolRow(**{**blank, **exact, **figures})  # type: ignore[arg-type]


def cost_of(plan: RepairPlan | NoPlan) -> Fraction:
    assert isinstance(plan, RepairPlan), plan
    return plan.cost


def test_a_county_that_meets_domain_one_needs_nothing() -> None:
    plan = plan_repair([primary("A"), primary("B")], RULES, COSTS)
    assert cost_of(plan) == 0
    assert isinstance(plan, RepairPlan)
    assert plan.additions == ()
    assert plan.gap == 0


def test_one_of_seven_may_stay_at_the_floor_so_the_dearest_is_left_out() -> None:
    # Two indicators below standard. 1.4 has 400 of 450 m² (floor 382.5 holds): closing it costs 50 × 3000 =
    # 150,000. 1.5 has 700 of 750 m² (floor 637.5 holds): closing it costs 50 × 400 = 20,000. One may stay: 20,000.
    school = primary("A", area_teaching=Fraction(400), area_sports_ground=Fraction(700))
    plan = plan_repair([school], RULES, COSTS)
    assert cost_of(plan) == 20_000
    assert isinstance(plan, RepairPlan)
    assert [(a.lever, a.amount) for a in plan.additions] == [("sports_ground", 50)]


def test_the_one_left_out_is_still_brought_to_the_floor() -> None:
    # Only 1.4 fails, with 300 of 450 m²: it may stay below the standard but not below 382.5: 82.5 × 3000.
    plan = plan_repair([primary("A", area_teaching=Fraction(300))], RULES, COSTS)
    assert cost_of(plan) == Fraction("247500")


def test_a_coefficient_is_brought_to_its_limit_at_the_cheapest_school() -> None:
    # Two primary schools of 100 pupils with x1 and x2 of equipment: CV = |x2 − x1| / (x1 + x2). With x2 = 90 and
    # x1 = 20 (万元) it is 70/110 > 0.5; x1 must reach (1 − 0.5)/(1 + 0.5) × 90 = 30: 10 万元 = 100,000 yuan.
    # The plan aims 1e-4 below the limit: x1 = 90 × (1 − 0.4999)/(1 + 0.4999) = 30.008…, so at most 1 万元 more.
    plan = plan_repair([primary("A"), primary("B", equipment_10k=Fraction(90))], RULES, COSTS)
    assert 100_000 <= cost_of(plan) <= 100_200
    assert isinstance(plan, RepairPlan)
    assert plan.bound <= 100_000.5
    assert plan.gap < 0.01


def test_nine_year_schools_share_what_they_get() -> None:
    # 100 primary and 100 junior pupils: weights 100 and 110, so the primary stage has 10/21 of the multimedia
    # rooms. It needs 2.3 rooms, the junior stage 2.4: max(2.3 × 21/10, 2.4 × 21/11) = max(4.83, 4.58…) → 5 rooms.
    school = replace(
        primary("N", multimedia_rooms=3, area_teaching=Fraction(2000), area_sports_ground=Fraction(3000),
                equipment_10k=Fraction(80)),
        kind=SchoolKind.NINE_YEAR, pupils_junior=100, teachers_degree_junior=6, teachers_backbone_junior=1,
        teachers_pe_arts_junior=1)
    plan = plan_repair([school], RULES, COSTS)
    assert isinstance(plan, RepairPlan)
    # One indicator may stay at its floor: 0.85 × 2.3 × 2.1 = 4.1… and 0.85 × 2.4 × 21/11 = 3.9… → 5 or 4 rooms;
    # 4 rooms give the primary stage 1.904… < 1.955 (its floor), so 5 it is.
    assert [(a.lever, a.amount) for a in plan.additions] == [("multimedia_room", 2)]


def test_moving_a_teacher_is_cheaper_than_hiring_and_carries_all_three_attributes() -> None:
    poor = primary("A", teachers_degree_primary=4, teachers_backbone_primary=0, teachers_pe_arts_primary=0)
    rich = primary("B", teachers_degree_primary=8, teachers_backbone_primary=2, teachers_pe_arts_primary=2)
    plan = plan_repair([poor, rich], RULES, MOVING)
    assert cost_of(plan) == 3_000
    assert isinstance(plan, RepairPlan)
    assert sorted((a.school_code, a.amount) for a in plan.additions) == [("A", 1), ("B", -1)]
    after = apply_plan([poor, rich], plan.additions)
    assert [s.teachers_backbone_primary for s in after] == [1, 1]


def test_teachers_do_not_move_between_stages() -> None:
    poor = primary("A", teachers_backbone_primary=0, teachers_pe_arts_primary=0)
    junior = replace(primary("J"), kind=SchoolKind.JUNIOR, pupils_primary=None, pupils_junior=100,
                     teachers_degree_primary=None, teachers_backbone_primary=None, teachers_pe_arts_primary=None,
                     teachers_degree_junior=9, teachers_backbone_junior=5, teachers_pe_arts_junior=5,
                     area_teaching=Fraction(600), area_sports_ground=Fraction(1100), equipment_10k=Fraction(30))
    only_moves = parse_costs(b"[prices]\nteacher_move = 3000\n")
    plan = plan_repair([poor, junior], RULES, only_moves)
    assert isinstance(plan, NoPlan)
    assert plan.reason == "impossible"
    assert {c.code.rsplit("/", 1)[0] for c in plan.conflicts} == {"1.schools/A/primary"}


def test_a_cap_out_of_reach_is_named() -> None:
    costs = parse_costs(PRICES + b"[caps]\nsports_ground = 1000\n[caps.schools.A]\nsports_ground = 10\n")
    plan = plan_repair([primary("A", area_sports_ground=Fraction(300)), primary("B")], RULES, costs)
    assert isinstance(plan, NoPlan)
    assert [c.code for c in plan.conflicts] == ["1.schools/A/primary/1.5"]
    assert "上限" in plan.conflicts[0].zh


def test_unknown_figures_are_asked_for_first() -> None:
    plan = plan_repair([primary("A", equipment_10k=None), primary("B")], RULES, COSTS)
    assert isinstance(plan, NoPlan)
    assert plan.reason == "unknown"
    assert [c.code for c in plan.conflicts] == ["1.schools/A/primary"]
    assert "1.6" in plan.conflicts[0].zh


def test_shortfalls_count_whole_teachers() -> None:
    # 1.1: 4.2 × 150 / 100 = 6.3 → 7 wanted, 5 there: 2; the floor 0.85 × 6.3 = 5.355 → 6: 1.
    rows = stage_rows([primary("A", pupils=150)], RULES.parameters)
    first = shortfalls(rows, RULES)[0]
    assert (first.code, first.stage, first.to_standard, first.to_floor) == ("1.1", Stage.PRIMARY, 2, 1)


@pytest.mark.parametrize("seed", range(6))
def test_no_cheaper_whole_plan_exists(seed: int) -> None:
    """Every plan of up to 3 rooms and 3 teachers a school, counted out, against the programme's."""
    rng = np.random.default_rng(seed)
    schools = [
        primary(code, multimedia_rooms=int(rng.integers(1, 4)), teachers_degree_primary=int(rng.integers(3, 6)))
        for code in "AB"
    ]
    costs = parse_costs(b"[prices]\nteacher_degree = 7\nmultimedia_room = 5\n"
                        b"[caps]\nteacher_degree = 3\nmultimedia_room = 3\n")
    cheapest = None
    for a, b, c, d in product(range(4), repeat=4):
        changed = [
            replace(s, multimedia_rooms=(s.multimedia_rooms or 0) + rooms,
                    teachers_degree_primary=(s.teachers_degree_primary or 0) + teachers)
            for s, rooms, teachers in zip(schools, (a, b), (c, d), strict=True)
        ]
        cost = 5 * (a + b) + 7 * (c + d)
        if domain_one(changed, RULES) is Outcome.MET and (cheapest is None or cost < cheapest):
            cheapest = cost
    plan = plan_repair(schools, RULES, costs)
    assert (cost_of(plan) if isinstance(plan, RepairPlan) else None) == cheapest


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_recomputed_exactly_meets_domain_one(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    schools = [
        primary(f"S{i}", pupils=int(rng.integers(60, 900)), teachers_degree_primary=int(rng.integers(2, 60)),
                teachers_backbone_primary=int(rng.integers(0, 15)), teachers_pe_arts_primary=int(rng.integers(0, 12)),
                area_teaching=Fraction(int(rng.integers(200, 5000))), multimedia_rooms=int(rng.integers(0, 30)),
                area_sports_ground=Fraction(int(rng.integers(300, 9000))),
                equipment_10k=Fraction(int(rng.integers(4, 300))))
        for i in range(12)
    ]
    assert domain_one(schools, RULES) is Outcome.NOT_MET
    plan = plan_repair(schools, RULES, MOVING)
    assert isinstance(plan, RepairPlan)
    assert domain_one(apply_plan(schools, plan.additions), RULES) is Outcome.MET
    assert plan.gap <= 0.01


@pytest.mark.parametrize(("text", "where"), [
    (b"", "prices"), (b"[prices]\nteacher = 3\n", "prices.teacher"),
    (b"[prices]\nequipment = -1\n", "prices.equipment"),
    (b"[prices]\nequipment = 1\n[caps.schools.X]\nroof = 1\n", "caps.schools.X.roof"),
    (b"[prices]\nequipment = 1\n[cups]\n", "cups"), (b"\xff", None),
])
def test_a_wrong_cost_file_names_the_place(text: bytes, where: str | None) -> None:
    with pytest.raises(RuleSetError) as refused:
        parse_costs(text)
    assert [d.column for d in refused.value.defects] == [where]
    assert all(d.zh and d.en for d in refused.value.defects)
