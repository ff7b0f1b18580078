"""Crowds that arrive through the real path, request by request, on a clock that the test sets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from scoring.school_columns import SCHOOL_COLUMN_NAMES
from surveyapp import create_public_app
from surveyapp.config import Config
from surveyapp.counties.models import County, SchoolFile, SchoolRecord
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.keys import KeyPurpose, subkey
from surveyapp.responses.models import Response
from surveyapp.responses.tickets import Ticket, issue_ticket
from tests.crowds.playback import Arrival

START = datetime(2026, 11, 2, tzinfo=UTC)

class SetClock(Database):
    """A database whose clock stands where the test put it."""

    at = START

    def now(self, session: Session | Connection) -> datetime:
        """Return what the test says it is."""
        return self.at


def file_schools(database: Database, county: County, schools: Sequence[dict[str, str]], version: int = 1) -> None:
    """Give a county a school file with some cells filled in."""
    with database.writing() as session:
        file = SchoolFile(
            county_id=county.id, year=2026, version=version, file_name="学校.xlsx", sheet_name="学校",
            sha256="0" * 64, original=b"", n_schools=len(schools), imported_at=START, imported_by="factory",
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.add_all(
            SchoolRecord(
                school_file_id=file.id, source_row=row, school_code=cells["school_code"],
                school_name=cells["school_name"], kind=cells["kind"], locality="",
                cells=json.dumps(dict.fromkeys(SCHOOL_COLUMN_NAMES, "") | cells),
            )
            for row, cells in enumerate(schools, 2)
        )  # fmt: skip


def school(code: str, pupils: int | None, kind: str = "primary", **cells: str) -> dict[str, str]:
    """Return the cells of a school with so many pupils in its primary stage."""
    counted = "" if pupils is None else str(pupils)
    return {"school_code": code, "school_name": code, "kind": kind, "pupils_primary": counted} | cells


@dataclass
class Stage:
    """One or more server processes over one database, and what they answered."""

    database: SetClock
    config: Config
    n_workers: int = 1
    apps: list[Flask] = field(init=False)
    n_forms: int = 0

    def __post_init__(self) -> None:
        self.apps = [create_public_app(self.config, self.database) for _ in range(self.n_workers)]

    def ticket(self, link: Link, issued_at: datetime, form: str = "parent") -> str:
        """Sign the ticket of a form that was first shown at an instant."""
        self.n_forms += 1
        return issue_ticket(
            Ticket(self.n_forms.to_bytes(16, "big"), issued_at), subkey=subkey(self.config.secret, KeyPurpose.TICKET),
            link_token=link.token, questionnaire_id=f"{form}-2026.1",
        )  # fmt: skip

    def send(
        self, link: Link, answers: str, *, at: datetime, seconds: float = 0, ticket: str = "", worker: int = 0
    ) -> tuple[str, ...] | None:
        """Post a form that was open for some seconds; return the codes it was stored with, ``None`` for a repeat."""
        self.database.at = at
        ticket = ticket or self.ticket(link, at - timedelta(seconds=seconds))
        fields = {f"q{n:02d}": code for n, code in enumerate(answers, 1) if code != "-"}
        before = self.stored()
        answer = self.apps[worker].test_client().post(f"/s/{link.token}", data={"ticket": ticket} | fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)[:1000]
        new = list((self.stored() - before).elements())
        return tuple(new[0].split()) if new else None

    def play(self, arrivals: Sequence[Arrival], links: Mapping[str, Link]) -> list[tuple[Arrival, tuple[str, ...]]]:
        """Let a crowd arrive, in turn at every worker; return who was given which codes."""
        told = []
        for n, arrival in enumerate(arrivals):
            codes = self.send(
                links[arrival.place], arrival.answers, at=START + timedelta(seconds=arrival.sent_at),
                seconds=arrival.seconds, worker=n % self.n_workers,
            )  # fmt: skip
            assert codes is not None
            told.append((arrival, codes))
        return told

    def stored(self) -> Counter[str]:
        """Count what stands in the tables by its codes."""
        with self.database.reading() as session:
            found = session.execute(select(Response.flags, func.count()).group_by(Response.flags))
            return Counter({row[0]: row[1] for row in found})


def share_flagged(told: Sequence[tuple[Arrival, tuple[str, ...]]], *, hostile: bool) -> float:
    """Return the share of the hostile or the honest that was given any code."""
    chosen = [codes for arrival, codes in told if arrival.hostile is hostile]
    return sum(bool(codes) for codes in chosen) / len(chosen)
