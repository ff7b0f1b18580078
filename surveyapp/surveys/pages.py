"""What the page of a new survey is given."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.figures import shown
from scoring.ruleset import RuleSet
from scoring.sample import SampleTargets
from surveyapp.counties.pages import CountyHead, county_head
from surveyapp.counties.years import YearChoice
from surveyapp.frame import Crumb
from surveyapp.surveys.forms import CloseForm, NewSurveyForm
from surveyapp.surveys.labels import GROUPS
from surveyapp.surveys.models import Group, Survey


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What is asked of one group, and why."""

    group: str
    population: str
    quota: int
    most: str
    target: int
    moved: str


@dataclass(frozen=True, slots=True)
class Targets:
    """The sample of a survey as it would be."""

    total: int
    residents: int
    unplaced: int
    rows: tuple[TargetRow, ...]


@dataclass(frozen=True, slots=True)
class NewSurveyPage:
    """Template ``staff/surveys/new.html``."""

    head: CountyHead
    form: NewSurveyForm
    groups: tuple[str, ...]
    targets: Targets | None
    has_versions: bool
    small_group_return: str


@dataclass(frozen=True, slots=True)
class ClosePage:
    """Template ``staff/surveys/close.html``."""

    head: CountyHead
    survey_id: int
    title: str
    closes: str
    form: CloseForm


def small_group_return(rule_set: RuleSet) -> str:
    """Say how much of a small group is asked at most, in per cent."""
    return f"{shown(rule_set.parameters.small_group_return * 100)}%"


def targets_shown(found: SampleTargets | None) -> Targets | None:
    """Lay out the targets of all groups."""
    if found is None:
        return None
    rows = tuple(
        TargetRow(
            group=str(GROUPS[Group(target.group.value)]),
            population="–" if target.population is None else str(target.population),
            quota=target.quota,
            most="–" if target.most is None else str(target.most),
            target=target.target,
            moved=f"{-target.moved:+d}" if target.moved else "",
        )
        for target in found.groups
    )
    return Targets(found.total, found.residents, found.unplaced, rows)


def survey_head(survey: Survey, *leaf: Crumb) -> CountyHead:
    """Make the head of a survey's page: that of its county in its year."""
    return county_head(survey.county, YearChoice(survey.year, (survey.year,)), "board.county", *leaf)
