"""The verdict's tree as shown: words, rounding and places, nothing decided here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext, lazy_gettext

from scoring.figures import PLACES_OF_COEFFICIENTS, PLACES_OF_PERCENT, PLACES_OF_VALUES, shown
from scoring.findings import Combinator, Finding, InputRef, Outcome
from scoring.ruleset import RuleSet
from scoring.school_columns import SCHOOL_COLUMNS, SCHOOLS_FILE
from surveyapp.counties.labels import VETO_STATES
from surveyapp.counties.models import VetoState
from surveyapp.frame import Mark, mark_of
from surveyapp.reports.numbers import fixed, percent, signed

SCHOOLS = "1.schools"
_INFORMS = lazy_gettext("供参考")
_COUNTED = ("项", "个", "所", "班")
_PLAIN_CODE = re.compile(r"\d+(\.\d+)?")
_COLUMN_NAMES = {column.name: column.zh for column in SCHOOL_COLUMNS}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was required and what is there; empty where the rule has no such figure."""

    required: str
    actual: str
    margin: str


@dataclass(frozen=True, slots=True)
class Node:
    """One finding as shown: open where something below it is not met or not decided."""

    anchor: str
    code: str
    title: str
    mark: Mark
    rule: str
    figures: Figures
    borderline: bool
    reasons: tuple[str, ...]
    units: str
    inputs: str
    is_open: bool
    more: str
    children: tuple[Node, ...]


SchoolAddress = Callable[[str], str]
"""Returns the address of the page of one school, known by its code."""


def node_of(finding: Finding, rule_set: RuleSet, address: SchoolAddress | None = None) -> Node:
    """Make the node of a finding and of all below it.

    With an address, a school that passes is one line that leads to its page: in a county of hundreds of schools
    nobody could read the rest otherwise.
    """
    apart = (
        address is not None
        and finding.combinator is Combinator.SIX_OF_SEVEN_WITH_FLOOR
        and finding.outcome is Outcome.MET
    )
    informs = finding.combinator is Combinator.INFORMATIONAL
    wants_care = finding.outcome in (Outcome.NOT_MET, Outcome.UNDECIDED)
    return Node(
        anchor=_anchor(finding),
        code=_label(finding.code),
        title=finding.title_zh,
        mark=Mark("informs", "·", str(_INFORMS)) if informs else mark_of(finding.outcome),
        rule=_rule(finding, rule_set),
        figures=figures_of(finding, rule_set),
        borderline=finding.borderline,
        reasons=tuple(reason.zh for reason in finding.reasons),
        units="、".join(finding.units),
        inputs=places_of(finding.inputs),
        is_open=bool(finding.children) and wants_care and not informs,
        more=address(finding.code.split("/")[1]) if address is not None and apart else "",
        children=() if apart else _children(finding, rule_set, address),
    )


def _children(finding: Finding, rule_set: RuleSet, address: SchoolAddress | None) -> tuple[Node, ...]:
    nodes = [node_of(child, rule_set, address) for child in finding.children]
    if address is None:
        return tuple(nodes)
    if finding.code == SCHOOLS:
        return _passing_last(nodes, "passing-schools", lambda n: gettext("符合要求的%(n)s个学段", n=n))
    if finding.combinator is Combinator.SIX_OF_SEVEN_WITH_FLOOR:
        return _passing_last(nodes, f"{_anchor(finding)}-met", lambda n: gettext("达到标准的%(n)s项", n=n))
    return tuple(nodes)


def _passing_last(nodes: list[Node], anchor: str, title: Callable[[int], str]) -> tuple[Node, ...]:
    """Fold what passes away under one line at the end, so that what does not can be read."""
    met = mark_of(Outcome.MET)
    passing = tuple(node for node in nodes if node.mark.code == met.code)
    rest = tuple(node for node in nodes if node.mark.code != met.code)
    if not passing:
        return rest
    folded = Node(
        anchor=anchor,
        code="",
        title=title(len(passing)),
        mark=met,
        rule="",
        figures=Figures("", "", ""),
        borderline=False,
        reasons=(),
        units="",
        inputs="",
        is_open=False,
        more="",
        children=passing,
    )
    return (*rest, folded)


def _anchor(finding: Finding) -> str:
    return "f-" + finding.code.replace("/", "-")


