"""The rule set in force: indicators, thresholds and every parameter, loaded from one versioned file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources

from scoring.flag_parameters import FlagParameters

SHIPPED_RULE_SETS = ("national-2017", "dezhou-2023")


class Stage(StrEnum):
    """A stage of compulsory education; every threshold and every coefficient is per stage."""

    PRIMARY = "primary"
    JUNIOR = "junior"

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        return "小学" if self is Stage.PRIMARY else "初中"

    @property
    def en(self) -> str:
        """Return the English name."""
        return "primary" if self is Stage.PRIMARY else "junior secondary"


class Kind(StrEnum):
    """Where an indicator's outcome comes from."""

    SCHOOL = "school"
    NUMERIC = "numeric"
    JUDGED = "judged"
    SURVEY = "survey"
    VETO = "veto"


class Comparator(StrEnum):
    """How a figure is compared with its limit; 以上 and 不低于 include equality."""

    GE = "ge"
    LE = "le"
    LT = "lt"

    def holds(self, actual: Fraction, limit: Fraction) -> bool:
        """Say whether the figure stands on the right side of the limit.

        >>> Comparator.GE.holds(Fraction(85), Fraction(85)), Comparator.LT.holds(Fraction(1), Fraction(1))
        (True, False)
        """
        if self is Comparator.GE:
            return actual >= limit
        return actual <= limit if self is Comparator.LE else actual < limit

    @property
    def sign(self) -> str:
        """Return the mathematical sign."""
        return {"ge": "≥", "le": "≤", "lt": "<"}[self.value]


class Computed(StrEnum):
    """What the school file itself says about an assurance criterion."""

    SPECIAL_ROOMS = "special_rooms"
    SCHOOL_SIZE = "school_size"
    CLASS_SIZE = "class_size"


class CvWeighting(StrEnum):
    """Which form of the difference coefficient decides."""

    PUPILS = "pupils"
    UNWEIGHTED = "unweighted"


class SatisfiedRule(StrEnum):
    """When a questionnaire counts as satisfied."""

    OVERALL_ITEM = "overall_item"
    BASIC_COUNTS = "basic_counts"
    MEAN_GE_4 = "mean_ge_4"


class DontKnowRule(StrEnum):
    """What 不了解 on the overall item does to the base."""

    VALID_NOT_SATISFIED = "valid_not_satisfied"
    LEAVES_BASE = "leaves_base"


class MonitoringNotSampled(StrEnum):
    """What 3.9 is in a county that the national monitoring did not sample this year."""

    NOT_APPLICABLE = "not_applicable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class PerStage:
    """One exact figure for each stage."""

    primary: Fraction
    junior: Fraction

    def __getitem__(self, stage: str) -> Fraction:
        if stage == "primary":
            return self.primary
        if stage == "junior":
            return self.junior
        raise KeyError(stage)

    def items(self) -> Iterator[tuple[Stage, Fraction]]:
        """Yield stage and figure, primary first."""
        yield Stage.PRIMARY, self.primary
        yield Stage.JUNIOR, self.junior


@dataclass(frozen=True, slots=True)
class StageWeights:
    """What a pupil of each stage weighs when shared resources are split; 0: the kind has no such stage."""

    primary: Fraction
    junior: Fraction
    senior: Fraction


@dataclass(frozen=True, slots=True)
class SplitWeights:
    """The pupil weights of the three kinds of schools that share resources between stages."""

    nine_year: StageWeights
    complete_secondary: StageWeights
    twelve_year: StageWeights


@dataclass(frozen=True, slots=True)
class SchoolSize:
    """The most pupils a school may have: with one compulsory stage, and with both."""

    single_stage: int
    multi_stage: int


@dataclass(frozen=True, slots=True)
class ReliabilityLimits:
    """When a share is too uncertain to be printed; widths are shares, not per cent.

    A figure needs ``smallest_sample`` effective answers. An interval up to ``narrow`` is always good enough, one
    from ``wide`` on never; in between its width may not exceed ``relative_width`` times the share. Fewer than
    ``fewest_df`` degrees of freedom ask for a statistician's review.
    """

    smallest_sample: int
    narrow: Fraction
    wide: Fraction
    relative_width: Fraction
    fewest_df: int


