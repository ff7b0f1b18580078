"""Issuing links and revoking them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from surveyapp.accounts.audit import record_act
from surveyapp.accounts.policy import StaffMember
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.links.queries import link_in_scope
from surveyapp.links.refusals import LinkTooNarrow
from surveyapp.surveys.models import Group, SurveyState
from surveyapp.surveys.queries import survey_to_change
from surveyapp.surveys.refusals import SurveyOver

# One school has one principal: a link of its own would say who answered.
SCHOOL_GROUPS = (Group.STUDENT, Group.PARENT, Group.TEACHER)

MakeToken = Callable[[], str]


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """One link that is wanted: a group, county-wide or at one school (its code and name)."""

    group: Group
    cluster: str = ""
    cluster_name: str = ""


def issue_links(
    database: Database, survey_id: int, choices: Sequence[LinkChoice], staff: StaffMember, now: datetime,
    make_token: MakeToken,
) -> list[Link]:
    """Issue the links that are wanted and not there yet; what is there and not revoked stays as it is."""
    narrow = [choice for choice in choices if choice.cluster and choice.group not in SCHOOL_GROUPS]
    if narrow:
        raise LinkTooNarrow(narrow[0].group.value)
    with database.writing() as session:
        survey = survey_to_change(session, staff, survey_id)
        if survey.state(now) not in (SurveyState.SCHEDULED, SurveyState.OPEN):
            raise SurveyOver(survey_id)
        standing = select(Link.group_code, Link.cluster).where(
            Link.survey_id == survey_id, Link.revoked_at.is_(None))
        there = {(group, cluster) for group, cluster in session.execute(standing)}
        links = [
            Link(survey_id=survey_id, group_code=choice.group.value, cluster=choice.cluster,
                 cluster_name=choice.cluster_name, token=make_token(), issued_at=now, issued_by=staff.name)
            for choice in dict.fromkeys(choices)
            if (choice.group.value, choice.cluster) not in there
        ]  # fmt: skip
        session.add_all(links)
        if links:
            record_act(session, staff, "links_issued", subject=survey.title, now=now,
                       county_code=survey.county.code, detail=_numbers(links))
    return links


def revoke_link(database: Database, link_id: int, staff: StaffMember, now: datetime) -> Link:
    """Stop a link from opening its form; answers that came through it stay."""
    with database.writing() as session:
        survey_to_change(session, staff, link_in_scope(session, staff, link_id).survey_id)
        link = link_in_scope(session, staff, link_id)
        if link.survey.state(now) is SurveyState.SEALED:
            raise SurveyOver(link.survey_id)
        if link.revoked_at is None:
            link.revoked_at = now
            place = link.cluster_name or "–"
            record_act(session, staff, "link_revoked", subject=link.survey.title, now=now,
                       county_code=link.survey.county.code, detail=f"{link.group_code} {place} {link.token[:4]}…")
        return link


def _numbers(links: Sequence[Link]) -> str:
    """Say how many links of which group there are, county-wide and at schools."""
    wide = Counter(link.group_code for link in links if not link.cluster)
    narrow = Counter(link.group_code for link in links if link.cluster)
    named = (("county", wide), ("schools", narrow))
    return "; ".join(f"{where}: " + ", ".join(f"{group} {n}" for group, n in counted.items())
                     for where, counted in named if counted)  # fmt: skip
