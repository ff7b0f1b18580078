"""The commands: start an installation here, prepare one for service, make an operator, load the demonstration."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

import click
import qrcode
from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from surveyapp import STAFF_PREFIX
from surveyapp.accounts.refusals import LoginMalformed, LoginTaken
from surveyapp.config import Config, ConfigError, from_environment
from surveyapp.db import Database, NotDurable
from surveyapp.demo import Demonstration, Size, load_demonstration
from surveyapp.installation import Login, new_operator, prepare

ROOT = Path(__file__).resolve().parent.parent
BLOCKING_THREADS = 4
CHANCE = secrets.SystemRandom()


@click.group(invoke_without_command=True, help="县域义务教育优质均衡评估。不带命令时启动。")
@click.pass_context
def commands(context: click.Context) -> None:
    """Start, unless another command is named."""
    if context.invoked_subcommand is None:
        context.invoke(start)


@commands.command(help="准备数据库、计划和演示县，然后在本机启动（SURVEY_SERVICE=1 时不装演示县）。")
def start() -> None:
    """Prepare what is missing, say where to go, and serve until stopped."""
    config, host = _config(), os.environ.get("HOST", "127.0.0.1")
    port = int(os.environ.get("PORT", "8000"))
    _require_free(host, port)
    database = Database(config.database_url)
    try:
        operator = _prepare(database)
        demonstration = None if config.service else _demonstrate(database)
    except NotDurable as error:
        raise click.ClickException(str(error)) from error
    finally:
        database.close()
    _say_where(config, host, operator, demonstration)
    _serve(host, port)


@commands.command(help="准备或更新数据库：表、问卷、计划；首次运行时打印第一个运维账号，只显示一次。")
def init() -> None:
    """Prepare an installation without starting it."""
    database = Database(_config().database_url)
    try:
        operator = _prepare(database)
    except NotDurable as error:
        raise click.ClickException(str(error)) from error
    finally:
        database.close()
    if operator is not None:
        _say_login(operator)


@commands.command(help="新建一个系统运维账号，打印随机密码，只显示一次。")
@click.argument("login")
def create_operator(login: str) -> None:
    """Make an operator's account."""
    database = Database(_config().database_url)
    try:
        _say_login(new_operator(database, login, CHANCE))
    except (LoginTaken, LoginMalformed) as error:
        raise click.ClickException(f"登录名 {login} 已被使用或不合规（3–64 位小写字母、数字、. _ -）") from error
    finally:
        database.close()


@commands.command(help="装入演示县；只在本机形态可用。")
def demo() -> None:
    """Load the demonstration county without starting."""
    config = _config()
    if config.service:
        raise click.ClickException("服务形态（SURVEY_SERVICE=1）不装演示县 / no demonstration in the service form")
    database = Database(config.database_url)
    try:
        operator = _prepare(database)
        demonstration = _demonstrate(database)
    finally:
        database.close()
    if operator is not None:
        _say_login(operator)
    _say_demonstration(config, demonstration)


def create_app() -> Flask:
    """Give ``flask --app surveyapp.cli`` the same commands."""
    app = Flask("surveyapp.cli")
    for command in commands.commands.values():
        app.cli.add_command(command)
    return app


def _config() -> Config:
    try:
        return from_environment(os.environ, instance=Path(os.environ.get("INSTANCE_DIR", ROOT / "instance")))
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = f"端口可能已被占用，请换一个，例如：PORT={port + 1} make run"
            raise click.ClickException(f"不能使用 {host}:{port}（{error.strerror}）。{advice}") from error


def _prepare(database: Database) -> Login | None:
    click.echo("正在准备数据库……")
    done = prepare(database, CHANCE)
    click.echo("  新数据库已建好。" if done.is_new else "  已有数据，全部保留。")
    for plan in done.plans:
        click.echo(f"  已装入计划 {plan}。")
    return done.operator


def _demonstrate(database: Database) -> Demonstration:
    with click.progressbar(length=1000, label="正在装入演示县", file=sys.stdout) as bar:

        def advance(share: float) -> None:
            bar.update(round(share * 1000) - bar.pos)

        demonstration = load_demonstration(database, CHANCE, advance, Size())
        advance(1)
    return demonstration


def _say_where(config: Config, host: str, operator: Login | None, demonstration: Demonstration | None) -> None:
    staff = f"{config.public_url}{STAFF_PREFIX}"
    click.echo(f"\n工作人员登录：{staff}/")
    if operator is not None:
        _say_login(operator)
    else:
        click.echo("运维账号在首次启动时已显示。忘记时可另建：.venv/bin/python -m surveyapp create-operator 登录名")
    if demonstration is not None:
        _say_demonstration(config, demonstration)
    if host == "127.0.0.1" and config.public_url.startswith("http://127.0.0.1"):
        click.echo("现在只有本机能打开。要用手机扫码：HOST=0.0.0.0 PUBLIC_URL=http://<本机局域网地址>:<端口> make run")
    click.echo("按 Ctrl+C 停止；再次启动会保留全部数据。\n")


def _say_login(made: Login) -> None:
    click.echo(f"{made.name}登录（密码只显示这一次）：\n  登录名 {made.login}\n  密码   {made.password}")


def _say_demonstration(config: Config, demonstration: Demonstration) -> None:
    for made in demonstration.logins:
        _say_login(made)
    staff = f"{config.public_url}{STAFF_PREFIX}"
    link = f"{config.public_url}/s/{demonstration.parents_token}"
    click.echo(f"演示县的结论：{staff}/surveys/{demonstration.sealed_survey_id}/verdict/（用上面任一账号登录）")
    click.echo(f"家长问卷（演示）：{link}")
    code = qrcode.QRCode(border=2)
    code.add_data(link)
    code.print_ascii(out=sys.stdout, tty=sys.stdout.isatty(), invert=True)


def _serve(host: str, port: int) -> None:
    # One process: SQLite takes one writer at a time, and a service has its own start (docs/operations.md).
    Server(
        "wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        websockets=False,
        log_access=False,
        working_dir=ROOT,
    ).serve()
