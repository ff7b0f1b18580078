"""What additions cost and how far they may go: a province's or a county's own figures, from one small file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from scoring.errors import Defect, RuleSetError
from scoring.toml_table import NotTomlError, Table, load_toml

COSTS_FILE = "costs.toml"
MOST = 10**9


@dataclass(frozen=True, slots=True)
class LeverSpec:
    """Something a plan may add: its columns in the school file, its unit, and whether it is countable."""

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    columns: tuple[str, ...]
    decimals: int

    @property
    def countable(self) -> bool:
        """Say whether only whole units exist."""
        return self.decimals == 0


LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("teacher_degree", "高于规定学历教师", "teacher above the required degree", "人", "persons",
              ("teachers_degree_primary", "teachers_degree_junior"), 0),
    LeverSpec("teacher_backbone", "县级以上骨干教师", "backbone teacher", "人", "persons",
              ("teachers_backbone_primary", "teachers_backbone_junior"), 0),
    LeverSpec("teacher_pe_arts", "体育、艺术专任教师", "PE or arts teacher", "人", "persons",
              ("teachers_pe_arts_primary", "teachers_pe_arts_junior"), 0),
    LeverSpec("teaching_area", "教学及辅助用房", "teaching floor area", "平方米", "m²", ("area_teaching",), 2),
    LeverSpec("sports_ground", "运动场地", "sports ground", "平方米", "m²", ("area_sports_ground",), 2),
    LeverSpec("equipment", "教学仪器设备", "equipment", "万元", "10,000 yuan", ("equipment_10k",), 2),
    LeverSpec("multimedia_room", "网络多媒体教室", "multimedia classroom", "间", "rooms", ("multimedia_rooms",), 0),
)
MOVE = "teacher_move"


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices in yuan per unit, and the most that may be added per school, by lever code.

    ``price_of_move`` is ``None`` where teachers may not move. A lever without a price may not be used.
    """

    prices: Mapping[str, Fraction]
    caps: Mapping[str, Fraction]
    school_caps: Mapping[str, Mapping[str, Fraction]]
    price_of_move: Fraction | None
    most_moves: Fraction

    def cap(self, school_code: str, lever: str) -> Fraction:
        """Return the most of a lever one school may get; 0 where the lever has no price."""
        if lever not in self.prices:
            return Fraction(0)
        return self.school_caps.get(school_code, {}).get(lever, self.caps.get(lever, Fraction(MOST)))


def parse_costs(data: bytes, file: str = COSTS_FILE) -> Costs:
    """Read a cost file.

    The file has a table ``[prices]`` (yuan per unit, by lever code; ``teacher_move`` for moving one teacher
    between schools), and optionally ``[caps]`` (the most per school) and ``[caps.schools.CODE]`` (for one school).

    Raises
    ------
    RuleSetError
        Naming every defect with its key.

    Examples
    --------
    >>> costs = parse_costs(b"[prices]\\nequipment = 10000\\n[caps]\\nequipment = 2.5\\n")
    >>> costs.cap("3714020001", "equipment"), costs.cap("3714020001", "multimedia_room")
    (Fraction(5, 2), Fraction(0, 1))
    """
    try:
        document = load_toml(data)
    except NotTomlError as error:
        raise RuleSetError((Defect(file, None, None, f"{file}:不是可读的 TOML 文件({error})。",
                                   f"{file}: not a readable TOML file ({error})."),)) from error
    defects: list[Defect] = []
    root = Table(document, "", file, defects)
    known = {spec.code for spec in LEVERS}
    prices = _figures(root.table("prices"), known | {MOVE})
    caps: dict[str, Fraction] = {}
    schools: dict[str, dict[str, Fraction]] = {}
    if root.has("caps"):
        table = root.table("caps")
        if table.has("schools"):
            per_school = table.table("schools")
            schools = {code: _figures(per_school.table(code), known) for code in per_school.keys()}  # noqa: SIM118
        caps = _figures(table, known | {MOVE}, besides="schools")
    root.finish()
    if not prices and not defects:
        root.note("prices", "至少给出一项单价", "at least one price is needed")
    if defects:
        raise RuleSetError(tuple(defects))
    most_moves = caps.pop(MOVE, Fraction(MOST))
    return Costs({k: v for k, v in prices.items() if k != MOVE}, caps, schools, prices.get(MOVE), most_moves)


def _figures(table: Table, known: set[str], *, besides: str = "") -> dict[str, Fraction]:
    figures: dict[str, Fraction] = {}
    for key in table.keys():  # noqa: SIM118
        if key == besides:
            continue
        if key in known:
            figures[key] = table.number(key, 0, MOST)
        else:
            names = sorted(known)
            table.note(key, f"不认识此项,可用:{'、'.join(names)}", f"unknown; known: {', '.join(names)}")
    return figures
