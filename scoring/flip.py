"""Nearest flip: for each finding that is not met, the smallest change that would meet it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scoring.figures import PLACES_OF_VALUES, shown
from scoring.findings import Combinator, Finding, Outcome
from scoring.recognition import Recognition
from scoring.repair_programme import Cone, Effect, Lever, Programme
from scoring.repair_solver import TIGHTEN, Solved, solve
from scoring.resource_rule import Standard, standards_of
from scoring.ruleset import CvWeighting, RuleSet, Stage
from scoring.schools import StageRow, StageRows
from scoring.spread import squared_coefficient

RESOURCE_UNITS = (("人", "teachers"), ("人", "teachers"), ("人", "teachers"), ("平方米", "m²"), ("平方米", "m²"),
                  ("元", "yuan"), ("间", "rooms"))
_HALVINGS = 80
_STEP = 100
_GAP = 1e-4
_SECONDS = 10.0
_NOISE = 1e-6
_MOST_TIGHTENED = 1e-2


@dataclass(frozen=True, slots=True)
class Flip:
    """The smallest change that meets one finding; ``amount`` is ``None`` where the change is not a quantity."""

    code: str
    amount: Fraction | None
    unit: str | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Raise:
    """So much more of one resource for one stage of one school."""

    row: StageRow
    amount: Fraction


def nearest_flips(
    tree: Finding, rows: StageRows, recognition: Recognition, rule_set: RuleSet
) -> tuple[Flip, ...]:
    """Return, for every finding not met whose change is not just its children's, the smallest change.

    Each finding is looked at alone: what meets one may move another, and a plan for the whole county is the
    repair plan's work.

    Parameters
    ----------
    tree : Finding
        The verdict's tree.
    rows : StageRows
        The stage rows the tree was made from.
    recognition : Recognition
        The recognition the tree was made from.
    rule_set : RuleSet
        The rules in force.

    Returns
    -------
    tuple of Flip
        In the order of the tree.

    Notes
    -----
    Source: method §5.
    """
    by_row = {(row.school_code, str(row.stage)): row for row in rows.rows}
    return tuple(
        flip
        for finding in tree.walk()
        if finding.outcome is Outcome.NOT_MET and finding.combinator is not Combinator.INFORMATIONAL
        for flip in _flips_of(finding, by_row, rows, recognition, rule_set)
    )


def _flips_of(
    finding: Finding, by_row: dict[tuple[str, str], StageRow], rows: StageRows, recognition: Recognition,
    rule_set: RuleSet,
) -> Iterator[Flip]:
    parts = finding.code.split("/")
    if parts[0] == "1.schools" and len(parts) >= 3:
        row = by_row[parts[1], parts[2]]
        standards = standards_of(rule_set, row.stage)
        yield _row_flip(finding, row, standards, rule_set) if len(parts) == 3 else _figure_flip(finding, row, standards)
    elif parts[0] == "1.cv" and len(parts) == 3:
        yield _cv_flip(finding, rows.of_stage(Stage(parts[1])), int(parts[2].split(".")[1]) - 1, rule_set)
    elif finding.code == "4.1":
        yield _recognition_flip(finding, recognition)
    elif finding.code[0] in "0235" and all(c.combinator is Combinator.INFORMATIONAL for c in finding.children):
        yield _entered_flip(finding)


def _lack(row: StageRow, index: int, share: Fraction, factor: int) -> Fraction:
    have, pupils = row.resources[index], row.pupils
    if have is None or pupils is None:
        return Fraction(0)
    amount = max(Fraction(0), share * pupils / factor - have)
    return Fraction(math.ceil(amount)) if isinstance(have, int) else amount


def _figure_flip(finding: Finding, row: StageRow, standards: Sequence[Standard]) -> Flip:
    index = next(i for i, s in enumerate(standards) if finding.code.endswith(f"/{s.code}"))
    amount = _lack(row, index, standards[index].limit, standards[index].factor)
    zh, en = RESOURCE_UNITS[index]
    text = _amount(amount)
    return Flip(finding.code, amount, zh, f"{row.school_name}({row.stage.zh})增加{text}{zh}即达标准。",
                f"{row.school_name} ({row.stage.en}): {text} more {en} meet the standard.")


def _row_flip(finding: Finding, row: StageRow, standards: Sequence[Standard], rule_set: RuleSet) -> Flip:
    # Resources of different kinds have no common unit; the smallest change is counted in parts of the standard.
    full = [_lack(row, i, s.limit, s.factor) for i, s in enumerate(standards)]
    floor = [_lack(row, i, s.floor, s.factor) for i, s in enumerate(standards)]
    parts = [_part(lack, s, row) for lack, s in zip(full, standards, strict=True)]
    saved = [p - _part(lack, s, row) for p, lack, s in zip(parts, floor, standards, strict=True)]
    spare = len(standards) - rule_set.parameters.resource_pass_count
    left = set(sorted(range(len(standards)), key=lambda i: (-saved[i], i))[:spare])
    needs = [(i, floor[i] if i in left else full[i]) for i in range(len(standards))]
    zh = "、".join(f"{standards[i].code}增加{_amount(n)}{RESOURCE_UNITS[i][0]}" for i, n in needs if n)
    en = ", ".join(f"{standards[i].code}: {_amount(n)} more {RESOURCE_UNITS[i][1]}" for i, n in needs if n)
    return Flip(finding.code, None, None, f"{row.school_name}({row.stage.zh})至少需:{zh}。",
                f"{row.school_name} ({row.stage.en}) needs at least {en}.")


def _part(lack: Fraction, standard: Standard, row: StageRow) -> Fraction:
    return lack * standard.factor / (standard.limit * (row.pupils or 1))


def _cv_flip(finding: Finding, rows: Sequence[StageRow], index: int, rule_set: RuleSet) -> Flip:
    raises = level_up(rows, index, rule_set)
    zh_unit, en_unit = RESOURCE_UNITS[index]
    if raises is None:
        return Flip(finding.code, None, None, "各校都没有这项资源,先配备才谈得上均衡。",
                    "No school has this resource; there is nothing to be even yet.")
    total = sum((r.amount for r in raises), Fraction(0))
    return Flip(
        finding.code, total, zh_unit,
        f"把最低的{len(raises)}所学校补到同一水平,共增加{_amount(total)}{zh_unit},差异系数即在限值以内。",
        f"Raising the {len(raises)} lowest schools to one level, {_amount(total)} {en_unit} in all, "
        "brings the coefficient to its limit.")


def level_up(rows: Sequence[StageRow], index: int, rule_set: RuleSet) -> tuple[Raise, ...] | None:
    """Return the least additions that bring one coefficient of one stage to its limit, checked exactly.

    Parameters
    ----------
    rows : sequence of StageRow
        The rows of one stage, pupils and figures known.
    index : int
        Which of the seven indicators, from 0.
    rule_set : RuleSet
        Limit and form of the coefficient.

    Returns
    -------
    tuple of Raise or None
        Empty where the limit holds already; ``None`` where no school has anything. Amounts are rounded up to
        whole teachers and rooms, else to hundredths.

    Notes
    -----
    In the pupil-weighted form an addition to X_i changes S − c·m by (x_i − m − c·S)/(S·ΣP), the same for equal
    x_i = X_i/P_i: at the optimum all schools that get anything stand at one level, which bisection finds. In the
    unweighted form what a small school gets moves its ratio more, and the repair programme finds the least total,
    aiming a little below the limit (see ``scoring.repair_solver``).
    """
    pupils = [row.pupils or 0 for row in rows]
    have = [Fraction(row.resources[index] or 0) for row in rows]
    limit = rule_set.parameters.cv_limit[rows[0].stage] ** 2
    weighting = rule_set.parameters.cv_weighting
    if not any(have):
        return None
    if _holds(have, pupils, limit, weighting):
        return ()
    countable = all(isinstance(row.resources[index], int) for row in rows)
    if weighting is CvWeighting.UNWEIGHTED:
        wanted = _least_unweighted(have, pupils, rule_set.parameters.cv_limit[rows[0].stage], countable=countable)
    else:
        wanted = _one_level(have, pupils, limit, countable=countable)
    return tuple(Raise(row, x - h) for row, x, h in zip(rows, wanted, have, strict=True) if x > h)


def _one_level(
    have: Sequence[Fraction], pupils: Sequence[int], limit: Fraction, *, countable: bool
) -> list[Fraction]:
    ratios = [x / p for x, p in zip(have, pupils, strict=True)]
    low, high = min(ratios), max(ratios)
    for _ in range(_HALVINGS):
        middle = Fraction((low + high) / 2).limit_denominator(10**12)
        if not low < middle < high:
            break
        enough = _holds(_raised(have, pupils, middle), pupils, limit, CvWeighting.PUPILS)
        low, high = (low, middle) if enough else (middle, high)
    while True:
        rounded = [_up(x, countable=countable) if x > h else h
                   for x, h in zip(_raised(have, pupils, high), have, strict=True)]
        if _holds(rounded, pupils, limit, CvWeighting.PUPILS):
            return rounded
        high *= Fraction(1001, 1000)  # rounding up to whole units moved the mean and the spread a little


def _least_unweighted(
    have: Sequence[Fraction], pupils: Sequence[int], limit: Fraction, *, countable: bool
) -> list[Fraction]:
    n, cap = len(have), float(max(x / p for x, p in zip(have, pupils, strict=True)) * max(pupils)) + 1.0
    programme = Programme(
        have=np.array([[float(x / p)] for x, p in zip(have, pupils, strict=True)]),
        standard=np.ones((n, 1)),
        floor=np.zeros((n, 1)),
        pupils=np.ones(n),
        levers=tuple(Lever(1.0, cap, countable, (Effect(i, 0, 1.0 / p),)) for i, p in enumerate(pupils)),
        cones=(Cone(tuple(range(n)), 0, float(limit)),),
        pass_count=0,
        pools=0,
    )
    tighten = TIGHTEN
    while True:
        found = solve(programme, gap=_GAP, seconds=_SECONDS, tighten=tighten)
        if isinstance(found, Solved):
            added = [_up(Fraction(max(0.0, float(x) - _NOISE)), countable=countable) for x in found.amounts]
            wanted = [h + x for h, x in zip(have, added, strict=True)]
            if _holds(wanted, pupils, limit**2, CvWeighting.UNWEIGHTED):
                return wanted
        if tighten >= _MOST_TIGHTENED:
            # Equal ratios always hold; this is never the least, but it is never wrong.
            return _raised(have, pupils, max(x / p for x, p in zip(have, pupils, strict=True)))
        tighten *= 10


def _raised(have: Sequence[Fraction], pupils: Sequence[int], level: Fraction) -> list[Fraction]:
    return [max(x, level * p) for x, p in zip(have, pupils, strict=True)]


def _up(amount: Fraction, *, countable: bool) -> Fraction:
    return Fraction(math.ceil(amount)) if countable else Fraction(math.ceil(amount * _STEP), _STEP)


def _holds(have: Sequence[Fraction], pupils: Sequence[int], limit: Fraction, weighting: CvWeighting) -> bool:
    square = squared_coefficient(have, pupils, weighting)
    return square is not None and square <= limit


def _recognition_flip(finding: Finding, recognition: Recognition) -> Flip:
    base, satisfied = recognition.count.base or 0, recognition.count.satisfied or 0
    gap = recognition.limit * base - satisfied
    lacking, limit = math.ceil(gap), shown(100 * recognition.limit)
    zh = f"{base}份有效问卷中再有{lacking}份为满意即达{limit}%"
    en = f"{lacking} more satisfied among the {base} valid questionnaires reach {limit} %"
    if recognition.limit < 1:
        more = math.ceil(gap / (1 - recognition.limit))
        zh, en = f"{zh};若另外收回的都满意,则还需{more}份", f"{en}; or {more} further ones, all satisfied"
    return Flip(finding.code, Fraction(lacking), "份", f"{zh}。", f"{en}.")


def _entered_flip(finding: Finding) -> Flip:
    if finding.margin is not None and finding.margin.startswith("-"):
        amount, unit = Fraction(finding.margin[1:]), finding.unit or ""
        return Flip(finding.code, amount, finding.unit,
                    f"“{finding.title_zh}”还差{shown(amount)}{unit}(现为{finding.actual}{unit},要求{finding.required}{unit})。",
                    f"“{finding.title_en}” lacks {shown(amount)} {unit}: {finding.actual} against {finding.required}.")
    if finding.margin == "0" and finding.required is not None:
        unit = finding.unit or ""
        return Flip(finding.code, None, finding.unit,
                    f"“{finding.title_zh}”现为{finding.actual}{unit},须低于{finding.required}{unit}。",
                    f"“{finding.title_en}” is {finding.actual} and must be below {finding.required}.")
    if finding.code.startswith("5"):
        return Flip(finding.code, None, None, f"“{finding.title_zh}”须整改并由市级或省级复核后排除。",
                    f"“{finding.title_en}” must be remedied and dismissed by the city or the province.")
    return Flip(finding.code, None, None, f"“{finding.title_zh}”须整改并由判定层级重新判定为达标。",
                f"“{finding.title_en}” must be remedied and judged anew by the level that judged it.")


def _amount(value: Fraction) -> str:
    return shown(Fraction(math.ceil(value * 10**PLACES_OF_VALUES), 10**PLACES_OF_VALUES), PLACES_OF_VALUES)
