"""Veto items (否决性指标): how each stands after all that was said of it, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.cells import CellReader, Choice, normalised
from scoring.criteria_file import LEVELS, Level
from scoring.errors import Defect
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason
from scoring.ruleset import Indicator, RuleSet

VETOES_FILE = "vetoes.csv"
VETO_COLUMNS = ("code", "state", "level", "reason")


class VetoState(StrEnum):
    """Where a veto item stands."""

    UNASSESSED = "unassessed"
    ABSENT = "absent"
    RAISED = "raised"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


VETO_STATES = (
    Choice("unassessed", "未评定", "unassessed"),
    Choice("absent", "不存在", "absent"),
    Choice("raised", "已提出", "raised"),
    Choice("confirmed", "已确认", "confirmed"),
    Choice("dismissed", "已排除", "dismissed"),
)
_ONLY_ABOVE_COUNTY = (VetoState.CONFIRMED, VetoState.DISMISSED)


@dataclass(frozen=True, slots=True)
class VetoRow:
    """One thing said of one veto item; later rows are later in time."""

    row: int
    code: str
    state: VetoState
    level: Level
    reason: str


def parse_vetoes(
    cells: Sequence[Mapping[str, str | None]], *, rule_set: RuleSet, file: str = VETOES_FILE, first_row: int = 2
) -> tuple[tuple[VetoRow, ...], tuple[Defect, ...]]:
    """Read the rows of a veto file.

    Never raises for content; a row with a defect is left out of the rows returned. A county can neither confirm
    nor dismiss, so such a row is a defect.

    Parameters
    ----------
    cells : sequence of mappings
        One mapping column name → text per row: code, state, level, reason.
    rule_set : RuleSet
        Says which veto items exist.
    file : str
        Name of the file, for messages.
    first_row : int
        Line of the first row in the file.

    Returns
    -------
    tuple of VetoRow, tuple of Defect
        In file order.
    """
    codes = {indicator.code for indicator in rule_set.domain("5")}
    rows: list[VetoRow] = []
    defects: list[Defect] = []
    for number, texts in enumerate(cells, start=first_row):
        if not any((value or "").strip() for value in texts.values()):
            continue
        reader = CellReader(file, number, texts, defects)
        code = normalised(texts.get("code"))
        if code not in codes:
            zh = f"“{code[:20]}”不是否决性指标的代码"
            reader.note("code", zh, f"{code[:20]!r} is not the code of a veto item", label="指标代码")
        state = reader.choice("state", VETO_STATES, "状态")
        level = reader.choice("level", LEVELS, "层级")
        reason = reader.text("reason", "理由")
        for column, label in (("state", "状态"), ("level", "层级")):
            if not normalised(texts.get(column)):
                reader.note(column, "不能为空", "must not be blank", label=label)
        if state in _ONLY_ABOVE_COUNTY and level == Level.COUNTY:
            zh = "只有市级或省级可以确认或排除"
            reader.note("level", zh, "only the city or the province confirms or dismisses", label="层级")
        if state and level and not reader.broken:
            rows.append(VetoRow(number, code, VetoState(state), Level(level), reason))
    return tuple(rows), tuple(defects)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one veto item stands and the row that put it there (``None``: nothing was said)."""

    state: VetoState
    by: VetoRow | None


def standing_of(rows: Sequence[VetoRow]) -> Standing:
    """Return where one veto item stands after all its rows, in order of time.

    Raising is open to everyone; what was raised leaves only by confirmation or dismissal, and what was
    confirmed only by dismissal, each by the city or the province. A lower level does not overrule a higher
    one, unless the item is raised anew after a dismissal.

    Parameters
    ----------
    rows : sequence of VetoRow
        The rows of one item, oldest first.

    Returns
    -------
    Standing
        ``unassessed`` if there is no row.

    Examples
    --------
    >>> raised = VetoRow(2, "5.1", VetoState.RAISED, Level.COUNTY, "来信")
    >>> denied = VetoRow(3, "5.1", VetoState.ABSENT, Level.COUNTY, "县自查")
    >>> standing_of([raised, denied]).state
    <VetoState.RAISED: 'raised'>
    """
    now = Standing(VetoState.UNASSESSED, None)
    for row in rows:
        if _moves(now, row):
            now = Standing(row.state, row)
    return now


