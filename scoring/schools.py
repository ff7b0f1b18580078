"""School rows → stage rows: who is in scope, and what each stage has of the school's shared resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from scoring.findings import InputRef, Reason
from scoring.ruleset import Parameters, Stage, StageWeights
from scoring.school_columns import (
    BOARDING,
    KINDS,
    LOCALITIES,
    SCHOOL_COLUMN_NAMES,
    SCHOOL_COLUMNS,
    SCHOOLS_FILE,
    SPONSORS,
    STAGES_OF_KIND,
    SchoolColumn,
    SchoolKind,
    SchoolRow,
)
from scoring.school_file import parse_school_rows

__all__ = [
    "BOARDING",
    "KINDS",
    "LOCALITIES",
    "SCHOOLS_FILE",
    "SCHOOL_COLUMNS",
    "SCHOOL_COLUMN_NAMES",
    "SPONSORS",
    "STAGES_OF_KIND",
    "LeftOut",
    "SchoolColumn",
    "SchoolKind",
    "SchoolRow",
    "StageRow",
    "StageRows",
    "out_of_scope",
    "parse_school_rows",
    "resource_columns",
    "stage_rows",
]

YUAN_PER_10K = 10_000

_TEACHER_COLUMNS = ("teachers_degree", "teachers_backbone", "teachers_pe_arts")
_SHARED_COLUMNS = (
    ("area_teaching", "area_indoor_sports"),
    ("area_sports_ground", "area_indoor_sports"),
    ("equipment_10k",),
    ("multimedia_rooms",),
)


def resource_columns(stage: Stage) -> tuple[tuple[str, ...], ...]:
    """Return, for each of 1.1 to 1.7, the columns of the school file its numerators come from."""
    return (*((f"{name}_{stage}",) for name in _TEACHER_COLUMNS), *_SHARED_COLUMNS)


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of one school, as the seven indicators see it.

    ``resources`` are the numerators X of 1.1 to 1.7 (persons, persons, persons, m², m², yuan, rooms), shared
    ones already split; ``None`` is unknown. ``pupils`` is never 0. ``inputs`` are, for each indicator, the
    cells its value comes from.
    """

    school_code: str
    school_name: str
    kind: SchoolKind
    stage: Stage
    pupils: int | None
    resources: tuple[int | Fraction | None, ...]
    row: int
    inputs: tuple[tuple[InputRef, ...], ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A school, or one stage of it, that the seven indicators do not look at, and why."""

    school_code: str
    school_name: str
    stage: Stage | None
    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class StageRows:
    """All stage rows in scope, in file order, and what was left out."""

    rows: tuple[StageRow, ...]
    left_out: tuple[LeftOut, ...]

    def of_stage(self, stage: Stage) -> tuple[StageRow, ...]:
        """Return the rows of one stage."""
        return tuple(row for row in self.rows if row.stage is stage)


def stage_rows(rows: Sequence[SchoolRow], parameters: Parameters) -> StageRows:
    """Turn each school into one row per compulsory stage.

    Out of scope are special and vocational schools and teaching points below the minimum; a stage with 0
    pupils is left out, and both are said. Rooms, sports areas, equipment and multimedia rooms of a school
    with several stages are split by weighted pupils (nine-year 1 : 1.1, complete secondary 1 : 1.2,
    twelve-year 1 : 1.1 : 1.32 by default); teachers are given per stage. Indoor sports rooms move from
    teaching rooms to sports areas; equipment becomes yuan.

    Parameters
    ----------
    rows : sequence of SchoolRow
        Schools in file order.
    parameters : Parameters
        Split weights and the minimum of teaching points.

    Returns
    -------
    StageRows
        A blank figure stays unknown (``None``). A teaching point whose pupils are unknown stays in, because
        they could decide whether it is in scope. A share that needs the unknown pupils of another stage is
        unknown, unless the school has none of the resource.

    Notes
    -----
    Source: 国教督办函〔2019〕30号 and the notes on the difference coefficient (shared resources of
    multi-stage schools); scope as in 教督〔2017〕6号.
    """
    weights = _whole_weights(parameters)
    kept: list[StageRow] = []
    left: list[LeftOut] = []
    for row in rows:
        reason = out_of_scope(row, parameters)
        if reason is not None:
            left.append(LeftOut(row.school_code, row.school_name, None, row.row, reason))
            continue
        shared = _Shared(row, weights.get(row.kind))
        for stage in row.stages:
            if row.pupils(stage) == 0:
                zh = f"{row.school_name}{stage.zh}学生数为0,该学段不参加资源配置计算。"
                en = f"{row.school_name} has no {stage.en} pupils; the seven indicators leave this stage out."
                reason = Reason("no_pupils", zh, en)
                left.append(LeftOut(row.school_code, row.school_name, stage, row.row, reason))
            else:
                kept.append(_stage_row(row, stage, shared))
    return StageRows(tuple(kept), tuple(left))


def out_of_scope(row: SchoolRow, parameters: Parameters) -> Reason | None:
    """Return why the seven indicators do not look at a school at all, ``None`` if they do."""
    name, least = row.school_name, parameters.teaching_point_minimum
    if not row.stages:
        zh, en = (
            ("特殊教育学校", "special school") if row.kind is SchoolKind.SPECIAL else ("职业学校", "vocational school")
        )
        return Reason(
            f"{row.kind}_out_of_scope",
            f"{name}是{zh},不在资源配置7项指标的范围内。",
            f"{name} is a {en}, which the seven indicators do not cover.",
        )
    if row.kind is SchoolKind.TEACHING_POINT and row.pupils_primary is not None and 0 < row.pupils_primary < least:
        return Reason(
            "small_teaching_point",
            f"{name}是教学点,学生{row.pupils_primary}人,少于{least}人,不在资源配置7项指标的范围内。",
            f"{name} is a teaching point with {row.pupils_primary} pupils, fewer than {least}; the seven "
            "indicators do not cover it.",
        )
    return None


class _Shared:
    """What the stages of one school share, worked out once for all of them."""

    __slots__ = ("amounts", "inputs", "pupils", "total", "weights")

    def __init__(self, row: SchoolRow, weights: tuple[int, int, int] | None) -> None:
        indoor = row.area_indoor_sports
        self.amounts: tuple[int | Fraction | None, ...] = (
            None if row.area_teaching is None or indoor is None else row.area_teaching - indoor,
            None if row.area_sports_ground is None or indoor is None else row.area_sports_ground + indoor,
            None if row.equipment_10k is None else row.equipment_10k * YUAN_PER_10K,
            row.multimedia_rooms,
        )
        self.weights = weights
        self.pupils = (row.pupils_primary, row.pupils_junior, row.pupils_senior)
        parts = zip(weights or (), self.pupils, strict=False)
        needed = [None if pupils is None else weight * pupils for weight, pupils in parts if weight]
        self.total = None if None in needed else sum(part for part in needed if part is not None)
        splitting = [
            InputRef(SCHOOLS_FILE, row.row, f"pupils_{name}")
            for name, weight in zip(_LEVELS, weights or (), strict=False)
            if weight
        ]
        self.inputs = tuple(
            (*[InputRef(SCHOOLS_FILE, row.row, name) for name in names], *splitting) for names in _SHARED_COLUMNS
        )

    def of_stage(self, stage: Stage) -> tuple[int | Fraction | None, ...]:
        """Return the stage's share of rooms, sports areas, equipment and multimedia rooms."""
        if self.weights is None:
            return self.amounts
        level = 0 if stage is Stage.PRIMARY else 1
        pupils = self.pupils[level]
        if self.total is None or pupils is None:
            return tuple(0 if amount == 0 else None for amount in self.amounts)
        own = self.weights[level] * pupils
        return tuple(
            None if amount is None else Fraction(amount.numerator * own, amount.denominator * self.total)
            for amount in self.amounts
        )


_LEVELS = ("primary", "junior", "senior")


def _whole_weights(parameters: Parameters) -> dict[SchoolKind, tuple[int, int, int]]:
    split = parameters.split_weights
    kinds = {
        SchoolKind.NINE_YEAR: split.nine_year,
        SchoolKind.COMPLETE_SECONDARY: split.complete_secondary,
        SchoolKind.TWELVE_YEAR: split.twelve_year,
    }
    return {kind: _whole(weights) for kind, weights in kinds.items()}


def _whole(weights: StageWeights) -> tuple[int, int, int]:
    # Only the ratio of the weights matters, so 1 : 1.1 : 1.32 may as well be 100 : 110 : 132.
    scale = lcm(weights.primary.denominator, weights.junior.denominator, weights.senior.denominator)
    return int(weights.primary * scale), int(weights.junior * scale), int(weights.senior * scale)


def _stage_row(row: SchoolRow, stage: Stage, shared: _Shared) -> StageRow:
    pupils_input = InputRef(SCHOOLS_FILE, row.row, f"pupils_{stage}")
    own = tuple([(InputRef(SCHOOLS_FILE, row.row, f"{name}_{stage}"), pupils_input) for name in _TEACHER_COLUMNS])
    inputs = [(*refs, pupils_input) for refs in shared.inputs] if shared.weights is None else shared.inputs
    return StageRow(
        school_code=row.school_code,
        school_name=row.school_name,
        kind=row.kind,
        stage=stage,
        pupils=row.pupils(stage),
        resources=(*row.stage_teachers(stage), *shared.of_stage(stage)),
        row=row.row,
        inputs=(*own, *inputs),
    )
