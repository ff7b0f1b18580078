"""Short questionnaires for demonstration dossiers; a survey uses its own, longer ones."""

from __future__ import annotations

from scoring.questionnaire import (
    Bilingual,
    Form,
    Group,
    Item,
    Questionnaire,
    QuestionnaireSet,
    ScalePoint,
)

_SCALE = tuple(
    ScalePoint(code, Bilingual(zh, en))
    for code, zh, en in (
        (5, "非常满意", "very satisfied"),
        (4, "满意", "satisfied"),
        (3, "基本满意", "fairly satisfied"),
        (2, "不满意", "dissatisfied"),
        (1, "非常不满意", "very dissatisfied"),
        (0, "不了解", "don't know"),
    )
)
_FORMS = {
    Form.STUDENT: ((Group.STUDENT,), "学生卷", "Students"),
    Form.PARENT: ((Group.PARENT,), "家长卷", "Parents"),
    Form.TEACHER: ((Group.TEACHER,), "教师卷", "Teachers"),
    Form.PRINCIPAL: ((Group.PRINCIPAL,), "校长卷", "Principals"),
    Form.SOCIAL: ((Group.DEPUTY, Group.CPPCC, Group.PUBLIC), "社会卷", "Society"),
}
_ITEMS = (
    ("fairness", "对就近入学和公平对待每一名学生", "Nearby entry and fair treatment of every pupil"),
    ("sharing", "对优质教育资源的共享", "Sharing of good educational resources"),
    ("lawful_running", "对学校依法规范办学", "Lawful running of schools"),
    ("quality", "对教育教学质量", "Quality of teaching"),
    ("workload", "课业负担和校际差距仍然偏重", "Workload and gaps between schools are still too large"),
    ("overall", "总的来说,对本县义务教育", "All in all, compulsory education in this county"),
)
_REVERSED = "workload"
_OVERALL = "overall"
VERSION = "2026.1-demo"


def demo_questionnaires() -> QuestionnaireSet:
    """Return five questionnaires of six items, marked as a demonstration."""
    items = tuple(
        Item(f"q{n:02d}", topic, Bilingual(zh, en), reversed=topic == _REVERSED, overall=topic == _OVERALL)
        for n, (topic, zh, en) in enumerate(_ITEMS, start=1)
    )
    return QuestionnaireSet(
        tuple(
            Questionnaire(
                id=f"{form}-{VERSION}",
                form=form,
                version=VERSION,
                groups=groups,
                title=Bilingual(f"【演示】{zh}", f"[Demonstration] {en}"),
                intro=Bilingual("本问卷仅供演示。", "This questionnaire is a demonstration."),
                scale=_SCALE,
                items=items,
            )
            for form, (groups, zh, en) in _FORMS.items()
        )
    )
