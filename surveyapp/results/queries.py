"""Reading what was frozen, and what would be the verdict if nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.errors import DossierError
from scoring.verdict import Verdict, decide
from scoring.verdict_document import verdict_bytes
from surveyapp.counties.models import County
from surveyapp.results.dossier import dossier_without_survey
from surveyapp.results.models import SealedDossier
from surveyapp.results.refusals import NotSealed, RowsDoNotFit
from surveyapp.surveys.models import Purpose, Survey

# Whose verdict speaks for a county where several are sealed; among those of one purpose, the one sealed last.
PRECEDENCE = (Purpose.PROVINCIAL_EVALUATION, Purpose.REVIEW, Purpose.SELF_EVALUATION, Purpose.REHEARSAL)


class Part(StrEnum):
    """The two parts of a dossier: for everybody in scope, and for auditors of the city or the province."""

    PUBLIC = "public"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class SealedVerdict:
    """A verdict recomputed from its frozen dossier.

    ``agrees``: the bytes are those written at sealing, which was done by ``scoring_version``.
    """

    dossier: Dossier
    verdict: Verdict
    agrees: bool
    scoring_version: str


def sealed_dossier(session: Session, survey_id: int) -> SealedDossier:
    """Return what was frozen of a survey."""
    frozen = session.get(SealedDossier, survey_id)
    if frozen is None:
        raise NotSealed
    return frozen


def verdict_of(session: Session, survey_id: int) -> SealedVerdict:
    """Recompute a sealed survey's verdict from its frozen public part, and compare it with the one sealed."""
    frozen = sealed_dossier(session, survey_id)
    return _recomputed(frozen.public_part, frozen.verdict)


def by_precedence(surveys: Iterable[Survey]) -> list[Survey]:
    """Order the sealed ones of a county's surveys: the one whose verdict speaks for the county first.

    A rehearsal never stands before what was done in earnest, whenever it was sealed.
    """
    sealed = [(survey.sealed_at, survey.id, survey) for survey in surveys if survey.sealed_at is not None]
    latest = [survey for _, _, survey in sorted(sealed, key=itemgetter(0, 1), reverse=True)]
    return sorted(latest, key=lambda survey: PRECEDENCE.index(Purpose(survey.purpose)))


def sealed_surveys(session: Session, county_id: int, year: int) -> list[Survey]:
    """List a county's sealed surveys of a year, the one whose verdict speaks for the county first."""
    found = select(Survey).where(Survey.county_id == county_id, Survey.year == year, Survey.sealed_at.is_not(None))
    return by_precedence(session.scalars(found))


def preliminary_verdict(session: Session, county: County, year: int) -> tuple[Dossier, Verdict]:
    """Compute what the tables say of a county's year as long as no survey counts."""
    try:
        dossier = read_dossier(write_dossier(dossier_without_survey(session, county, year)).public)
    except DossierError as error:
        raise RowsDoNotFit(error.defects) from error
    return dossier, decide(dossier)


@lru_cache(maxsize=16)
def _recomputed(public_part: bytes, sealed: bytes) -> SealedVerdict:
    """Recompute a verdict; frozen bytes never change, so that each needs it once."""
    dossier = read_dossier(public_part)
    verdict = decide(dossier)
    version = str(json.loads(sealed)["scoring_version"])
    return SealedVerdict(dossier, verdict, verdict_bytes(verdict) == sealed, version)