def _label(code: str) -> str:
    """Return the annex code a finding belongs to: the nearest part of its own code that is one."""
    codes = [part for part in code.split("/") if _PLAIN_CODE.fullmatch(part)]
    return codes[-1] if codes else ""


def figures_of(finding: Finding, rule_set: RuleSet) -> Figures:
    """Write a finding's figures with the places each kind is printed with, and its unit."""
    if finding.code.startswith("5."):
        return Figures("", _veto_word(finding.actual), "")
    if finding.code.startswith("4.1"):
        places = PLACES_OF_PERCENT + 3 if finding.borderline else PLACES_OF_PERCENT
        return Figures(
            "" if finding.required is None else f"≥{percent(finding.required, PLACES_OF_PERCENT)}",
            "" if finding.actual is None else percent(finding.actual, places),
            _points(finding.margin),
        )
    places = PLACES_OF_COEFFICIENTS if finding.code.startswith("1.cv") else PLACES_OF_VALUES
    unit = f" {finding.unit}" if finding.unit else ""
    sign, whole = _sign(finding, rule_set), finding.borderline
    required, actual, margin = finding.required, finding.actual, finding.margin
    return Figures(
        required="" if required is None else f"{sign}{_plain(required)}{unit}",
        actual="" if actual is None else f"{_number(actual, places, finding.unit, whole)}{unit}",
        margin="" if margin is None else _margin(margin, places, finding.unit, whole),
    )


def places_of(inputs: tuple[InputRef, ...]) -> str:
    """Say where figures came from: file, row and columns, places of one row together."""
    rows: dict[tuple[str, int | None], list[str]] = {}
    for ref in inputs:
        columns = rows.setdefault((ref.file, ref.row), [])
        if ref.column is not None:
            names = _COLUMN_NAMES if ref.file == SCHOOLS_FILE else {}
            columns.append(names.get(ref.column, ref.column))
    return "；".join(_place(file, row, columns) for (file, row), columns in rows.items())


def _place(file: str, row: int | None, columns: list[str]) -> str:
    where: str = file if row is None else gettext("%(file)s 第%(row)s行", file=file, row=row)
    return f"{where} [{'、'.join(columns)}]" if columns else where


def _rule(finding: Finding, rule_set: RuleSet) -> str:
    rule = ""
    if finding.combinator is Combinator.SIX_OF_SEVEN_WITH_FLOOR:
        rule = gettext(
            "7项中至少%(n)s项达标，其余不低于标准的%(floor)s%%",
            n=rule_set.parameters.resource_pass_count,
            floor=shown(rule_set.parameters.resource_floor * 100),
        )
    elif finding.combinator is Combinator.ALL and finding.children:
        rule = gettext("以下全部达标才算达标")
    elif finding.combinator is Combinator.NONE_PRESENT:
        rule = gettext("任何一项经确认存在即否决")
    return rule


def _sign(finding: Finding, rule_set: RuleSet) -> str:
    if finding.children and finding.combinator is not Combinator.LEAF:
        return ""
    if finding.code.startswith("1.cv"):
        return "≤"
    if finding.code.startswith("1.schools"):
        return "≥"
    code, _, part_code = finding.code.partition("/")
    try:
        indicator = rule_set.indicator(code)
    except KeyError:
        return ""
    signs = [part.comparator.sign for part in indicator.parts if part.code == part_code and part.comparator]
    return signs[0] if signs else indicator.comparator.sign if indicator.comparator else ""


def _number(text: str, places: int, unit: str | None, whole: bool = False) -> str:
    """Round a figure for the eye; a count has no places, a figure rounding could mislead about has all of them."""
    if whole or (unit in _COUNTED and Fraction(text).denominator == 1):
        return text
    return fixed(text, places)


def _margin(text: str, places: int, unit: str | None, whole: bool) -> str:
    if whole or (unit in _COUNTED and Fraction(text).denominator == 1):
        return text.replace("-", "−") if text.startswith("-") else f"+{text}" if text != "0" else text
    return signed(text, places)


def _plain(text: str) -> str:
    """Write a limit as the standard prints it."""
    return shown(Fraction(text), PLACES_OF_VALUES)


def _points(text: str | None) -> str:
    if text is None:
        return ""
    points: str = gettext("%(margin)s个百分点", margin=signed(Fraction(text) * 100, PLACES_OF_PERCENT))
    return points


def _veto_word(state: str | None) -> str:
    return "" if state is None else str(VETO_STATES[VetoState(state)])
