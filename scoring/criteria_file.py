"""The text cells of the criteria file → what was entered and judged, every defect named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from scoring.cells import CellReader, Choice, normalised
from scoring.errors import Defect
from scoring.findings import Outcome
from scoring.ruleset import CriterionPart, Kind, RuleSet

CRITERIA_FILE = "criteria.csv"
CRITERIA_COLUMNS = ("code", "part", "value", "judgement", "level", "evidence")

_DECIMALS = 6
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}


class Level(StrEnum):
    """The level of government that judged; a later name in this list overrules an earlier one."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"

    @property
    def rank(self) -> int:
        """Return 0 for the county, 1 for the city, 2 for the province."""
        return list(Level).index(self)

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        return {"county": "县级", "city": "市级", "province": "省级"}[self.value]


LEVELS = tuple(Choice(level.value, level.zh, level.value) for level in Level)
JUDGEMENTS = (
    Choice("met", "达标", "met"),
    Choice("not_met", "不达标", "not met"),
    Choice("undecided", "未判定", "undecided"),
    Choice("not_applicable", "不适用", "not applicable"),
)


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One entry about one part of one criterion: a figure, a judgement, or both; later rows are later in time."""

    row: int
    code: str
    part: str
    value: Fraction | None
    judgement: Outcome | None
    level: Level
    evidence: str


def parse_criteria(
    cells: Sequence[Mapping[str, str | None]], *, rule_set: RuleSet, file: str = CRITERIA_FILE, first_row: int = 2
) -> tuple[tuple[CriterionRow, ...], tuple[Defect, ...]]:
    """Read the rows of a criteria file.

    Never raises for content; a row with a defect is left out of the rows returned. Values are in the unit of
    the criterion: ``96.5`` where the unit is per cent means 96.5 %; levels may be Roman.

    Parameters
    ----------
    cells : sequence of mappings
        One mapping column name → text per row: code, part, value, judgement, level, evidence.
    rule_set : RuleSet
        Says which codes and parts exist and which of them are numbers.
    file : str
        Name of the file, for messages.
    first_row : int
        Line of the first row in the file.

    Returns
    -------
    tuple of CriterionRow, tuple of Defect
        In file order.

    Examples
    --------
    >>> from scoring.ruleset import load_rule_set
    >>> rows, defects = parse_criteria(
    ...     [{"code": "3.1", "value": "96.5", "level": "county"}], rule_set=load_rule_set("national-2017")
    ... )
    >>> rows[0].value, defects
    (Fraction(193, 2), ())
    """
    rows: list[CriterionRow] = []
    defects: list[Defect] = []
    for number, texts in enumerate(cells, start=first_row):
        if not any((value or "").strip() for value in texts.values()):
            continue
        reader = CellReader(file, number, texts, defects)
        row = _row(reader, rule_set)
        if row is not None and not reader.broken:
            rows.append(row)
    return tuple(rows), tuple(defects)


def _row(reader: CellReader, rule_set: RuleSet) -> CriterionRow | None:
    part = _part(reader, rule_set)
    judgement = reader.choice("judgement", JUDGEMENTS, "判定")
    level = reader.choice("level", LEVELS, "层级")
    evidence = reader.text("evidence", "依据")
    value = _value(reader, part) if part else None
    if not normalised(reader.cells.get("level")):
        reader.note("level", "不能为空,应为县级、市级或省级", "must be county, city or province", label="层级")
    if not normalised(reader.cells.get("value")) and not normalised(reader.cells.get("judgement")):
        reader.note("judgement", "数值和判定都为空", "neither a value nor a judgement is given", label="判定")
    if value is not None and judgement == "not_applicable":
        reader.note("judgement", "判定为不适用时不能填数值", "a value is given for what does not apply", label="判定")
    if part is None or level is None:
        return None
    return CriterionRow(
        row=reader.row,
        code=normalised(reader.cells.get("code")),
        part=part.code,
        value=value,
        judgement=Outcome(judgement) if judgement else None,
        level=Level(level),
        evidence=evidence,
    )


def _part(reader: CellReader, rule_set: RuleSet) -> CriterionPart | None:
    code, name = normalised(reader.cells.get("code")), normalised(reader.cells.get("part"))
    try:
        indicator = rule_set.indicator(code)
    except KeyError:
        indicator = None
    if indicator is None or not indicator.parts:
        zh = f"“{code[:20]}”不是可以填报或判定的指标代码"
        reader.note("code", zh, f"{code[:20]!r} is not the code of a criterion", label="指标代码")
        return None
    for part in indicator.parts:
        if part.code == name:
            return part
    expected = "、".join(part.code for part in indicator.parts if part.code)
    zh = f"指标{code}的分项应为其中之一:{expected}" if expected else f"指标{code}没有分项,应留空"
    codes = ", ".join(part.code for part in indicator.parts if part.code)
    en = f"the part of {code} must be one of {codes}" if codes else f"{code} has no parts: leave it blank"
    reader.note("part", zh, en, label="分项")
    return None


def _value(reader: CellReader, part: CriterionPart) -> Fraction | None:
    text = normalised(reader.cells.get("value"))
    if part.kind is not Kind.NUMERIC:
        if text:
            reader.note("value", "该项只作判定,不填数值", "this part is judged and takes no value", label="数值")
        return None
    if part.unit == "%" and text.endswith("%"):
        text = text[:-1]
    as_number = CellReader(
        reader.file, reader.row, {"value": _ROMAN.get(text.upper(), text)}, reader.defects, reader.broken
    )
    value = as_number.number("value", _DECIMALS, "数值")
    if value is not None and part.most is not None and value > part.most:
        zh = f"不可能大于{part.most},请核对单位({part.unit or '比值,0至1之间'})"
        reader.note("value", zh, f"cannot exceed {part.most}: check the unit", label="数值")
    return value
