"""What every page must be, whoever asked for it; :func:`inspect_page` names every fault it finds."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"})
UNLABELLED_INPUTS = frozenset({"hidden", "submit", "button", "image", "reset"})


class _Nesting(HTMLParser):
    """Notes every end tag that does not close the element opened last."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        twice = [name for name, n in Counter(name for name, _ in attrs).items() if n > 1]
        self.faults += [f"<{tag}> says {name} twice" for name in twice]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Accept ``<br/>`` and SVG's empty elements."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            line, column = self.getpos()
            self.faults.append(f"</{tag}> at {line}:{column} closes {self.open[-1:] or 'nothing'}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def inspect_headers(response: TestResponse) -> list[str]:
    """Name every protective header that is missing or says something else."""
    faults = [
        f"header {name} is {response.headers.get(name)!r}, not {value!r}"
        for name, value in HEADERS.items()
        if response.headers.get(name) != value
    ]
    policy = dict(
        part.strip().split(" ", 1)
        for part in response.headers.get("Content-Security-Policy", "").split(";")
        if " " in part.strip()
    )
    if policy != CONTENT_SECURITY_POLICY:
        faults.append(f"content security policy is {policy}")
    if response.mimetype == "text/html" and "no-store" not in response.headers.get("Cache-Control", ""):
        faults.append("a page may be stored: no Cache-Control: no-store")
    return faults


def inspect_page(text: str) -> list[str]:
    """Name everything a page of ours must not be: untitled, unlabelled, ambiguous, ill nested or inline."""
    soup = BeautifulSoup(text, "html.parser")
    nesting = _Nesting()
    nesting.feed(text)
    nesting.close()
    faults = nesting.faults + [f"<{tag}> is never closed" for tag in nesting.open]
    if not text.lstrip().lower().startswith("<!doctype html>"):
        faults.append("no doctype")
    faults += _head_faults(soup) + _inline_faults(soup) + _form_faults(soup) + _reference_faults(soup)
    return faults


def _head_faults(soup: BeautifulSoup) -> list[str]:
    faults = []
    if soup.html is None or not str(soup.html.get("lang", "")).startswith(("zh", "en")):
        faults.append("no language on <html>")
    if soup.title is None or not soup.title.get_text(strip=True):
        faults.append("no title")
    headings = soup.find_all("h1")
    if len(headings) != 1 or not headings[0].get_text(strip=True):
        faults.append(f"{len(headings)} h1")
    if len(soup.find_all("main")) != 1:
        faults.append("not exactly one <main>")
    if not soup.select('meta[name="viewport"]'):
        faults.append("no viewport")
    return faults


def _inline_faults(soup: BeautifulSoup) -> list[str]:
    faults = [
        f"inline script: {tag.get_text()[:40]!r}" for tag in soup.find_all("script") if not tag.get("src")
    ]
    faults += ["inline <style>" for _ in soup.find_all("style")]
    for tag in soup.find_all(True):
        faults += [
            f"inline {name} on <{tag.name}>" for name in tag.attrs if name == "style" or name.startswith("on")
        ]
        for name in ("src", "href", "action", "srcset", "poster"):
            value = str(tag.get(name, ""))
            if value.startswith(("//", "javascript:")) or (name != "href" and value.startswith("http")):
                faults.append(f"{name} leads elsewhere: {value[:60]!r}")
        if tag.name == "link" and str(tag.get("href", "")).startswith("http"):
            faults.append(f"something fetched from elsewhere: {tag['href']}")
    return faults


def _form_faults(soup: BeautifulSoup) -> list[str]:
    labelled = {str(tag["for"]) for tag in soup.find_all("label") if tag.get("for")}
    faults = []
    for field in soup.find_all(["input", "select", "textarea"]):
        if field.get("type") in UNLABELLED_INPUTS:
            continue
        named = field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in labelled
        if not named and field.find_parent("label") is None:
            faults.append(f"field {field.get('name')!r} has no label")
    for radio in soup.select('input[type="radio"]'):
        fieldset = radio.find_parent("fieldset")
        if fieldset is None or fieldset.find("legend") is None:
            faults.append(f"choice {radio.get('name')!r} stands in no fieldset with a legend")
    faults += ["a button without words" for tag in soup.find_all("button") if not _spoken(tag)]
    faults += [f"a link without words: {tag.get('href')!r}" for tag in soup.find_all("a") if not _spoken(tag)]
    faults += [
        f"an image without alt: {tag.get('src')!r}" for tag in soup.find_all("img") if tag.get("alt") is None
    ]
    for table in soup.find_all("table"):
        if table.find("th") is None or not (table.find("caption") or table.get("aria-labelledby")):
            faults.append("a table without caption or header cells")
    return faults


def _spoken(tag: Tag) -> bool:
    pictures = " ".join(str(image.get("alt", "")) for image in tag.find_all("img"))
    return bool(tag.get_text(strip=True) or tag.get("aria-label") or pictures.strip())


def _reference_faults(soup: BeautifulSoup) -> list[str]:
    ids = Counter(str(tag["id"]) for tag in soup.find_all(id=True))
    faults = [f"id {name!r} stands {n} times" for name, n in ids.items() if n > 1]
    for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for tag in soup.find_all(attrs={name: True}):
            value = tag[name]
            words = value if isinstance(value, list) else str(value).split()
            faults += [f"{name}={word!r} names nothing" for word in words if word not in ids]
    for tag in soup.find_all("a", href=True):
        anchor = str(tag["href"])
        if anchor.startswith("#") and len(anchor) > 1 and anchor[1:] not in ids:
            faults.append(f"link to {anchor} leads nowhere")
    return faults
