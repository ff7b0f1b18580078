"""What the pages that join everything are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from scoring.sample import missing_from
from scoring.vetoes import VetoState
from surveyapp.accounts.policy import Permission, StaffMember
from surveyapp.board.queries import CountyStanding, Progress, SurveyStanding
from surveyapp.board.steps import Step, steps_of
from surveyapp.counties.pages import CountyHead, county_head
from surveyapp.counties.years import YearChoice
from surveyapp.frame import Bar, Crumb, Mark, Place, bar, mark_of_county, moment
from surveyapp.links.services import SCHOOL_GROUPS
from surveyapp.surveys.labels import GROUPS, PURPOSES, SURVEY_STATES
from surveyapp.surveys.models import Group, Purpose, SurveyState
from surveyapp.surveys.pages import survey_head


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sealed outcome, and the purpose it was made for: a rehearsal's counts for nothing."""

    mark: Mark
    purpose: str


@dataclass(frozen=True, slots=True)
class CountyLine:
    """One county in the list."""

    name: str
    code: str
    href: str
    is_demonstration: bool
    schools: str
    criteria: str
    bar: Bar
    vetoes: Mark
    survey: Mark
    answers: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class CountiesPage:
    """Template ``staff/board/counties.html``."""

    trail: tuple[Crumb, ...]
    year: int
    years: tuple[Place, ...]
    lines: tuple[CountyLine, ...]
    summary: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SurveyLine:
    """One survey in a county's list."""

    href: str
    title: str
    purpose: str
    window: str
    state: Mark
    n_responses: int
    n_links: int
    verdict: Mark | None


