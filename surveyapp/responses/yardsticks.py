"""What a group's forms at one place are measured against when they are flagged, read from the tables at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from scoring.flag_parameters import FlagParameters
from scoring.flag_signals import FormOutline, outline_of
from scoring.link_state import LinkState, state_of_rows
from scoring.ruleset import load_rule_set
from surveyapp.links.models import Link
from surveyapp.responses.keys import flag_salt
from surveyapp.responses.models import Response
from surveyapp.responses.queries import Opening
from surveyapp.responses.rosters import people_at
from surveyapp.surveys.models import Group, Survey, SurveyKey


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A form's outline, the thresholds in force, how many people there are, and what has been stored so far."""

    outline: FormOutline
    thresholds: FlagParameters
    salt: bytes
    population: int | None
    stored: LinkState


_OF_PLACE = select(Link.id).where(
    Link.survey_id == bindparam("survey_id"),
    Link.group_code == bindparam("group"),
    Link.cluster == bindparam("cluster"),
)
_WAS_FLAGGED = (Response.flags != "").label("flagged")
# Grouped rows only: no answer is ever joined with anything but how often it came.
_STORED = (
    select(Response.answers, _WAS_FLAGGED, func.count())
    .where(
        Response.survey_id == bindparam("survey_id"),
        Response.link_id.in_(_OF_PLACE),
        Response.voided.is_(False),
    )
    .group_by(Response.answers, _WAS_FLAGGED)
)


def read_yardstick(session: Session, opening: Opening) -> Yardstick | None:
    """Return what the forms of a link's group at its place are measured against; ``None`` once it is sealed.

    All links of one group at one place are one: a link that replaces another continues it.
    """
    secret = session.scalar(select(SurveyKey.secret).where(SurveyKey.survey_id == opening.survey_id))
    survey = session.get(Survey, opening.survey_id)
    if secret is None or survey is None:
        return None
    outline, salt = outline_of(opening.questionnaire), flag_salt(secret)
    return Yardstick(
        outline=outline,
        thresholds=load_rule_set(survey.rule_set_id).parameters.flags,
        salt=salt,
        population=people_at(session, survey, Group(opening.group), opening.cluster),
        stored=_stored(session, opening, outline, salt),
    )


def with_new_rows(session: Session, opening: Opening, yardstick: Yardstick) -> Yardstick:
    """Return a yardstick with what is stored by now; everything else in it is younger than a minute."""
    return replace(yardstick, stored=_stored(session, opening, yardstick.outline, yardstick.salt))


def _stored(session: Session, opening: Opening, outline: FormOutline, salt: bytes) -> LinkState:
    place = {"survey_id": opening.survey_id, "group": opening.group, "cluster": opening.cluster}
    rows = ((answers, bool(flagged), n) for answers, flagged, n in session.execute(_STORED, place))
    return state_of_rows(len(outline.characters), rows, outline.reversed_items, salt=salt)
