"""What can be refused about a county's school file, judgements and vetoes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.errors import Defect
from surveyapp.counties.models import VetoState


@dataclass(frozen=True, slots=True)
class FileDefect:
    """One thing wrong with an uploaded file and where: sheet, row, column as letters and as header."""

    sheet: str
    row: int | None
    column: str
    header: str
    message: str

    @property
    def cell(self) -> str:
        """Return the address as spreadsheets show it, as far as it is known."""
        return f"{self.column}{self.row or ''}"


class SchoolFileRefused(Exception):
    """A school file was not imported; ``defects`` names everything that is wrong with it."""

    def __init__(self, defects: Sequence[FileDefect]) -> None:
        super().__init__("; ".join(f"{d.sheet} {d.cell} {d.message}" for d in defects))
        self.defects = tuple(defects)


class JudgementRefused(Exception):
    """What was entered about a criterion cannot be taken; ``defects`` says why, part by part."""

    def __init__(self, defects: Sequence[tuple[str, Defect]]) -> None:
        super().__init__("; ".join(defect.en for _, defect in defects))
        self.defects = tuple(defects)


class NothingEntered(Exception):
    """Neither a figure nor a judgement was given."""


class ReasonMissing(Exception):
    """An act on a veto item needs its reason."""


class ReasonRefused(Exception):
    """The reason given for an act on a veto item cannot be read back from a dossier; ``defect`` says why."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(defect.en)
        self.defect = defect


class VetoActOutOfPlace(Exception):
    """The act would not move the veto item: a higher level has spoken, or it stands there already."""

    def __init__(self, code: str, state: VetoState) -> None:
        super().__init__(f"{code} is {state}")
        self.state = state


class SchoolFileUnknown(Exception):
    """There is no such version of a county's school file."""


class CriterionUnknown(Exception):
    """The rule set has no such criterion that can be judged, or no such veto item."""
