"""The fourteen difference coefficients, as a table and as points on a strip against their limit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from scoring.figures import PLACES_OF_COEFFICIENTS, PLACES_OF_VALUES, shown
from scoring.findings import Combinator, Finding
from surveyapp.frame import Mark, mark_of
from surveyapp.reports.numbers import fixed
from surveyapp.reports.schools import child_of

# The strip's drawing, in its own units.
AXIS_LEFT, AXIS_LENGTH, WIDTH = 34, 236, 330
FIRST_LINE, LINE_HEIGHT = 38, 24
TEXT_DROP = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the strip's axis."""

    x: int
    words: str


@dataclass(frozen=True, slots=True)
class CoefficientLine:
    """One of a stage's seven coefficients; ``x`` is ``None`` where there is none to draw."""

    code: str
    title: str
    value: str
    limit: str
    mean: str
    unit: str
    unweighted: str
    mark: Mark
    reason: str
    x: int | None
    y: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The size of a stage's drawing, and what is drawn once."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    limit_x: int
    ticks: tuple[Tick, ...]
    values_x: int


@dataclass(frozen=True, slots=True)
class CoefficientStage:
    """One stage's seven coefficients."""

    stage: str
    title: str
    limit: str
    composite: str
    lines: tuple[CoefficientLine, ...]
    strip: Strip


def coefficient_stages(tree: Finding) -> tuple[CoefficientStage, ...]:
    """Lay out the coefficients of both stages on strips of one scale."""
    stages = [stage for stage in child_of(child_of(tree, "1"), "1.cv").children if stage.children]
    leaves = [leaf for stage in stages for leaf in stage.children]
    figures = [Fraction(text) for leaf in leaves for text in (leaf.actual, leaf.required) if text]
    # The next fifth above the largest figure, so that no point stands on the edge.
    fifths = int(max(figures, default=Fraction(0)) * 5) + 1
    return tuple(_stage(stage, fifths) for stage in stages)


def _stage(stage: Finding, fifths: int) -> CoefficientStage:
    leaves = [leaf for leaf in stage.children if leaf.combinator is not Combinator.INFORMATIONAL]
    composite = next(leaf for leaf in stage.children if leaf.combinator is Combinator.INFORMATIONAL)
    top = Fraction(fifths, 5)
    limit = Fraction(leaves[0].required or 0)
    bottom = FIRST_LINE + LINE_HEIGHT * (len(leaves) - 1) + LINE_HEIGHT // 2
    return CoefficientStage(
        stage=stage.code.rsplit("/", 1)[-1],
        title=stage.title_zh,
        limit=fixed(limit, PLACES_OF_VALUES),
        composite=_rounded(composite.actual, False),
        lines=tuple(_line(leaf, number, top) for number, leaf in enumerate(leaves)),
        strip=Strip(
            width=WIDTH,
            height=bottom + LINE_HEIGHT,
            left=AXIS_LEFT,
            right=AXIS_LEFT + AXIS_LENGTH,
            top=FIRST_LINE - LINE_HEIGHT // 2,
            bottom=bottom,
            limit_x=_x(limit, top),
            ticks=tuple(Tick(_x(Fraction(n, 5), top), shown(Fraction(n, 5), 1)) for n in range(fifths + 1)),
            values_x=WIDTH,
        ),
    )


def _line(leaf: Finding, number: int, top: Fraction) -> CoefficientLine:
    beside = {child.code.rsplit("/", 1)[-1]: child for child in leaf.children}
    mean = beside.pop("mean", None)
    other = next(iter(beside.values()), None)
    mean_text = "–"
    if mean is not None and mean.actual is not None:
        mean_text = fixed(mean.actual, PLACES_OF_VALUES)
    y = FIRST_LINE + number * LINE_HEIGHT
    return CoefficientLine(
        code=leaf.code.rsplit("/", 1)[-1],
        title=leaf.title_zh.rsplit(":", 1)[0],
        value=_rounded(leaf.actual, leaf.borderline),
        limit=fixed(leaf.required or "0", PLACES_OF_VALUES),
        mean=mean_text,
        unit=(mean.unit if mean else None) or "",
        unweighted=_rounded(other.actual if other else None, False),
        mark=mark_of(leaf.outcome),
        reason=leaf.reasons[0].zh,
        x=None if leaf.actual is None else _x(Fraction(leaf.actual), top),
        y=y,
        text_y=y + TEXT_DROP,
    )


def _rounded(text: str | None, borderline: bool) -> str:
    if text is None:
        return "–"
    return text if borderline else fixed(text, PLACES_OF_COEFFICIENTS)


def _x(value: Fraction, top: Fraction) -> int:
    return AXIS_LEFT + round(value / top * AXIS_LENGTH)
