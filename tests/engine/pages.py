"""Reports as tests read them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """Reads a page: its tables as text, its tags with attributes; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.tables: list[list[list[str]]] = []
        self.headings: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"style", "script"} & set(self.open):
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data
        if {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] += data

    def table(self, *first: str) -> list[list[str]]:
        """Return the one table whose heading begins with these cells, with ordinary spaces."""
        (found,) = [table for table in self.tables if [plain(cell) for cell in table[0][: len(first)]] == list(first)]
        return [[plain(cell) for cell in row] for row in found]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def figures(text: str) -> list[dict]:
    """Return the plots of a page."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', text)
    return [json.loads(figure) for figure in found]


def check_offline(text: str) -> None:
    """Check that opening the page loads nothing but the library beside it: by what stands in it, and by its policy."""
    page = Page(text)
    # Not even a link that somebody would have to click.
    assert not re.search(r"(?i)\b(https?|ftp|wss?):", text)
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "audio", "video"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if tag == "script" and name == "src":
                assert re.fullmatch(r"plotly-[\w.]+\.min\.js", value)
            elif name in ("src", "href", "srcset", "action", "data"):
                assert value.startswith("data:image/png;base64," if tag == "img" else "#"), (tag, value)
    policies = [tag["content"] for _, tag in page.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src ")
    assert "script-src 'unsafe-inline' 'self' file:;" in policies[0]
    assert not re.search("https?:|//|\\*", policies[0])
    for style in re.findall("<style>(.*?)</style>", text, re.DOTALL):
        assert "url(" not in style
        assert "@import" not in style
