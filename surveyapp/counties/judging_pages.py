"""What the pages of criteria and veto items are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext

from scoring.figures import shown
from scoring.ruleset import CriterionPart, Indicator, Kind
from scoring.vetoes import VetoState
from surveyapp.accounts.policy import Permission, StaffMember
from surveyapp.counties.labels import JUDGEMENTS, LEVELS, VETO_STATES
from surveyapp.counties.models import Judgement, JudgementCode, Level, VetoAct
from surveyapp.counties.models import VetoState as VetoCode
from surveyapp.counties.pages import CountyHead
from surveyapp.counties.services import EVIDENCE, LEVEL_OF
from surveyapp.counties.standing import CriterionStanding, VetoStanding
from surveyapp.frame import Mark, mark_of, moment

_DOMAINS = ("0", "2", "3")


@dataclass(frozen=True, slots=True)
class CriterionRowShown:
    """One criterion in the list."""

    code: str
    title: str
    wording: str
    mark: Mark
    reason: str
    by: str
    computed: bool
    href: str


@dataclass(frozen=True, slots=True)
class CriterionGroup:
    """The criteria of one domain."""

    code: str
    title: str
    rows: tuple[CriterionRowShown, ...]
    n_given: int


@dataclass(frozen=True, slots=True)
class CriteriaPage:
    """Template ``staff/counties/criteria.html``."""

    head: CountyHead
    groups: tuple[CriterionGroup, ...]
    may_judge: bool
    n_given: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One judgement one can choose."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class PartField:
    """One part of a criterion as it is filled in."""

    code: str
    label: str
    numeric: bool
    limit: str
    unit: str
    value: str
    choices: tuple[Choice, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry or act, as it was made."""

    at: str
    by: str
    level: str
    part: str
    said: str
    text: str
    counts: bool


@dataclass(frozen=True, slots=True)
class CriterionPage:
    """Template ``staff/counties/criterion.html``."""

    head: CountyHead
    code: str
    title: str
    wording: str
    units: str
    source: str
    mark: Mark
    reasons: tuple[str, ...]
    computed: bool
    may_judge: bool
    level: str
    own_county: bool
    parts: tuple[PartField, ...]
    evidence: str
    evidence_errors: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]
    history: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True)
class VetoItem:
    """One veto item: where it stands, what was said, and what the reader may say."""

    code: str
    title: str
    wording: str
    mark: Mark
    said: str
    reason: str
    history: tuple[HistoryRow, ...]
    may_raise: bool
    may_deny: bool
    may_confirm: bool
    may_dismiss: bool
    typed: str
    error: str