@dataclass(frozen=True, slots=True)
class CountyPage:
    """Template ``staff/board/county.html``."""

    head: CountyHead
    steps: tuple[Step, ...]
    surveys: tuple[SurveyLine, ...]
    verdict: Verdict | None
    may_prepare: bool
    residents: str
    rule_set: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group's answers against its target."""

    label: str
    n: int
    target: str
    missing: str
    population: str
    bar: Bar
    mark: Mark


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """The answers that came through the links of one school, or through county-wide ones."""

    place: str
    counts: tuple[str, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A place where the level above should look, and why."""

    place: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """Template ``staff/board/survey.html``."""

    head: CountyHead
    survey_id: int
    title: str
    purpose: str
    state: Mark
    opens: str
    closes: str
    closed_early: bool
    version: str
    residents: str
    residents_on_record: str
    sampled: bool
    created: str
    n_responses: int
    n_target: str
    n_links: int
    groups: tuple[GroupLine, ...]
    group_names: tuple[str, ...]
    places: tuple[PlaceLine, ...]
    reviews: tuple[ReviewLine, ...]
    may_close: bool
    may_seal: bool
    typed_to_check: bool
    waits_for_seal: bool
    sealed: bool
    may_audit: bool
    verdict: Mark | None


def counties_page(standings: Sequence[CountyStanding], choice: YearChoice) -> CountiesPage:
    """Lay out the list of counties."""
    real = [standing for standing in standings if not standing.county.is_demonstration]
    surveying = sum(any(s.state is SurveyState.OPEN for s in standing.surveys) for standing in real)
    sealed = sum(any(s.outcome is not None for s in standing.surveys) for standing in real)
    raised = sum(standing.n_vetoes(VetoState.RAISED) for standing in real)
    return CountiesPage(
        trail=(),
        year=choice.year,
        years=tuple(
            Place(gettext("%(year)s年", year=year), url_for("board.counties", year=year), year == choice.year)
            for year in choice.years
        ),
        lines=tuple(_county_line(standing, choice) for standing in standings),
        summary=(
            (gettext("县区"), str(len(real))),
            (gettext("已导入学校数据"), str(sum(standing.file is not None for standing in real))),
            (gettext("调查进行中"), str(surveying)),
            (gettext("待认定的否决事项"), str(raised)),
            (gettext("已有封存结论"), str(sealed)),
        ),
    )


def county_page(standing: CountyStanding, choice: YearChoice, staff: StaffMember) -> CountyPage:
    """Lay out one county: what to do next, and its surveys."""
    county = standing.county
    return CountyPage(
        head=county_head(county, choice, "board.county"),
        steps=steps_of(standing, choice.year, staff),
        surveys=tuple(_survey_line(each) for each in standing.surveys),
        verdict=_verdict(standing),
        may_prepare=staff.may(Permission.PREPARE_SURVEY),
        residents="–" if county.residents is None else f"{county.residents:,}",
        rule_set=county.rule_set_id,
    )


def survey_page(progress: Progress, staff: StaffMember) -> SurveyPage:
    """Lay out how a survey is coming along."""
    standing = progress.standing
    survey, state = standing.survey, standing.state
    targets = [group.target for group in progress.groups.values()]
    decides = staff.may(Permission.CLOSE_AND_SEAL)
    return SurveyPage(
        head=survey_head(survey, Crumb(survey.title)),
        survey_id=survey.id,
        title=survey.title,
        purpose=str(PURPOSES[Purpose(survey.purpose)]),
        state=survey_mark(state),
        opens=moment(survey.opens_at),
        closes=moment(survey.closed_at),
        closed_early=survey.closed_early_at is not None,
        version=survey.questionnaire_version,
        residents="–" if survey.residents is None else f"{survey.residents:,}",
        residents_on_record="–" if survey.county.residents is None else f"{survey.county.residents:,}",
        sampled=survey.sampled_in_monitoring,
        created=f"{moment(survey.created_at)} {survey.created_by}",
        n_responses=standing.n_responses,
        n_target="–" if None in targets else str(sum(target or 0 for target in targets)),
        n_links=standing.n_links,
        groups=tuple(_group_line(progress, group) for group in Group),
        group_names=tuple(str(label) for label in GROUPS.values()),
        places=_places(progress),
        reviews=tuple(
            ReviewLine(
                gettext("%(place)s · %(group)s", place=each.name or gettext("全县链接"), group=GROUPS[each.group]),
                tuple(reason.zh for reason in each.reasons),
            )
            for each in progress.to_review
        ),
        may_close=decides and state is SurveyState.OPEN,
        may_seal=decides and state is SurveyState.CLOSED,
        typed_to_check=decides and state is not SurveyState.SEALED,
        waits_for_seal=state is SurveyState.CLOSED and not decides,
        sealed=state is SurveyState.SEALED,
        may_audit=staff.may(Permission.AUDITOR_PART),
        verdict=None if standing.outcome is None else mark_of_county(standing.outcome),
    )


def survey_mark(state: SurveyState) -> Mark:
    """Return how a survey's state is shown."""
    code, sign = {
        SurveyState.SCHEDULED: ("waiting", "○"),
        SurveyState.OPEN: ("open", "●"),
        SurveyState.CLOSED: ("undecided", "■"),
        SurveyState.SEALED: ("met", "✓"),
    }[state]
    return Mark(code, sign, str(SURVEY_STATES[state]))


def _county_line(standing: CountyStanding, choice: YearChoice) -> CountyLine:
    county, file = standing.county, standing.file
    latest = standing.surveys[0] if standing.surveys else None
    return CountyLine(
        name=county.name,
        code=county.code,
        href=url_for("board.county", code=county.code, year=choice.year),
        is_demonstration=county.is_demonstration,
        schools=gettext("%(n)s 所", n=file.n_schools) if file else gettext("待导入"),
        criteria=f"{standing.n_given}/{standing.n_criteria}",
        bar=bar(standing.n_given, standing.n_criteria),
        vetoes=_vetoes_mark(standing),
        survey=survey_mark(latest.state) if latest else Mark("waiting", "○", gettext("未创建")),
        answers=str(latest.n_responses) if latest else "–",
        verdict=_verdict(standing),
    )


def _verdict(standing: CountyStanding) -> Verdict | None:
    found = standing.decisive
    if found is None or found.outcome is None:
        return None
    return Verdict(mark_of_county(found.outcome), str(PURPOSES[Purpose(found.survey.purpose)]))


def _vetoes_mark(standing: CountyStanding) -> Mark:
    confirmed, raised = standing.n_vetoes(VetoState.CONFIRMED), standing.n_vetoes(VetoState.RAISED)
    unassessed = standing.n_vetoes(VetoState.UNASSESSED)
    if confirmed:
        return Mark("not-met", "✕", gettext("确认 %(n)s 项", n=confirmed))
    if raised:
        return Mark("undecided", "?", gettext("%(n)s 项待认定", n=raised))
    if unassessed:
        return Mark("waiting", "○", gettext("%(n)s 项待评定", n=unassessed))
    return Mark("met", "✓", gettext("没有"))


def _survey_line(standing: SurveyStanding) -> SurveyLine:
    survey = standing.survey
    return SurveyLine(
        href=url_for("board.survey", survey_id=survey.id),
        title=survey.title,
        purpose=str(PURPOSES[Purpose(survey.purpose)]),
        window=f"{moment(survey.opens_at)} – {moment(survey.closed_at)}",
        state=survey_mark(standing.state),
        n_responses=standing.n_responses,
        n_links=standing.n_links,
        verdict=None if standing.outcome is None else mark_of_county(standing.outcome),
    )


def _group_line(progress: Progress, group: Group) -> GroupLine:
    asked, n = progress.groups.get(group.value), progress.by_group.get(group.value, 0)
    target = asked.target if asked else None
    short = missing_from(target, n)
    if short is None:
        mark = Mark("undecided", "?", gettext("没有目标"))
    elif short:
        mark = Mark("undecided", "…", gettext("还差 %(n)s 份", n=short))
    else:
        mark = Mark("met", "✓", gettext("已达目标"))
    return GroupLine(
        label=str(GROUPS[group]),
        n=n,
        target="–" if target is None else str(target),
        missing="–" if short is None else str(short),
        population="–" if asked is None or asked.population is None else f"{asked.population:,}",
        bar=bar(n, target),
        mark=mark,
    )


def _places(progress: Progress) -> tuple[PlaceLine, ...]:
    """Add up the links' counts by school; a group without a link there shows a dot, one without answers a 0.

    The small named groups are only counted for the county as a whole, wherever their link was posted.
    """
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for link in progress.links:
        at = (link.cluster, link.cluster_name) if link.group_code in SCHOOL_GROUPS else ("", "")
        by_group = counts.setdefault(at, {})
        by_group[link.group_code] = by_group.get(link.group_code, 0) + progress.by_link.get(link.id, 0)
    return tuple(
        PlaceLine(
            place=name or gettext("全县链接"),
            counts=tuple(str(by_group[group.value]) if group.value in by_group else "·" for group in Group),
            silent=not any(by_group.values()),
        )
        for (_, name), by_group in counts.items()
    )
