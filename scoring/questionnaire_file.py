"""The file of questionnaires, read with every defect named and written in one canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from scoring.errors import Defect, DossierError
from scoring.questionnaire import (
    GROUPS,
    SCALE_CODES,
    Bilingual,
    Form,
    Group,
    Item,
    Questionnaire,
    QuestionnaireSet,
    ScalePoint,
)
from scoring.toml_table import Table

QUESTIONNAIRES_FILE = "questionnaires.json"
MOST_ITEMS = 40

_ID = re.compile(r"[a-z]+-[0-9]{4}\.[0-9]{1,3}(-[a-z]+)?")
_ITEM_CODE = re.compile(r"q[0-9]{2}")
_TOPIC = re.compile(r"[a-z]+(_[a-z]+)*")


def check_questionnaire(content: dict[str, object], *, file: str) -> tuple[Questionnaire, tuple[Defect, ...]]:
    """Read one questionnaire from a JSON object or a TOML document already taken apart.

    Parameters
    ----------
    content : dict
        Keys ``id, form, version, groups, title, intro, scale, items``, optionally ``reversed_scale``, and
        nothing else; texts are tables of ``zh`` and ``en``; both scales list codes 5 to 0 with labels; an
        item has ``code`` (q01 …), ``topic``, ``text``, ``reversed``, ``overall``.
    file : str
        What the defects name as their file.

    Returns
    -------
    tuple
        The questionnaire and its defects; it must not be used where there is any.
    """
    defects: list[Defect] = []
    questionnaire = _questionnaire(Table(content, "", file, defects))
    return questionnaire, tuple(defects)


def parse_questionnaires(data: bytes, *, file: str = QUESTIONNAIRES_FILE) -> QuestionnaireSet:
    """Read the questionnaires of a dossier.

    Parameters
    ----------
    data : bytes
        UTF-8 JSON: a list of questionnaires as :func:`check_questionnaire` describes them.
    file : str
        What the defects name as their file.

    Returns
    -------
    QuestionnaireSet

    Raises
    ------
    DossierError
        With one defect for each thing wrong, unknown or missing.
    """
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        defect = _defect(file, None, f"不是可读的 JSON({error})", f"not JSON ({error})")
        raise DossierError((defect,)) from error
    if not isinstance(content, list) or not content or not all(isinstance(c, dict) for c in content):
        defect = _defect(file, None, "应为非空的问卷列表", "a list of questionnaires is expected")
        raise DossierError((defect,))
    defects: list[Defect] = []
    read = tuple(_questionnaire(Table(c, f"[{n}]", file, defects)) for n, c in enumerate(content))
    if not defects:
        defects.extend(set_defects(read, file=file))
    if defects:
        raise DossierError(tuple(defects))
    return QuestionnaireSet(read)


def set_defects(questionnaires: Sequence[Questionnaire], *, file: str) -> tuple[Defect, ...]:
    """Name what keeps questionnaires from standing together in one survey: a form or a group served twice."""
    defects = []
    forms = [q.form for q in questionnaires]
    served = [g for q in questionnaires for g in q.groups]
    for form in Form:
        if forms.count(form) > 1:
            zh = f"问卷类型 {form} 出现多次"
            defects.append(_defect(file, "form", zh, f"form {form} occurs more than once"))
    for group in Group:
        if served.count(group) > 1:
            zh = f"群体 {group}({group.zh})对应多份问卷"
            defects.append(_defect(file, "groups", zh, f"group {group} is served by more than one form"))
    return tuple(defects)


def questionnaire_document(questionnaire: Questionnaire) -> dict[str, object]:
    """Return a questionnaire as the plain values :func:`check_questionnaire` reads."""

    def both(text: Bilingual) -> dict[str, object]:
        return {"zh": text.zh, "en": text.en}

    def points(scale: Sequence[ScalePoint]) -> list[object]:
        return [{"code": p.code, "label": both(p.label)} for p in scale]

    reversed_scale = points(questionnaire.reversed_scale)
    return {
        "id": questionnaire.id,
        "form": questionnaire.form.value,
        "version": questionnaire.version,
        "groups": [g.value for g in questionnaire.groups],
        "title": both(questionnaire.title),
        "intro": both(questionnaire.intro),
        "scale": points(questionnaire.scale),
        **({"reversed_scale": reversed_scale} if reversed_scale else {}),
        "items": [
            {
                "code": i.code,
                "topic": i.topic,
                "text": both(i.text),
                "reversed": i.reversed,
                "overall": i.overall,
            }
            for i in questionnaire.items
        ],
    }


def questionnaire_bytes(questionnaire: Questionnaire) -> bytes:
    """Return one questionnaire as canonical JSON: what a version is stored and hashed as."""
    return _canonical(questionnaire_document(questionnaire))


def questionnaires_bytes(questionnaires: Sequence[Questionnaire]) -> bytes:
    """Return the file ``questionnaires.json`` of a dossier; reading it back gives the same questionnaires."""
    return _canonical([questionnaire_document(q) for q in questionnaires])


def questionnaire_sha256(questionnaire: Questionnaire) -> str:
    """Return the SHA-256 of a questionnaire's canonical JSON."""
    return hashlib.sha256(questionnaire_bytes(questionnaire)).hexdigest()