@dataclass(frozen=True, slots=True)
class VetoesPage:
    """Template ``staff/counties/vetoes.html``."""

    head: CountyHead
    items: tuple[VetoItem, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed about a criterion or a veto item and could not be taken, and why."""

    code: str = ""
    values: Mapping[str, str] | None = None
    text: str = ""
    errors: tuple[tuple[str, str], ...] = ()


def criteria_page(head: CountyHead, standings: Sequence[CriterionStanding], staff: StaffMember) -> CriteriaPage:
    """Lay out all criteria with where each stands."""
    titles = {"0": gettext("申报条件"), "2": gettext("政府保障程度（15项）"), "3": gettext("教育质量（9项）")}
    groups = tuple(
        CriterionGroup(
            domain, titles[domain],
            tuple(_criterion_row(each, head) for each in standings if each.indicator.code.startswith(domain)),
            sum(each.given for each in standings if each.indicator.code.startswith(domain)),
        )
        for domain in _DOMAINS
    )  # fmt: skip
    counted = [group for group in groups if group.code != "0"]
    return CriteriaPage(head, groups, staff.may(Permission.JUDGE), sum(group.n_given for group in counted))


def criterion_page(
    head: CountyHead, standing: CriterionStanding, staff: StaffMember, typed: Typed | None = None
) -> CriterionPage:
    """Lay out one criterion: what it asks, what counts, what was ever said, and the form."""
    indicator, typed = standing.indicator, typed or Typed()
    labels = {part.code: part.zh for part in indicator.parts} | {EVIDENCE: gettext("依据")}
    level = LEVEL_OF.get(staff.role)
    return CriterionPage(
        head=head,
        code=indicator.code,
        title=indicator.short_zh,
        wording=indicator.zh,
        units="、".join(indicator.units),
        source=indicator.source,
        mark=_criterion_mark(standing),
        reasons=_reasons(standing),
        computed=indicator.computed is not None,
        may_judge=staff.may(Permission.JUDGE),
        level=str(LEVELS[level]) if level else "",
        own_county=level is Level.COUNTY,
        parts=tuple(_part_field(indicator, part, typed) for part in indicator.parts),
        evidence=typed.text,
        evidence_errors=tuple(what for place, what in typed.errors if place == EVIDENCE),
        errors=tuple(
            (_field_of(indicator, part), f"{labels.get(part) or indicator.short_zh}：{what}")
            for part, what in typed.errors
        ),
        history=tuple(_entry_row(row, labels, standing) for row in reversed(standing.entries)),
    )


def vetoes_page(
    head: CountyHead, standings: Sequence[VetoStanding], staff: StaffMember, typed: Typed | None = None
) -> VetoesPage:
    """Lay out the veto items with what may be done to each."""
    return VetoesPage(head, tuple(_veto_item(each, staff, typed or Typed()) for each in standings))


def _criterion_row(standing: CriterionStanding, head: CountyHead) -> CriterionRowShown:
    counting = [row for row in standing.entries if row.id in standing.counting]
    latest = counting[-1] if counting else None
    indicator = standing.indicator
    return CriterionRowShown(
        code=indicator.code,
        title=indicator.short_zh,
        wording=indicator.zh,
        mark=_criterion_mark(standing),
        reason=" ".join(_reasons(standing)),
        by=f"{LEVELS[Level(latest.level)]} {latest.judged_by} {moment(latest.judged_at)}" if latest else "",
        computed=indicator.computed is not None,
        href=url_for("counties.criterion", code=head.code, criterion_code=indicator.code, year=head.year),
    )


def _criterion_mark(standing: CriterionStanding) -> Mark:
    if not standing.given and not standing.entries:
        return Mark("waiting", "○", gettext("待填报"))
    return mark_of(standing.finding.outcome)


def _reasons(standing: CriterionStanding) -> tuple[str, ...]:
    if any(part.group for part in standing.indicator.parts) and not standing.entries:
        return (gettext("还没有填报。本年度未被国家监测抽样的县不用填；是否被抽样在创建调查时填写。"),)
    leaves = [child for child in standing.finding.children if child.reasons] or [standing.finding]
    if standing.indicator.computed is not None:
        leaves = [standing.finding]
    return tuple(reason.zh for finding in leaves for reason in finding.reasons)


def _is_figure(part: CriterionPart) -> bool:
    return part.kind is Kind.NUMERIC and part.limit is not None and part.comparator is not None


def _field_of(indicator: Indicator, part_code: str) -> str:
    """Return the id of the field an error of a part, or of the evidence, stands at."""
    if part_code == EVIDENCE:
        return EVIDENCE
    figures = {part.code for part in indicator.parts if _is_figure(part)}
    return f"value-{part_code}" if part_code in figures else f"judgement-{part_code}"


def _part_field(indicator: Indicator, part: CriterionPart, typed: Typed) -> PartField:
    values = typed.values or {}
    chosen = values.get(f"judgement-{part.code}", "")
    numeric = _is_figure(part)
    return PartField(
        code=part.code,
        label=part.zh,
        numeric=numeric,
        limit=f"{part.comparator.sign} {shown(part.limit)}{part.unit}" if part.comparator and part.limit is not None
        else "",
        unit=part.unit,
        value=values.get(f"value-{part.code}", ""),
        choices=(
            Choice("", gettext("只填数值，不另作判定") if numeric else gettext("请选择"), not chosen),
            *(Choice(code.value, str(label), code.value == chosen) for code, label in JUDGEMENTS.items()),
        ),
        errors=tuple(what for place, what in typed.errors if place == part.code),
    )


def _entry_row(row: Judgement, labels: Mapping[str, str], standing: CriterionStanding) -> HistoryRow:
    said = [row.value] if row.value else []
    said += [str(JUDGEMENTS[JudgementCode(row.judgement)])] if row.judgement else []
    return HistoryRow(
        at=moment(row.judged_at), by=row.judged_by, level=str(LEVELS[Level(row.level)]),
        part=labels.get(row.part, row.part) if row.part else "", said=" · ".join(said), text=row.evidence,
        counts=row.id in standing.counting,
    )  # fmt: skip


def _veto_item(standing: VetoStanding, staff: StaffMember, typed: Typed) -> VetoItem:
    state, by, indicator = standing.standing.state, standing.by, standing.indicator
    decides, speaks = staff.may(Permission.DECIDE_VETO), staff.may(Permission.RAISE_VETO)
    own = typed if typed.code == indicator.code else Typed()
    return VetoItem(
        code=indicator.code,
        title=indicator.short_zh,
        wording=indicator.zh,
        mark=_veto_mark(state),
        said=_said(by.level, by.acted_by, by.acted_at) if by else gettext("还没有人评定。"),
        reason=by.reason if by else "",
        history=tuple(_act_row(act, by) for act in reversed(standing.acts)),
        may_raise=speaks and state is not VetoState.CONFIRMED,
        may_deny=speaks and state in (VetoState.UNASSESSED, VetoState.ABSENT),
        may_confirm=decides and state in (VetoState.RAISED, VetoState.DISMISSED),
        may_dismiss=decides and state in (VetoState.RAISED, VetoState.CONFIRMED),
        typed=own.text,
        error=own.errors[0][1] if own.errors else "",
    )


def _veto_mark(state: VetoState) -> Mark:
    code, sign = {
        VetoState.UNASSESSED: ("waiting", "○"),
        VetoState.ABSENT: ("met", "✓"),
        VetoState.RAISED: ("undecided", "?"),
        VetoState.CONFIRMED: ("not-met", "✕"),
        VetoState.DISMISSED: ("met", "✓"),
    }[state]
    return Mark(code, sign, str(VETO_STATES[VetoCode(state.value)]))


def _act_row(act: VetoAct, by: VetoAct | None) -> HistoryRow:
    return HistoryRow(
        at=moment(act.acted_at), by=act.acted_by, level=str(LEVELS[Level(act.level)]), part="",
        said=str(VETO_STATES[VetoCode(act.state)]), text=act.reason, counts=act is by,
    )  # fmt: skip


def _said(level: str, name: str, at: datetime) -> str:
    return f"{LEVELS[Level(level)]} {name} {moment(at)}"
