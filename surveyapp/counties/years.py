"""The year a page is about: asked for in the address, else the newest there is data for, else this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import request

from surveyapp.frame import CHINA

FIRST_YEAR, LAST_YEAR = 2017, 2099


@dataclass(frozen=True, slots=True)
class YearChoice:
    """The year shown, and the years one can change to, newest first."""

    year: int
    years: tuple[int, ...]


def year_asked(with_data: Iterable[int], now: datetime) -> YearChoice:
    """Choose the year of the page being made."""
    known = set(with_data)
    this_year = now.astimezone(CHINA).year
    text = request.args.get("year", "")
    asked = int(text) if text.isascii() and text.isdecimal() and len(text) == len(str(LAST_YEAR)) else 0
    year = asked if FIRST_YEAR <= asked <= LAST_YEAR else max(known, default=this_year)
    return YearChoice(year, tuple(sorted(known | {year, this_year}, reverse=True)))
