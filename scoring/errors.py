"""What is wrong with a dossier or a rule set, said once for every place at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong, with its place: file, 1-based line (header = 1), column, what was expected."""

    file: str
    row: int | None
    column: str | None
    zh: str
    en: str


class DossierError(Exception):
    """The dossier cannot be read; ``defects`` names everything wrong, never only the first."""

    def __init__(self, defects: tuple[Defect, ...]) -> None:
        super().__init__("; ".join(d.en for d in defects))
        self.defects = defects


class RuleSetError(Exception):
    """The rule set does not say what a rule set must say."""

    def __init__(self, defects: tuple[Defect, ...]) -> None:
        super().__init__("; ".join(d.en for d in defects))
        self.defects = defects