def _moves(now: Standing, row: VetoRow) -> bool:
    outranked = now.by is not None and row.level.rank < now.by.level.rank
    if row.state is VetoState.RAISED:
        return now.state is not VetoState.CONFIRMED
    if row.state in _ONLY_ABOVE_COUNTY:
        return not (outranked and now.state in _ONLY_ABOVE_COUNTY)
    return now.state not in (VetoState.RAISED, VetoState.CONFIRMED) and not outranked


def veto_finding(rows: Sequence[VetoRow], rule_set: RuleSet) -> Finding:
    """Decide domain 5: no veto item may be present.

    Parameters
    ----------
    rows : sequence of VetoRow
        All rows of the county in file order.
    rule_set : RuleSet
        The veto items.

    Returns
    -------
    Finding
        Code ``5``, combinator ``none_present``: not met if an item is confirmed; undecided while one is raised or
        unassessed; else met.

    Notes
    -----
    Source: 教督〔2017〕6号, veto items; any one present excludes recognition.
    """
    children = tuple(
        _item(indicator, standing_of([row for row in rows if row.code == indicator.code]))
        for indicator in rule_set.domain("5")
    )
    outcomes = [child.outcome for child in children]
    present, open_ = outcomes.count(Outcome.NOT_MET), outcomes.count(Outcome.UNDECIDED)
    if present:
        outcome = Outcome.NOT_MET
        codes = "、".join(child.code for child in children if child.outcome is Outcome.NOT_MET)
        zh, en = f"已确认存在否决性指标:{codes}。", f"{present} veto items are confirmed."
    elif open_:
        outcome = Outcome.UNDECIDED
        zh = f"有{open_}项否决性指标尚未评定,或已提出而未确认、未排除。"
        en = f"{open_} veto items are unassessed, or raised and neither confirmed nor dismissed."
    else:
        outcome = Outcome.MET
        zh, en = "没有否决性指标所列情形。", "No veto item is present."
    return Finding(
        code="5",
        title_zh="否决性指标",
        title_en="Veto items",
        outcome=outcome,
        combinator=Combinator.NONE_PRESENT,
        required="0",
        actual=str(present),
        unit="项",
        reasons=(Reason(f"vetoes_{outcome}", zh, en),),
        children=children,
    )


def _item(indicator: Indicator, standing: Standing) -> Finding:
    level_zh = standing.by.level.zh if standing.by else ""
    level_en = standing.by.level.value if standing.by else ""
    outcome, zh, en = {
        VetoState.UNASSESSED: (Outcome.UNDECIDED, "尚未评定。", "has not been assessed."),
        VetoState.ABSENT: (Outcome.MET, f"经{level_zh}评定不存在。", f"is absent, says the {level_en}."),
        VetoState.RAISED: (
            Outcome.UNDECIDED,
            f"已由{level_zh}提出,尚待市级或省级确认或排除。",
            f"was raised ({level_en}) and awaits confirmation or dismissal by the city or the province.",
        ),
        VetoState.CONFIRMED: (Outcome.NOT_MET, f"经{level_zh}确认存在。", f"is confirmed by the {level_en}."),
        VetoState.DISMISSED: (Outcome.MET, f"曾被提出,经{level_zh}排除。", f"was dismissed by the {level_en}."),
    }[standing.state]
    subject = f"“{indicator.short_zh}”"
    return Finding(
        code=indicator.code,
        title_zh=indicator.short_zh,
        title_en=indicator.short_en,
        outcome=outcome,
        actual=standing.state.value,
        reasons=(Reason(f"veto_{standing.state}", f"{subject}{zh}", f"“{indicator.short_en}” {en}"),),
        inputs=(InputRef(VETOES_FILE, standing.by.row),) if standing.by else (InputRef(VETOES_FILE),),
        units=indicator.units,
    )
