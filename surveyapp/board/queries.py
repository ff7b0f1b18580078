"""Where counties and surveys stand, read at once; counts of answers only, never what was answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scoring.findings import CountyOutcome
from scoring.ruleset import load_rule_set
from scoring.vetoes import VetoState
from surveyapp.accounts.policy import Permission, StaffMember
from surveyapp.counties.models import County, Judgement, SchoolFile, VetoAct
from surveyapp.counties.queries import years_with_data
from surveyapp.counties.standing import n_given, veto_standings
from surveyapp.links.models import Link
from surveyapp.links.queries import links_of
from surveyapp.responses.models import Response
from surveyapp.responses.queries import counts_by_group, counts_by_link
from surveyapp.responses.review import PlaceToReview, places_to_review
from surveyapp.results.models import SealedDossier
from surveyapp.results.queries import by_precedence
from surveyapp.surveys.models import Survey, SurveyGroup, SurveyState
from surveyapp.surveys.queries import groups_of, survey_in_scope


@dataclass(frozen=True, slots=True)
class SurveyStanding:
    """One survey: its state now, how many answers and links it has, and its outcome once sealed."""

    survey: Survey
    state: SurveyState
    n_responses: int
    n_links: int
    outcome: CountyOutcome | None


@dataclass(frozen=True, slots=True)
class CountyStanding:
    """One county in one year."""

    county: County
    file: SchoolFile | None
    n_given: int
    n_criteria: int
    vetoes: tuple[VetoState, ...]
    surveys: tuple[SurveyStanding, ...]

    @property
    def decisive(self) -> SurveyStanding | None:
        """Return the sealed survey whose verdict speaks for the county, if there is one."""
        first = next(iter(by_precedence(each.survey for each in self.surveys)), None)
        return next((each for each in self.surveys if each.survey is first), None)

    def n_vetoes(self, *states: VetoState) -> int:
        """Count the veto items in some states."""
        return sum(state in states for state in self.vetoes)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a survey is coming along; what is to be reviewed only for those who may see single responses."""

    standing: SurveyStanding
    groups: dict[str, SurveyGroup]
    by_group: dict[str, int]
    links: tuple[Link, ...]
    by_link: dict[int, int]
    to_review: tuple[PlaceToReview, ...]


def years_of(session: Session, counties: Sequence[County]) -> set[int]:
    """Return the years there is anything about some counties."""
    ids = [county.id for county in counties]
    surveyed = session.scalars(select(Survey.year).where(Survey.county_id.in_(ids)).distinct())
    return years_with_data(session, ids) | set(surveyed)


def county_standings(
    session: Session, counties: Sequence[County], year: int, now: datetime
) -> tuple[CountyStanding, ...]:
    """Say of some counties where each stands in a year."""
    ids = [county.id for county in counties]
    files: dict[int, SchoolFile] = {}
    filed = select(SchoolFile).where(SchoolFile.county_id.in_(ids), SchoolFile.year == year)
    for file in session.scalars(filed.order_by(SchoolFile.version)):
        files[file.county_id] = file
    judged: dict[int, list[Judgement]] = defaultdict(list)
    for row in session.scalars(select(Judgement).where(Judgement.county_id.in_(ids), Judgement.year == year)):
        judged[row.county_id].append(row)
    acts: dict[int, list[VetoAct]] = defaultdict(list)
    said = select(VetoAct).where(VetoAct.county_id.in_(ids), VetoAct.year == year)
    for act in session.scalars(said.order_by(VetoAct.acted_at, VetoAct.id)):
        acts[act.county_id].append(act)
    surveys: dict[int, list[SurveyStanding]] = defaultdict(list)
    for standing in _surveys(session, ids, year, now):
        surveys[standing.survey.county_id].append(standing)
    found = []
    for county in counties:
        rule_set = load_rule_set(county.rule_set_id)
        found.append(CountyStanding(
            county=county,
            file=files.get(county.id),
            n_given=n_given(judged[county.id], county.id in files, rule_set),
            n_criteria=len(rule_set.domain("2")) + len(rule_set.domain("3")),
            vetoes=tuple(each.standing.state for each in veto_standings(acts[county.id], rule_set)),
            surveys=tuple(surveys[county.id]),
        ))
    return tuple(found)


def progress_of(session: Session, staff: StaffMember, survey_id: int, now: datetime) -> Progress:
    """Say how a survey in scope is coming along."""
    survey = survey_in_scope(session, staff, survey_id)
    by_group = counts_by_group(session, survey_id)
    links = tuple(links_of(session, survey_id))
    outcome = session.scalar(select(SealedDossier.outcome).where(SealedDossier.survey_id == survey_id))
    n_links = sum(link.revoked_at is None for link in links)
    state = survey.state(now)
    standing = SurveyStanding(survey, state, sum(by_group.values()), n_links, _outcome(outcome))
    over = state in {SurveyState.CLOSED, SurveyState.SEALED}
    return Progress(
        standing, groups_of(session, survey_id), by_group, links, counts_by_link(session, survey_id),
        places_to_review(session, survey) if over and staff.may(Permission.AUDITOR_PART) else (),
    )  # fmt: skip


def _surveys(session: Session, county_ids: Sequence[int], year: int, now: datetime) -> list[SurveyStanding]:
    surveys = list(session.scalars(
        select(Survey).where(Survey.county_id.in_(county_ids), Survey.year == year)
        .order_by(Survey.opens_at.desc(), Survey.id.desc())
    ))
    ids = [survey.id for survey in surveys]
    answered = {row[0]: row[1] for row in session.execute(
        select(Response.survey_id, func.count()).where(Response.survey_id.in_(ids), Response.voided.is_(False))
        .group_by(Response.survey_id)
    )}
    linked = {row[0]: row[1] for row in session.execute(
        select(Link.survey_id, func.count()).where(Link.survey_id.in_(ids), Link.revoked_at.is_(None))
        .group_by(Link.survey_id)
    )}
    sealed = {row[0]: row[1] for row in session.execute(
        select(SealedDossier.survey_id, SealedDossier.outcome).where(SealedDossier.survey_id.in_(ids))
    )}
    return [
        SurveyStanding(survey, survey.state(now), answered.get(survey.id, 0), linked.get(survey.id, 0),
                       _outcome(sealed.get(survey.id)))
        for survey in surveys
    ]  # fmt: skip


def _outcome(code: str | None) -> CountyOutcome | None:
    return None if code is None else CountyOutcome(code)