@dataclass(frozen=True, slots=True)
class CriterionPart:
    """One thing a criterion asks for; most criteria have one part with an empty code.

    ``most`` is the largest value that is possible at all (100 for a share in per cent, 1 for a ratio), so that
    a ratio typed as per cent is refused and not judged. ``group`` names the subject in 3.9: a group of which
    nothing was given was not sampled that year.
    """

    code: str
    kind: Kind
    zh: str
    en: str
    comparator: Comparator | None = None
    limit: Fraction | None = None
    most: Fraction | None = None
    unit: str = ""
    unit_en: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of the standard: annex code, wording, what is asked, who is responsible."""

    code: str
    domain: str
    kind: Kind
    zh: str
    en: str
    short_zh: str
    short_en: str
    comparator: Comparator | None
    unit: str
    unit_en: str
    thresholds: PerStage | None
    parts: tuple[CriterionPart, ...]
    computed: Computed | None
    units: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every choice and number of the method that is not an indicator's own threshold."""

    resource_pass_count: int
    resource_floor: Fraction
    cv_weighting: CvWeighting
    cv_limit: PerStage
    recognition_limit: Fraction
    satisfied_rule: SatisfiedRule
    dont_know_rule: DontKnowRule
    sample_rate: Fraction
    sample_minimum: int
    parent_share: Fraction
    small_group_return: Fraction
    smallest_cell: int
    special_school_fund: Fraction
    classes_per_room: int
    class_size: PerStage
    school_size: SchoolSize
    teaching_point_minimum: int
    basic_balance_years: int
    monitoring_not_sampled: MonitoringNotSampled
    split_weights: SplitWeights
    flags: FlagParameters
    interval_level: Fraction
    reliability: ReliabilityLimits


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One rule set as it stands in its file; ``sha256`` is that of the file's bytes."""

    id: str
    sha256: str
    title_zh: str
    title_en: str
    source: str
    parameters: Parameters
    precondition: Indicator
    indicators: tuple[Indicator, ...]

    def indicator(self, code: str) -> Indicator:
        """Return the indicator of an annex code, the precondition under ``0``.

        Raises
        ------
        KeyError
            If the rule set has no such indicator.
        """
        for indicator in (self.precondition, *self.indicators):
            if indicator.code == code:
                return indicator
        raise KeyError(code)

    def domain(self, domain: str) -> tuple[Indicator, ...]:
        """Return the indicators of one domain (``"1"`` to ``"5"``) in annex order."""
        return tuple(indicator for indicator in self.indicators if indicator.domain == domain)


def parse_rule_set(data: bytes) -> RuleSet:
    """Read a rule set from the bytes of its TOML file.

    Numbers are read as exact decimals. Everything that is wrong or unknown is named at once.

    Parameters
    ----------
    data : bytes
        A UTF-8 TOML document of format ``rule-set/1``.

    Returns
    -------
    RuleSet

    Raises
    ------
    RuleSetError
        With one defect per thing wrong, naming the key.
    """
    from scoring.ruleset_file import read_rule_set

    return read_rule_set(data)


def rule_set_bytes(rule_set_id: str) -> bytes:
    """Return the file of a shipped rule set as it is, to be copied into a dossier.

    Raises
    ------
    KeyError
        If no rule set of that id is shipped.
    """
    if rule_set_id not in SHIPPED_RULE_SETS:
        raise KeyError(rule_set_id)
    return (resources.files("scoring") / "rulesets" / f"{rule_set_id}.toml").read_bytes()


@cache
def load_rule_set(rule_set_id: str) -> RuleSet:
    """Return a shipped rule set.

    Raises
    ------
    KeyError
        If no rule set of that id is shipped.

    Examples
    --------
    >>> rules = load_rule_set("national-2017")
    >>> len(rules.indicators), rules.parameters.resource_floor
    (38, Fraction(17, 20))
    >>> rules.indicator("1.1").thresholds["junior"]
    Fraction(53, 10)
    """
    return parse_rule_set(rule_set_bytes(rule_set_id))
