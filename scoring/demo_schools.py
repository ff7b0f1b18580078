"""Schools of a demonstration county: every kind, most in order, some not, and one coefficient too large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scoring.ruleset import RuleSet, Stage, StageWeights
from scoring.school_columns import STAGES_OF_KIND, SchoolKind

FEWEST_SCHOOLS = 12

KIND_SHARES = (
    (SchoolKind.PRIMARY, 50),
    (SchoolKind.TEACHING_POINT, 12),
    (SchoolKind.JUNIOR, 18),
    (SchoolKind.NINE_YEAR, 10),
    (SchoolKind.COMPLETE_SECONDARY, 4),
    (SchoolKind.TWELVE_YEAR, 2),
    (SchoolKind.SPECIAL, 2),
    (SchoolKind.VOCATIONAL, 2),
)
_NAMES = {
    SchoolKind.PRIMARY: "小学",
    SchoolKind.TEACHING_POINT: "教学点",
    SchoolKind.JUNIOR: "初级中学",
    SchoolKind.NINE_YEAR: "九年一贯制学校",
    SchoolKind.COMPLETE_SECONDARY: "完全中学",
    SchoolKind.TWELVE_YEAR: "十二年一贯制学校",
    SchoolKind.SPECIAL: "特殊教育学校",
    SchoolKind.VOCATIONAL: "职业中专",
}
_ALONE = StageWeights(Fraction(1), Fraction(1), Fraction(0))
_TEACHER_COLUMNS = (("1.1", "teachers_degree"), ("1.2", "teachers_backbone"), ("1.3", "teachers_pe_arts"))
_YUAN_PER_10K = 10_000


@dataclass(frozen=True, slots=True)
class _Shape:
    """How far a school stands from the standard: a factor by indicator, 1 where it just meets it."""

    factors: dict[str, float]
    crowded: bool
    blank: str


def demo_schools(
    rng: np.random.Generator,
    n_schools: int,
    rule_set: RuleSet,
    kind_shares: Sequence[tuple[SchoolKind, int]] = KIND_SHARES,
) -> list[dict[str, str]]:
    """Return the school file of a demonstration county as text cells.

    Most stage rows meet the resource rule; about one in ten fails it, another one in ten lacks one indicator but
    reaches its floor. A few junior secondary schools own far more equipment than the rest, so that one
    coefficient exceeds its limit; two schools have classes that are too large; one cell is blank.

    Parameters
    ----------
    rng : numpy Generator
        The only source of chance.
    n_schools : int
        At least 12, so that every kind occurs.
    rule_set : RuleSet
        The standards the schools are shaped around.
    kind_shares : sequence of (SchoolKind, int)
        How many schools of each kind among a hundred.

    Returns
    -------
    list of dict
        One mapping column → text per school.

    Raises
    ------
    ValueError
        If there are fewer than 12 schools.
    """
    if n_schools < FEWEST_SCHOOLS:
        raise ValueError(f"a demonstration county has at least {FEWEST_SCHOOLS} schools")
    schools = []
    numbers = dict.fromkeys(SchoolKind, 0)
    for n, kind in enumerate(_kinds(n_schools, kind_shares)):
        numbers[kind] += 1
        shape = _shape(rng, numbers[kind], kind)
        cells = {
            "school_code": f"Y{n + 1:04d}",
            "school_name": f"演示县第{numbers[kind]}{_NAMES[kind]}",
            "kind": kind.value,
            "sponsor": "private" if numbers[kind] % 12 == 7 else "public",
            "locality": _locality(numbers[kind], kind),
            "boarding": "yes" if kind is not SchoolKind.PRIMARY and numbers[kind] % 3 == 0 else "no",
        }
        cells |= _people(rng, kind, cells["locality"], shape)
        if STAGES_OF_KIND[kind]:
            cells |= _teachers(cells, kind, shape, rule_set) | _shared(cells, kind, shape, rule_set)
        cells.pop(shape.blank, None)
        schools.append(cells)
    return schools


def _kinds(n_schools: int, kind_shares: Sequence[tuple[SchoolKind, int]]) -> list[SchoolKind]:
    kinds = [kind for kind, share in kind_shares for _ in range(max(1, n_schools * share // 100))]
    missing = n_schools - len(kinds)
    return ([SchoolKind.PRIMARY] * missing + kinds) if missing > 0 else kinds[-n_schools:]


def _locality(number: int, kind: SchoolKind) -> str:
    if kind is SchoolKind.TEACHING_POINT:
        return "rural"
    return ("town", "urban", "rural")[number % 3]


def _shape(rng: np.random.Generator, number: int, kind: SchoolKind) -> _Shape:
    factors = {f"1.{i}": float(1.08 + 0.3 * rng.random()) for i in range(1, 8)}
    if kind is not SchoolKind.TEACHING_POINT:
        if number % 11 == 3:
            factors |= {"1.2": 0.90, "1.5": 0.88}
        elif number % 11 == 6:
            factors["1.4"] = 0.92
        elif number % 11 == 9:
            factors["1.5"] = 0.78
    if kind is SchoolKind.JUNIOR and number % 3 == 1:
        factors["1.6"] = 4.5 + float(rng.random())
    crowded = kind is SchoolKind.PRIMARY and number in (4, 5)
    blank = "area_sports_ground" if kind is SchoolKind.PRIMARY and number == 8 else ""
    return _Shape(factors, crowded, blank)


def _people(rng: np.random.Generator, kind: SchoolKind, locality: str, shape: _Shape) -> dict[str, str]:
    """Return pupils and classes of every stage the kind has, and rooms for music and art."""
    stages = list(STAGES_OF_KIND[kind])
    if not stages:
        return {"pupils_primary": str(int(rng.integers(40, 90)))} if kind is SchoolKind.SPECIAL else {}
    low, high = {"urban": (700, 1500), "town": (400, 1000), "rural": (120, 420)}[locality]
    if kind is SchoolKind.TEACHING_POINT:
        low, high = 24, 90
    if len(stages) > 1:
        low, high = max(100, low // 2), high // 2
    cells: dict[str, str] = {}
    n_classes = 0
    for stage in stages:
        pupils = int(rng.integers(low, high))
        usual = 47 if shape.crowded else 36
        classes = max(1, -(-pupils // usual))
        largest = -(-pupils // classes)
        oversize = min(classes, 2) if shape.crowded else 0
        largest = max(largest, 48) if shape.crowded else largest
        n_classes += classes
        cells |= {
            f"pupils_{stage}": str(pupils),
            f"classes_{stage}": str(classes),
            f"largest_class_{stage}": str(largest),
            f"oversize_classes_{stage}": str(oversize),
        }
    if kind in (SchoolKind.COMPLETE_SECONDARY, SchoolKind.TWELVE_YEAR):
        cells["pupils_senior"] = str(int(rng.integers(500, 1200)))
    rooms = str(-(-n_classes // 12) + int(rng.integers(0, 2)))
    return cells | {"music_rooms": rooms, "art_rooms": rooms}


def _teachers(cells: dict[str, str], kind: SchoolKind, shape: _Shape, rule_set: RuleSet) -> dict[str, str]:
    teachers = {}
    for stage in STAGES_OF_KIND[kind]:
        pupils = int(cells[f"pupils_{stage}"])
        for code, column in _TEACHER_COLUMNS:
            wanted = _standard(rule_set, code, stage) * pupils / 100 * shape.factors[code]
            teachers[f"{column}_{stage}"] = str(_whole(wanted, shape.factors[code]))
    return teachers


def _shared(cells: dict[str, str], kind: SchoolKind, shape: _Shape, rule_set: RuleSet) -> dict[str, str]:
    """Return rooms, grounds, equipment and classrooms of the whole school, senior pupils served as well."""
    weights = _weights(kind, rule_set)
    by_stage = {"primary": weights.primary, "junior": weights.junior, "senior": weights.senior}
    weighted = float(sum(w * int(cells.get(f"pupils_{stage}", "0")) for stage, w in by_stage.items()))

    def whole(code: str) -> float:
        per_pupil = max(_standard(rule_set, code, stage) / float(by_stage[stage]) for stage in STAGES_OF_KIND[kind])
        return per_pupil * weighted * shape.factors[code]

    ground = whole("1.5")
    indoor = int(ground * 0.08) if cells["locality"] == "urban" else 0
    yuan = int(whole("1.6")) + 1
    return {
        "area_teaching": str(int(whole("1.4")) + 1 + indoor),
        "area_indoor_sports": str(indoor),
        "area_sports_ground": str(int(ground) + 1 - indoor),
        "equipment_10k": f"{yuan // _YUAN_PER_10K}.{yuan % _YUAN_PER_10K:04d}",
        "multimedia_rooms": str(_whole(whole("1.7") / 100, shape.factors["1.7"])),
    }


def _weights(kind: SchoolKind, rule_set: RuleSet) -> StageWeights:
    split = rule_set.parameters.split_weights
    by_kind = {
        SchoolKind.NINE_YEAR: split.nine_year,
        SchoolKind.COMPLETE_SECONDARY: split.complete_secondary,
        SchoolKind.TWELVE_YEAR: split.twelve_year,
    }
    return by_kind.get(kind, _ALONE)


def _standard(rule_set: RuleSet, code: str, stage: Stage) -> float:
    thresholds = rule_set.indicator(code).thresholds
    if thresholds is None:
        raise ValueError(f"indicator {code} has no thresholds")
    return float(thresholds[stage])


def _whole(wanted: float, factor: float) -> int:
    """Round a number of people or rooms to the side of the standard its factor is on."""
    return int(wanted) + 1 if factor >= 1 else int(wanted)
