"""The members of a dossier, from a folder or a zip: nothing foreign, nothing endless; and a zip made of them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scoring.errors import Defect

_READ_SIZE = 1 << 20
_MOST_MEMBERS = 32
_RATIO_FROM = 1 << 20
_MOST_RATIO = 200
ZIP = "zip"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class MemberRule:
    """One file a dossier may have: how many bytes at most, counted while reading, and whether it must be there."""

    name: str
    most_bytes: int
    required: bool


def read_members(source: Path | bytes, rules: tuple[MemberRule, ...], defects: list[Defect]) -> dict[str, bytes]:
    """Return the files of a dossier by name.

    Parameters
    ----------
    source : Path or bytes
        A folder, a zip file, or the bytes of one.
    rules : tuple of MemberRule
        The files there may be. Everything else is refused: other names, folders, paths, links, duplicates,
        encrypted or oddly packed members, and members longer than they may be, whatever their header says.
    defects : list of Defect
        Where one defect is added for each member that is missing or refused.

    Returns
    -------
    dict
        The bytes of each file that is there and was not refused.
    """
    if isinstance(source, bytes):
        members = _from_zip(io.BytesIO(source), rules, defects)
    elif source.is_dir():
        members = _from_folder(source, rules, defects)
    elif source.is_file():
        with source.open("rb") as stream:
            members = _from_zip(stream, rules, defects)
    else:
        defects.append(_defect(str(source.name), "没有此文件或文件夹", "no such file or folder"))
        return {}
    named = {defect.file for defect in defects}
    if ZIP in named:
        return members
    for rule in rules:
        if rule.required and rule.name not in members and rule.name not in named:
            defects.append(_defect(rule.name, "缺少此文件", "this file is missing"))
    return members


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """Return a zip that depends on nothing but its members: sorted, one fixed time, one fixed compression."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.external_attr = _REGULAR_FILE
            info.create_system = 3
            archive.writestr(info, members[name], zipfile.ZIP_DEFLATED, 6)
    return stream.getvalue()


def _from_folder(folder: Path, rules: tuple[MemberRule, ...], defects: list[Defect]) -> dict[str, bytes]:
    by_name = {rule.name: rule for rule in rules}
    members = {}
    for n, path in enumerate(sorted(folder.iterdir())):
        if n >= _MOST_MEMBERS:
            defects.append(_defect(folder.name, "文件过多", "too many files"))
            break
        rule = by_name.get(path.name)
        if rule is None:
            defects.append(_foreign(path.name))
        elif path.is_symlink() or not path.is_file():
            defects.append(_defect(path.name, "应为普通文件", "must be a regular file"))
        else:
            with path.open("rb") as stream:
                data = stream.read(rule.most_bytes + 1)
            if len(data) > rule.most_bytes:
                defects.append(_too_long(rule))
            else:
                members[path.name] = data
    return members


def _from_zip(stream: IO[bytes], rules: tuple[MemberRule, ...], defects: list[Defect]) -> dict[str, bytes]:
    by_name = {rule.name: rule for rule in rules}
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_MEMBERS:
                defects.append(_defect(ZIP, f"文件多于{_MOST_MEMBERS}个", f"more than {_MOST_MEMBERS} members"))
                entries = []
            for info in entries:
                rule = by_name.get(info.filename)
                if rule is None:
                    defects.append(_foreign(info.filename))
                elif info.filename in members:
                    defects.append(_defect(rule.name, "在压缩包中重复", "occurs twice in the zip"))
                else:
                    data = _unpacked(archive, info, rule, defects)
                    if data is not None:
                        members[rule.name] = data
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        defects.append(_defect(ZIP, f"不是可读的压缩包({error})", f"not a readable zip ({error})"))
    return members


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, rule: MemberRule, defects: list[Defect]) -> bytes | None:
    if info.flag_bits & 0x1:
        defects.append(_defect(rule.name, "不得加密", "must not be encrypted"))
        return None
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        defects.append(_defect(rule.name, "压缩方式不受支持", "the compression is not supported"))
        return None
    chunks, size = [], 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_READ_SIZE):
                size += len(chunk)
                if size > rule.most_bytes:
                    defects.append(_too_long(rule))
                    return None
                if size > _RATIO_FROM and size > _MOST_RATIO * max(1, info.compress_size):
                    zh = f"压缩比超过{_MOST_RATIO}:1"
                    defects.append(_defect(rule.name, zh, f"compressed more than {_MOST_RATIO} to 1"))
                    return None
                chunks.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        defects.append(_defect(rule.name, f"无法解压({error})", f"cannot be unpacked ({error})"))
        return None
    return b"".join(chunks)


def _defect(file: str, zh: str, en: str) -> Defect:
    shown = file.encode("utf-8", "replace").decode("utf-8")[:80]
    return Defect(shown, None, None, f"{shown}:{zh}。", f"{shown}: {en}.")


def _foreign(name: str) -> Defect:
    return _defect(name or ZIP, "不属于数据包的文件", "does not belong to a dossier")


def _too_long(rule: MemberRule) -> Defect:
    return _defect(rule.name, f"超过{rule.most_bytes}字节", f"longer than {rule.most_bytes} bytes")