def _canonical(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _defect(file: str, column: str | None, zh: str, en: str) -> Defect:
    place = f"“{column}”" if column else ""
    where = f", {column}" if column else ""
    return Defect(file, None, column, f"{file}{place}:{zh}。", f"{file}{where}: {en}.")


def _questionnaire(table: Table) -> Questionnaire:
    read = Questionnaire(
        id=table.text("id"),
        form=table.choice("form", Form),
        version=table.text("version"),
        groups=_groups(table),
        title=_both(table.table("title")),
        intro=_both(table.table("intro")),
        scale=_points(table, "scale"),
        reversed_scale=_points(table, "reversed_scale") if table.has("reversed_scale") else (),
        items=tuple(_item(t) for t in table.tables("items", lambda c, n: str(c.get("code", n)))),
    )
    if read.id and (not _ID.fullmatch(read.id) or read.id != f"{read.form}-{read.version}"):
        zh, en = "应为“问卷类型-版本”,如 parent-2026.1", "must be form-version, such as parent-2026.1"
        table.note("id", zh, en)
    for key, scale in (("scale", read.scale), ("reversed_scale", read.reversed_scale)):
        if scale and tuple(p.code for p in scale) != SCALE_CODES:
            table.note(key, "编码应依次为 5、4、3、2、1、0", "the codes must be 5, 4, 3, 2, 1, 0 in order")
    if read.items:
        _note_items(table, read.items)
    table.finish()
    return read


def _note_items(table: Table, items: Sequence[Item]) -> None:
    codes = [item.code for item in items]
    if codes != sorted(set(codes)):
        table.note("items", "题目编码应各不相同且按序排列", "item codes must differ and be in order")
    if len(items) > MOST_ITEMS:
        table.note("items", f"题目不得超过{MOST_ITEMS}道", f"no more than {MOST_ITEMS} items")
    if sum(item.overall for item in items) != 1:
        table.note("items", "应恰有一道总体评价题(overall)", "exactly one item must be the overall one")
    if sum(item.reversed for item in items) != 1:
        table.note("items", "应恰有一道反向题(reversed)", "exactly one item must be reversed")
    if any(item.reversed and item.overall for item in items):
        table.note("items", "总体评价题不能是反向题", "the overall item must not be reversed")


def _groups(table: Table) -> tuple[Group, ...]:
    names = table.texts("groups")
    known = tuple(g for g in GROUPS if g in names)
    for name in names:
        if name not in GROUPS:
            table.note("groups", f"不认识群体 {name[:30]}", f"unknown group {name[:30]}")
    if len(names) != len(set(names)):
        table.note("groups", "群体重复", "a group occurs twice")
    return known


def _both(table: Table) -> Bilingual:
    read = Bilingual(table.text("zh"), table.text("en"))
    table.finish()
    return read


def _points(table: Table, key: str) -> tuple[ScalePoint, ...]:
    return tuple(_point(t) for t in table.tables(key, lambda _, n: str(n)))


def _point(table: Table) -> ScalePoint:
    read = ScalePoint(table.integer("code", 0, 5), _both(table.table("label")))
    table.finish()
    return read


def _item(table: Table) -> Item:
    read = Item(
        code=table.text("code"),
        topic=table.text("topic"),
        text=_both(table.table("text")),
        reversed=table.flag("reversed"),
        overall=table.flag("overall"),
    )
    if read.code and not _ITEM_CODE.fullmatch(read.code):
        table.note("code", "应为 q 加两位数字,如 q01", "must be q and two digits, such as q01")
    if read.topic and not _TOPIC.fullmatch(read.topic):
        table.note("topic", "应为小写字母编码", "must be a code of lower-case letters")
    table.finish()
    return read
