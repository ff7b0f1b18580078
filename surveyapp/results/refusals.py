"""Why a survey cannot be sealed, or its results not be shown."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.errors import Defect


class NotYetClosed(Exception):
    """The survey still takes answers, or has not begun to."""


class AlreadySealed(Exception):
    """The survey is sealed; a seal is set once."""


class TooFewToSeal(Exception):
    """So few people answered that the pooled counts, which are always published, would tell their answers."""


class NotSealed(Exception):
    """There is no sealed dossier of this survey."""


class SchoolUnknown(Exception):
    """The dossier has no such school."""


class RowsDoNotFit(Exception):
    """What stands in the tables makes no dossier; ``defects`` says all that is wrong with it."""

    def __init__(self, defects: Sequence[Defect]) -> None:
        super().__init__("; ".join(defect.zh for defect in defects))
        self.defects = tuple(defects)
