"""The changes mutation testing makes: every place of a module's syntax tree that can be turned, and how."""

from __future__ import annotations

import ast
import copy
import hashlib
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it says, and how to make it in a fresh tree."""

    line: int
    qualname: str
    text: str
    path: tuple[tuple[str, int | None], ...]
    change: Callable[[ast.AST], ast.AST | None]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def changes(node: ast.AST, parent: ast.AST | None) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """Yield every change of one node, with a few words on it."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield f"{type(op).__name__}→{other.__name__}", lambda n, i=i, o=other: _with_op(n, i, o())
    elif isinstance(node, ast.BoolOp):
        yield "and↔or", _swap_bool
        for i in range(len(node.values)):
            yield f"without operand {i + 1}", lambda n, i=i: _without(n, i)
    elif (
        isinstance(node, ast.BinOp)
        and type(node.op) in ARITHMETIC
        and not (_is_text(node.left) or _is_text(node.right))
    ):
        other_op = ARITHMETIC[type(node.op)]
        yield f"{type(node.op).__name__}→{other_op.__name__}", lambda n, o=other_op: _set(n, op=o())
    elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC and not _is_text(node.value):
        yield f"{type(node.op).__name__}=→other", lambda n: _set(n, op=ARITHMETIC[type(n.op)]())
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield "not dropped", lambda n: n.operand
        elif isinstance(node.op, ast.USub):
            yield "minus dropped", lambda n: n.operand
    elif isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield f"{value}→{not value}", lambda n: ast.Constant(not n.value)
        elif isinstance(value, int | float):
            yield f"{value}+1", lambda n: ast.Constant(n.value + 1)
            if not (isinstance(parent, ast.UnaryOp)):
                yield f"{value}-1", lambda n: ast.Constant(n.value - 1)
        elif isinstance(value, str) and isinstance(parent, ast.Compare | ast.Subscript | ast.Dict):
            yield f"{value!r} spoilt", lambda n: ast.Constant(n.value + "~")
    elif isinstance(node, ast.IfExp):
        yield "always the first", lambda n: n.body
        yield "always the second", lambda n: n.orelse
    elif isinstance(node, ast.If):
        yield "condition true", lambda n: _set(n, test=ast.Constant(True))
        yield "condition false", lambda n: _set(n, test=ast.Constant(False))
    elif isinstance(node, ast.Return) and node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None
    ):
        yield "returns None", lambda n: _set(n, value=ast.Constant(None))
    elif isinstance(node, ast.Continue):
        yield "continue→break", lambda n: ast.Break()
    elif isinstance(node, ast.Break):
        yield "break→continue", lambda n: ast.Continue()
    elif isinstance(node, ast.comprehension):
        for i in range(len(node.ifs)):
            yield "filter dropped", lambda n, i=i: _set(n, ifs=n.ifs[:i] + n.ifs[i + 1 :])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        swap = {"min": "max", "max": "min", "any": "all", "all": "any"}.get(node.func.id)
        if swap:
            yield f"{node.func.id}→{swap}", lambda n, s=swap: _set(n, func=ast.Name(s, ast.Load()))
        elif node.func.id in ("sorted", "set", "frozenset", "abs") and len(node.args) == 1:
            yield f"{node.func.id}() dropped", lambda n: n.args[0]
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        swap = {
            ("Outcome", "MET"): "NOT_MET", ("Outcome", "NOT_MET"): "UNDECIDED",
            ("Outcome", "UNDECIDED"): "MET", ("Outcome", "NOT_APPLICABLE"): "MET",
            ("CountyOutcome", "MEETS"): "UNDECIDED", ("CountyOutcome", "UNDECIDED"): "MEETS",
            ("CountyOutcome", "VETOED"): "DOES_NOT_MEET", ("CountyOutcome", "DOES_NOT_MEET"): "VETOED",
            ("Combinator", "ALL"): "LEAF", ("Combinator", "INFORMATIONAL"): "ALL",
        }.get((node.value.id, node.attr))
        if swap:
            yield f"{node.value.id}.{node.attr}→{swap}", lambda n, s=swap: _set(n, attr=s)
    is_call = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    if is_call or isinstance(node, ast.AugAssign | ast.Raise):
        yield "statement deleted", lambda n: ast.Pass()


def _set(node: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _with_op(node: Any, i: int, op: ast.cmpop) -> Any:
    node.ops[i] = op
    return node


def _swap_bool(node: Any) -> Any:
    return _set(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _without(node: Any, i: int) -> Any:
    rest = node.values[:i] + node.values[i + 1 :]
    return rest[0] if len(rest) == 1 else _set(node, values=rest)


def mutants_of(tree: ast.Module) -> list[Mutant]:
    """Return every change of a module, in the order of its lines."""
    found: list[Mutant] = []

    def visit(node: ast.AST, parent: ast.AST | None, path: tuple[tuple[str, int | None], ...], scope: str) -> None:
        if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.AnnAssign) and not (
            isinstance(node, ast.AnnAssign) and node.value is not None
        ):
            return
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            scope = f"{scope}.{node.name}" if scope else node.name
        for text, change in changes(node, parent):
            line = getattr(node, "lineno", None) or getattr(parent, "lineno", 0)
            if isinstance(node, ast.comprehension):
                line = node.ifs[0].lineno
            found.append(Mutant(line, scope, text, path, change))
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params", "bases", "format_spec"):
                continue
            if isinstance(node, ast.Raise) or (name == "op" or name == "ops" or name == "ctx"):
                continue
            if isinstance(value, list):
                for i, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        visit(child, node, (*path, (name, i)), scope)
            elif isinstance(value, ast.AST):
                visit(value, node, (*path, (name, None)), scope)

    visit(tree, None, (), "")
    return found


def changed(tree: ast.Module, mutant: Mutant) -> ast.Module:
    """Return a copy of a module with one change made."""
    fresh = copy.deepcopy(tree)
    at: Any = fresh
    for name, i in mutant.path[:-1]:
        at = getattr(at, name) if i is None else getattr(at, name)[i]
    name, i = mutant.path[-1]
    if i is None:
        setattr(at, name, mutant.change(getattr(at, name)))
    else:
        getattr(at, name)[i] = mutant.change(getattr(at, name)[i])
    return ast.fix_missing_locations(fresh)


def identity(module: str, mutant: Mutant, tree: ast.Module) -> str:
    """Name a change by what it leaves of its scope, so that changes elsewhere do not move it."""
    text = ast.unparse(changed(tree, mutant))
    return hashlib.sha256(f"{module}\n{text}".encode()).hexdigest()[:16]


def function_codes(code: types.CodeType, prefix: str = "") -> Iterator[tuple[str, types.CodeType]]:
    """Yield the code of each function a module defines outside functions, by its qualified name."""
    for const in code.co_consts:
        if isinstance(const, types.CodeType) and not const.co_name.startswith("<"):
            yield const.co_qualname, const
            if not const.co_flags & 0x0002:  # a class body (functions have fast locals) holds methods
                yield from function_codes(const)


def functions_in(module: types.ModuleType) -> dict[str, types.FunctionType]:
    """Return the module's own functions and methods, unwrapped, by their qualified name."""
    found: dict[str, types.FunctionType] = {}

    def note(value: Any) -> None:
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            for part in (value.fget, value.fset):
                note(part)
            return
        value = getattr(value, "func", value) if type(value).__name__ == "cached_property" else value
        while hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            found[value.__code__.co_qualname] = value

    for value in vars(module).values():
        note(value)
        if isinstance(value, type) and value.__module__ == module.__name__:
            for member in vars(value).values():
                note(member)
    return found
