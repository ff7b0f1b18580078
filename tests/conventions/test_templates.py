"""Templates show; they do not compute, do not trust text, and say nothing that cannot be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined, nodes

from surveyapp import create_public_app, create_staff_app
from surveyapp.config import Config
from surveyapp.db import Database
from tests.support.repository import modules, read, tracked

TEMPLATES = [path for path in tracked() if path.parts[:2] == ("surveyapp", "templates")]
ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
DISTRUSTED_FILTERS = {"safe", "default", "d", "round", "sum", "int", "float", "attr", "map", "tojson"}
CHINESE = re.compile(r"[\u3400-\u9fff]")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[list[Flask]]:
    """Give both apps over a database nobody asks anything of."""
    database = Database(f"sqlite:///{tmp_path / 'unused.db'}")
    config = Config(database_url="sqlite://", secret=b"x" * 32, public_url="http://127.0.0.1", service=False,
                    https=False, instance=tmp_path)  # fmt: skip
    yield [create_public_app(config, database), create_staff_app(config, database)]
    database.close()


@pytest.fixture
def template(request: pytest.FixtureRequest, apps: list[Flask]) -> nodes.Template:
    """Give a template as Jinja reads it."""
    return apps[1].jinja_env.parse(read(request.param))


each_template = pytest.mark.parametrize("template", TEMPLATES, ids=str, indirect=True)


def test_both_apps_escape_and_refuse_what_is_undefined(apps: list[Flask]) -> None:
    for app in apps:
        assert app.jinja_env.undefined is StrictUndefined
        for path in TEMPLATES:
            assert app.jinja_env.autoescape is True or app.jinja_env.autoescape(path.name)  # type: ignore[operator]


@each_template
def test_a_template_does_not_compute(template: nodes.Template) -> None:
    assert [type(node).__name__ for kind in ARITHMETIC for node in template.find_all(kind)] == []


@each_template
def test_a_template_trusts_no_text_and_hides_no_gap(template: nodes.Template) -> None:
    assert sorted({node.name for node in template.find_all(nodes.Filter)} & DISTRUSTED_FILTERS) == []
    assert list(template.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier))) == []


def translated(template: nodes.Template) -> list[nodes.Const]:
    """Return the texts that a template has translated."""
    return [
        argument
        for call in template.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
        for argument in call.args
        if isinstance(argument, nodes.Const)
    ]


@each_template
def test_a_template_says_nothing_that_cannot_be_translated(template: nodes.Template) -> None:
    bare = [data.data.strip() for data in template.find_all(nodes.TemplateData) if CHINESE.search(data.data)]
    assert bare == []
    known = {id(text) for text in translated(template)}
    constants = [
        node.value
        for node in template.find_all(nodes.Const)
        if isinstance(node.value, str) and CHINESE.search(node.value) and id(node) not in known
    ]
    assert constants == []


@each_template
def test_a_translated_text_can_be_filled_in(template: nodes.Template) -> None:
    texts = [str(text.value) for text in translated(template)]
    assert [text for text in texts if "%" in re.sub(r"%%|%\(\w+\)s", "", text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_a_template_holds_no_inline_script_or_style(path: Path) -> None:
    assert INLINE.findall(read(path)) == []


def test_every_template_is_used() -> None:
    places = [*modules("surveyapp"), *TEMPLATES]
    text = "\n".join(read(path) for path in places)
    names = [path.relative_to("surveyapp/templates").as_posix() for path in TEMPLATES]
    assert [name for name in names if f'"{name}"' not in text and f"'{name}'" not in text] == []


def test_nothing_in_the_shell_declares_text_to_be_safe_markup() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in modules("surveyapp")
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Markup", "markupsafe.Markup"}
    ]
    assert found == []
