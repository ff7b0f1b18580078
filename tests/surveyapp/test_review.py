"""What the level above is told once a survey is over, and that nobody else is told."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from surveyapp.accounts.models import Role
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.responses.review import places_to_review
from surveyapp.surveys.models import Group, Survey
from tests.support.factories import MakeLink
from tests.support.replay import file_schools, school
from tests.support.visitors import StaffClient


def stored(database: Database, link: Link, n: int, flags: str = "", *, voided: bool = False) -> None:
    with database.writing() as session:
        session.add_all(
            Response(
                id=secrets.token_bytes(16), survey_id=link.survey_id, link_id=link.id,
                questionnaire_id="parent-2026.1", answers="4" * 12, flags=flags, voided=voided,
            )
            for _ in range(n)
        )  # fmt: skip


def close(database: Database, survey: Survey) -> None:
    ended = datetime.now(UTC) - timedelta(minutes=1)
    with database.writing() as session:
        session.execute(update(Survey).where(Survey.id == survey.id).values(closed_early_at=ended))


def test_places_over_their_roster_or_with_many_flags_are_named(
    database: Database, county: County, survey: Survey, make_link: MakeLink
) -> None:
    """More than a tenth and at least three flagged; more responses than pupils: nothing else is a reason."""
    file_schools(database, county, [school("s1", 20), school("s2", 20), school("s3", 20), school("s4", 20)])
    quiet, over, flagged, voided = (make_link(survey, cluster=f"s{n}", cluster_name=f"{n}小") for n in range(1, 5))
    stored(database, quiet, 18)
    stored(database, quiet, 2, "too_fast")
    stored(database, over, 21)
    stored(database, flagged, 10)
    stored(database, flagged, 3, "too_fast burst")
    stored(database, voided, 20)
    stored(database, voided, 9, "too_fast", voided=True)
    teachers = make_link(survey, Group.TEACHER, cluster="s1", cluster_name="1小")
    stored(database, teachers, 99)
    with database.reading() as session:
        found = places_to_review(session, session.get_one(Survey, survey.id))
    told = {(each.group, each.name): [reason.code for reason in each.reasons] for each in found}
    assert told == {
        (Group.PARENT, "2小"): ["over_population"],
        (Group.PARENT, "3小"): ["many_flagged"],
    }


def test_inspectors_are_told_when_it_is_over_and_the_county_never(
    database: Database, county: County, survey: Survey, make_link: MakeLink, staff_client: StaffClient
) -> None:
    file_schools(database, county, [school("s1", 20)])
    stored(database, make_link(survey, cluster="s1", cluster_name="实验小学"), 21, "too_fast")
    inspector = staff_client(Role.CITY_INSPECTOR, "3714")
    others = [staff_client(Role.COUNTY_ADMINISTRATOR, county.code), staff_client(Role.OPERATOR, "")]
    path = f"/staff/surveys/{survey.id}/"
    assert inspector.page(path).select_one("#reviews") is None
    close(database, survey)
    text = inspector.page(path).get_text()
    assert "收到答卷21份,超过该群体在此单位的人数20人" in text
    assert "21份答卷中有21份带有疑点标记" in text
    for other in others:
        page = other.page(path)
        assert page.select_one("#reviews") is None
        assert "疑点" not in page.get_text()
