"""Rows to start from, written straight into the tables: a test then needs to say only what it is about."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.surveys.models import Group, Purpose, Survey, SurveyGroup, SurveyKey

MakeCounty = Callable[..., County]
MakeSurvey = Callable[..., Survey]
MakeLink = Callable[..., Link]


def current_questionnaire_version() -> str:
    """Return the version that the shipped questionnaires carry, which is one for all forms."""
    from surveyapp.surveys.questionnaires import load_questionnaires

    versions = {form.version for form in load_questionnaires()}
    assert len(versions) == 1
    return versions.pop()


@pytest.fixture
def make_county(database: Database) -> MakeCounty:
    """Give a maker of counties; the first is Decheng, the others count up from a code nobody has."""
    codes = itertools.chain(["371402"], (f"3714{n}" for n in range(90, 100)))

    def make(code: str | None = None, name: str = "德城区", **fields: object) -> County:
        values: dict[str, object] = {
            "city": "德州市",
            "province": "山东省",
            "rule_set_id": "national-2017",
            "residents": 680_000,
            "is_demonstration": False,
        }
        county = County(code=code or next(codes), name=name, **(values | fields))
        with database.writing() as session:
            session.add(county)
        return county

    return make


@pytest.fixture
def county(make_county: MakeCounty) -> County:
    """Give Decheng district."""
    return make_county()


@pytest.fixture
def make_survey(database: Database) -> MakeSurvey:
    """Give a maker of surveys: open since yesterday and until tomorrow unless told otherwise."""

    def make(county: County, *, now: datetime | None = None, **fields: object) -> Survey:
        from surveyapp.surveys.questionnaires import store_questionnaires

        now = now or datetime.now(UTC)
        store_questionnaires(database, now)
        values: dict[str, object] = {
            "title": "2026年义务教育优质均衡发展满意度调查",
            "purpose": Purpose.SELF_EVALUATION.value,
            "year": 2026,
            "questionnaire_version": current_questionnaire_version(),
            "rule_set_id": "national-2017",
            "residents": county.residents,
            "sampled_in_monitoring": False,
            "opens_at": now - timedelta(days=1),
            "closes_at": now + timedelta(days=1),
            "created_at": now - timedelta(days=2),
            "created_by": "factory",
        }
        survey = Survey(county_id=county.id, **(values | fields))
        with database.writing() as session:
            session.add(survey)
            session.flush()
            session.add(SurveyKey(survey_id=survey.id, secret=b"k" * 32))
            session.add_all(
                SurveyGroup(survey_id=survey.id, group_code=group.value, population=None, target=0)
                for group in Group
            )
        with database.reading() as session:
            return session.get_one(Survey, survey.id)

    return make


@pytest.fixture
def survey(county: County, make_survey: MakeSurvey) -> Survey:
    """Give an open survey of Decheng district."""
    return make_survey(county)


@pytest.fixture
def make_link(database: Database) -> MakeLink:
    """Give a maker of links: county-wide for parents unless told otherwise."""
    numbers = itertools.count(1)

    def make(survey: Survey, group: Group = Group.PARENT, **fields: object) -> Link:
        values: dict[str, object] = {
            "cluster": "",
            "cluster_name": "",
            "token": f"link{next(numbers):020d}",
            "issued_at": survey.created_at,
            "issued_by": "factory",
        }
        link = Link(survey_id=survey.id, group_code=group.value, **(values | fields))
        with database.writing() as session:
            session.add(link)
        with database.reading() as session:
            return session.get_one(Link, link.id)

    return make


@pytest.fixture
def link(survey: Survey, make_link: MakeLink) -> Link:
    """Give an open county-wide parents' link."""
    return make_link(survey)
