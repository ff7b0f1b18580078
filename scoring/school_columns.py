"""What a school file holds: its columns, as file, form and check all need them, and one row of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from scoring.cells import Choice
from scoring.ruleset import Stage

SCHOOLS_FILE = "schools.csv"


class SchoolKind(StrEnum):
    """Kinds of schools; the stages a school has follow from its kind."""

    PRIMARY = "primary"
    TEACHING_POINT = "teaching_point"
    JUNIOR = "junior"
    NINE_YEAR = "nine_year"
    COMPLETE_SECONDARY = "complete_secondary"
    TWELVE_YEAR = "twelve_year"
    SPECIAL = "special"
    VOCATIONAL = "vocational"


STAGES_OF_KIND: dict[SchoolKind, tuple[Stage, ...]] = {
    SchoolKind.PRIMARY: (Stage.PRIMARY,),
    SchoolKind.TEACHING_POINT: (Stage.PRIMARY,),
    SchoolKind.JUNIOR: (Stage.JUNIOR,),
    SchoolKind.NINE_YEAR: (Stage.PRIMARY, Stage.JUNIOR),
    SchoolKind.COMPLETE_SECONDARY: (Stage.JUNIOR,),
    SchoolKind.TWELVE_YEAR: (Stage.PRIMARY, Stage.JUNIOR),
    SchoolKind.SPECIAL: (),
    SchoolKind.VOCATIONAL: (),
}
"""The compulsory stages of each kind that the seven indicators look at."""

KINDS = (
    Choice("primary", "小学", "primary school"),
    Choice("teaching_point", "教学点", "teaching point"),
    Choice("junior", "初级中学", "junior secondary school"),
    Choice("nine_year", "九年一贯制学校", "nine-year school"),
    Choice("complete_secondary", "完全中学", "complete secondary school"),
    Choice("twelve_year", "十二年一贯制学校", "twelve-year school"),
    Choice("special", "特殊教育学校", "special school"),
    Choice("vocational", "职业学校", "vocational school"),
)
SPONSORS = (Choice("public", "公办", "public"), Choice("private", "民办", "private"))
LOCALITIES = (
    Choice("urban", "城区", "urban"),
    Choice("town", "镇区", "town"),
    Choice("rural", "乡村", "rural"),
)
BOARDING = (Choice("yes", "是", "yes"), Choice("no", "否", "no"))

_OUT_OF_SCOPE = ("special", "vocational")
_WITH_PRIMARY = ("primary", "teaching_point", "nine_year", "twelve_year", *_OUT_OF_SCOPE)
_WITH_JUNIOR = ("junior", "nine_year", "complete_secondary", "twelve_year", *_OUT_OF_SCOPE)
_WITH_SENIOR = ("complete_secondary", "twelve_year", *_OUT_OF_SCOPE)
_ALL = tuple(choice.code for choice in KINDS)


@dataclass(frozen=True, slots=True)
class SchoolColumn:
    """One column of the school file.

    ``kinds`` are the kinds of schools that may fill it; ``decimals`` is the number of decimal places a figure
    may have (a spreadsheet's binary figures are rounded to it on import); ``required`` cells are never blank.
    """

    name: str
    zh: str
    en: str
    type: Literal["text", "choice", "int", "decimal"]
    unit: str = ""
    note_zh: str = ""
    decimals: int = 0
    choices: tuple[Choice, ...] = ()
    kinds: tuple[str, ...] = _ALL
    required: bool = False


def _counted(
    name: str, zh: str, en: str, unit: str, note_zh: str, *, senior: bool = False
) -> list[SchoolColumn]:
    columns = [
        SchoolColumn(
            f"{name}_primary", f"小学{zh}", f"{en}, primary", "int", unit, note_zh, kinds=_WITH_PRIMARY
        ),
        SchoolColumn(
            f"{name}_junior", f"初中{zh}", f"{en}, junior", "int", unit, note_zh, kinds=_WITH_JUNIOR
        ),
    ]
    if senior:
        columns.append(
            SchoolColumn(
                f"{name}_senior", f"高中{zh}", f"{en}, senior", "int", unit, note_zh, kinds=_WITH_SENIOR
            )
        )
    return columns


SCHOOL_COLUMNS: tuple[SchoolColumn, ...] = (
    SchoolColumn(
        "school_code",
        "学校代码",
        "School code",
        "text",
        note_zh="本县内唯一;字母、数字、点和连字符",
        required=True,
    ),
    SchoolColumn("school_name", "学校名称", "School name", "text", note_zh="全称", required=True),
    SchoolColumn("kind", "学校类别", "Kind", "choice", choices=KINDS, required=True),
    SchoolColumn("sponsor", "举办者", "Sponsor", "choice", choices=SPONSORS),
    SchoolColumn("locality", "城乡类型", "Locality", "choice", choices=LOCALITIES),
    SchoolColumn("boarding", "是否寄宿制", "Boarding school", "choice", choices=BOARDING),
    *_counted("pupils", "学生数", "Pupils", "人", "学年初在籍人数;没有学生填0,不知道留空", senior=True),
    *_counted("classes", "班级数", "Classes", "个", ""),
    *_counted("largest_class", "最大班级学生数", "Pupils of the largest class", "人", ""),
    *_counted(
        "oversize_classes",
        "超标准班额班级数",
        "Classes above the size limit",
        "个",
        "学生数超过标准班额的班级(见指标2.5)",
    ),
    *_counted(
        "teachers_degree",
        "高于规定学历教师数",
        "Teachers above the required degree",
        "人",
        "小学专科及以上,初中本科及以上",
    ),
    *_counted("teachers_backbone", "县级以上骨干教师数", "Backbone teachers", "人", "学科带头人、教学能手等"),
    *_counted(
        "teachers_pe_arts", "体育、艺术专任教师数", "PE and arts teachers", "人", "体育、音乐、美术、艺术"
    ),
    SchoolColumn(
        "area_teaching",
        "教学及辅助用房面积",
        "Teaching floor area",
        "decimal",
        "平方米",
        "建筑面积,含室内体育用房",
        decimals=2,
    ),
    SchoolColumn(
        "area_indoor_sports", "室内体育用房面积", "Indoor sports area", "decimal", "平方米", "", decimals=2
    ),
    SchoolColumn(
        "area_sports_ground", "运动场地面积", "Sports ground area", "decimal", "平方米", "", decimals=2
    ),
    SchoolColumn(
        "equipment_10k", "教学仪器设备值", "Equipment value", "decimal", "万元", "账面原值", decimals=6
    ),
    SchoolColumn("multimedia_rooms", "网络多媒体教室数", "Multimedia classrooms", "int", "间"),
    SchoolColumn(
        "music_rooms", "音乐专用教室数", "Music rooms", "int", "间", "只计使用面积达标的(见指标2.3)"
    ),
    SchoolColumn("art_rooms", "美术专用教室数", "Art rooms", "int", "间", "只计使用面积达标的(见指标2.3)"),
)

SCHOOL_COLUMN_NAMES: tuple[str, ...] = tuple(column.name for column in SCHOOL_COLUMNS)


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school as its file has it; ``None`` is a blank cell, and a blank is never zero.

    ``row`` is the line of the file (header = 1). Areas are in m², equipment in 万元.
    """

    row: int
    school_code: str
    school_name: str
    kind: SchoolKind
    sponsor: str | None
    locality: str | None
    boarding: str | None
    pupils_primary: int | None
    pupils_junior: int | None
    pupils_senior: int | None
    classes_primary: int | None
    classes_junior: int | None
    largest_class_primary: int | None
    largest_class_junior: int | None
    oversize_classes_primary: int | None
    oversize_classes_junior: int | None
    teachers_degree_primary: int | None
    teachers_degree_junior: int | None
    teachers_backbone_primary: int | None
    teachers_backbone_junior: int | None
    teachers_pe_arts_primary: int | None
    teachers_pe_arts_junior: int | None
    area_teaching: Fraction | None
    area_indoor_sports: Fraction | None
    area_sports_ground: Fraction | None
    equipment_10k: Fraction | None
    multimedia_rooms: int | None
    music_rooms: int | None
    art_rooms: int | None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return the compulsory stages the school's kind has."""
        return STAGES_OF_KIND[self.kind]

    def pupils(self, stage: Stage) -> int | None:
        """Return the pupils of a stage, ``None`` if the cell is blank."""
        return self.pupils_primary if stage is Stage.PRIMARY else self.pupils_junior

    def classes(self, stage: Stage) -> int | None:
        """Return the classes of a stage, ``None`` if the cell is blank."""
        return self.classes_primary if stage is Stage.PRIMARY else self.classes_junior

    def largest_class(self, stage: Stage) -> int | None:
        """Return the pupils of a stage's largest class, ``None`` if the cell is blank."""
        return self.largest_class_primary if stage is Stage.PRIMARY else self.largest_class_junior

    def oversize_classes(self, stage: Stage) -> int | None:
        """Return the number of a stage's classes above the size limit, ``None`` if the cell is blank."""
        return self.oversize_classes_primary if stage is Stage.PRIMARY else self.oversize_classes_junior

    def stage_teachers(self, stage: Stage) -> tuple[int | None, int | None, int | None]:
        """Return teachers above the required degree, backbone, PE and arts teachers of a stage."""
        if stage is Stage.PRIMARY:
            return self.teachers_degree_primary, self.teachers_backbone_primary, self.teachers_pe_arts_primary
        return self.teachers_degree_junior, self.teachers_backbone_junior, self.teachers_pe_arts_junior
