"""A throw-away installation to measure: one county, one open survey, one parents' link."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from surveyapp import migrate
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.surveys.models import Group, Purpose, Survey, SurveyKey
from surveyapp.surveys.questionnaires import load_questionnaires, store_questionnaires


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the product's data lies, and the link that opens its form."""

    folder: Path
    database_url: str
    token: str

    def environment(self, port: int) -> dict[str, str]:
        """Return the environment that starts the product on this installation."""
        return {"INSTANCE_DIR": str(self.folder), "DATABASE_URL": self.database_url, "PORT": str(port),
                "PUBLIC_URL": f"http://127.0.0.1:{port}", "SECRET_KEY": secrets.token_hex(32)}  # fmt: skip

    def stored(self) -> int:
        """Count the responses that are really there."""
        database = Database(self.database_url)
        with database.reading() as session:
            found = session.execute(select(func.count()).select_from(Response)).scalar_one()
        database.close()
        return found


def install(folder: Path) -> Installation:
    """Make the tables and the rows a respondent needs."""
    url = f"sqlite:///{folder / 'survey.db'}"
    database, now, token = Database(url), datetime.now(UTC), secrets.token_urlsafe(24)
    migrate.upgrade(database)
    store_questionnaires(database, now)
    with database.writing() as session:
        county = County(code="371402", name="德城区", city="德州市", province="山东省", rule_set_id="national-2017",
                        residents=None, is_demonstration=False)  # fmt: skip
        session.add(county)
        session.flush()
        survey = Survey(
            county_id=county.id, title="测量用调查", purpose=Purpose.REHEARSAL.value, year=now.year,
            questionnaire_version=load_questionnaires()[0].version, rule_set_id="national-2017", residents=None,
            sampled_in_monitoring=False, opens_at=now - timedelta(hours=1), closes_at=now + timedelta(days=1),
            created_at=now, created_by="bench",
        )  # fmt: skip
        session.add(survey)
        session.flush()
        session.add(SurveyKey(survey_id=survey.id, secret=secrets.token_bytes(32)))
        session.add(Link(survey_id=survey.id, group_code=Group.PARENT.value, cluster="", cluster_name="", token=token,
                         issued_at=now, issued_by="bench"))  # fmt: skip
    database.close()
    return Installation(folder, url, token)


def answers() -> str:
    """Return a complete answer to the parents' form, as a browser would encode it."""
    form = next(form for form in load_questionnaires() if form.form == "parent")
    return "&".join(f"{item.code}=4" for item in form.items)
