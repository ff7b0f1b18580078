"""What was entered about one part of a criterion → what counts of it, and the finding on that part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from scoring.criteria_file import CRITERIA_FILE, CriterionRow
from scoring.figures import PLACES_OF_PERCENT, PLACES_OF_VALUES, is_borderline, shown
from scoring.findings import Finding, InputRef, Outcome, Reason
from scoring.ruleset import CriterionPart, Indicator, Kind

SAID = {
    Outcome.MET: ("达标", "met"),
    Outcome.NOT_MET: ("不达标", "not met"),
    Outcome.UNDECIDED: ("未判定", "undecided"),
    Outcome.NOT_APPLICABLE: ("不适用", "not applicable"),
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What counts of all that was entered about one part: the figure, the judgement, each with its row.

    ``contested``: the judgement stands at least as high and as late as the figure, so it may hold against it.
    """

    value: CriterionRow | None
    judgement: CriterionRow | None

    @property
    def contested(self) -> bool:
        """Say whether the judgement was made at or above the figure's level, and not before it."""
        if self.judgement is None:
            return False
        return self.value is None or _precedence(self.judgement) >= _precedence(self.value)

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """Return the rows that count, the file if there is none."""
        rows = [row for row in (self.value, self.judgement) if row is not None]
        refs = tuple(InputRef(CRITERIA_FILE, number) for number in dict.fromkeys(row.row for row in rows))
        return refs or (InputRef(CRITERIA_FILE),)


def _precedence(row: CriterionRow) -> tuple[int, int]:
    return row.level.rank, row.row


def entered(rows: Sequence[CriterionRow], code: str, part: str) -> Entered:
    """Return what counts about one part: the latest figure and the latest judgement of the highest level.

    Source: method §4 (county < city < province; file order is time order).
    """
    own = [row for row in rows if row.code == code and row.part == part]
    return Entered(
        value=max((row for row in own if row.value is not None), key=_precedence, default=None),
        judgement=max((row for row in own if row.judgement is not None), key=_precedence, default=None),
    )


def part_finding(indicator: Indicator, part: CriterionPart, found: Entered, code: str) -> Finding:
    """Decide one part of a criterion: a figure against its limit, or a judgement (see ``criterion_finding``)."""
    if part.kind is not Kind.NUMERIC or part.comparator is None or part.limit is None:
        outcome, reason = _judged(part, found)
        return Finding(
            code=code,
            title_zh=part.zh,
            title_en=part.en,
            outcome=outcome,
            reasons=(reason,),
            inputs=found.inputs,
            units=indicator.units,
        )
    value = found.value.value if found.value else None
    outcome, reason = _numeric(part, found)
    places = PLACES_OF_PERCENT if part.unit == "%" else PLACES_OF_VALUES
    gap = None if value is None else value - part.limit if part.comparator == "ge" else part.limit - value
    return Finding(
        code=code,
        title_zh=part.zh,
        title_en=part.en,
        outcome=outcome,
        required=shown(part.limit),
        actual=None if value is None else shown(value),
        margin=None if gap is None else shown(gap),
        unit=part.unit or None,
        borderline=value is not None and is_borderline(value, part.limit, places),
        reasons=(reason,),
        inputs=found.inputs,
        units=indicator.units,
    )


def _judged(part: CriterionPart, found: Entered) -> tuple[Outcome, Reason]:
    row = found.judgement
    if row is None or row.judgement is None:
        zh, en = f"“{part.zh}”尚无判定。", f"“{part.en}” has not been judged."
        return Outcome.UNDECIDED, Reason("not_judged", zh, en)
    said_zh, said_en = SAID[row.judgement]
    reason = Reason(
        f"judged_{row.judgement}",
        f"“{part.zh}”经{row.level.zh}判定为{said_zh}。",
        f"“{part.en}” was judged {said_en} by the {row.level}.",
    )
    return row.judgement, reason


def _numeric(part: CriterionPart, found: Entered) -> tuple[Outcome, Reason]:
    judged = found.judgement.judgement if found.judgement and found.contested else None
    if judged in (Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE):
        outcome, reason = _judged(part, found)
        if found.value is None or found.value.value is None:
            return outcome, reason
        zh = f"{reason.zh[:-1]};填报数值为{_value_zh(found.value.value, part)},以判定为准。"
        en = f"{reason.en[:-1]}; the figure entered is {_value_en(found.value.value, part)}; the judgement counts."
        return outcome, Reason(reason.code, zh, en)
    if found.value is None or found.value.value is None or part.comparator is None or part.limit is None:
        zh, en = f"“{part.zh}”没有填报数值,无法判定。", f"No figure was entered for “{part.en}”."
        return Outcome.UNDECIDED, Reason("no_figure", zh, en)
    value = found.value.value
    holds = part.comparator.holds(value, part.limit)
    rule_zh = f"{part.comparator.sign}{_value_zh(part.limit, part)}"
    rule_en = f"{part.comparator.sign} {_value_en(part.limit, part)}"
    zh = f"{part.zh}为{_value_zh(value, part)},{'符合' if holds else '不符合'}要求({rule_zh})"
    en = f"{part.en}: {_value_en(value, part)} {'meets' if holds else 'does not meet'} the limit ({rule_en})"
    if judged is Outcome.MET and not holds and found.judgement:
        zh += f";{found.judgement.level.zh}判定为达标,但数值不达限值,以数值为准"
        en += f"; the {found.judgement.level} judged it met, but the figure counts"
    return (Outcome.MET if holds else Outcome.NOT_MET), Reason(
        "limit_met" if holds else "limit_not_met", f"{zh}。", f"{en}."
    )


def _value_zh(value: Fraction, part: CriterionPart) -> str:
    return f"{shown(value)}{part.unit}"


def _value_en(value: Fraction, part: CriterionPart) -> str:
    return f"{shown(value)} {part.unit_en}".rstrip()
