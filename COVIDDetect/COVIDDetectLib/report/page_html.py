"""A report as one HTML file that needs nothing else: pictures are inside, and nothing is loaded from anywhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape

from .page import Page
from .words import Language

_STYLE = """
@page { size: A4; margin: 12mm; }
body { font: 12px/1.4 Helvetica, Arial, sans-serif; color: #111; background: #fff; max-width: 186mm; margin: 1em auto; }
h1 { font-size: 17px; margin: 0; } h2 { font-size: 12px; margin: 1em 0 .2em; border-bottom: 1px solid #bbb; }
p { margin: .2em 0; } .research { color: #a33b00; font-weight: bold; }
.study { float: right; font-weight: bold; margin-left: 1em; }
.doubts { background: #fff1d6; border-left: 5px solid #d97a00; padding: .5em .8em; margin: .6em 0; font-weight: bold; }
.score { display: flex; gap: 1.2em; align-items: center; margin: .6em 0; }
.number { font-size: 38px; font-weight: bold; white-space: nowrap; } .gray { color: #8a8a8a; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .1em .8em .1em 0; vertical-align: top; font-weight: normal; }
thead th { font-weight: bold; } tbody th { color: #444; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2em; }
.pictures { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6em; }
figure { margin: 0; break-inside: avoid; } figure img { width: 100%; display: block; background: #000; }
figcaption { font-size: 9.5px; line-height: 1.25; color: #333; margin-top: .2em; }
.details { font-size: 9.5px; line-height: 1.3; color: #333; margin-top: 1em; } .details td { overflow-wrap: anywhere; }
"""


def page_html(page: Page, language: Language) -> str:
    """The whole file."""
    gray = " gray" if page.is_gray else ""
    parts = [
        f'<p class="study">{_text(page.study)}</p><h1>{_text(page.title)}</h1>',
        f'<p class="research">{_text(page.research)}</p>',
        f'<div class="doubts">{_lines(page.doubts)}</div>' if page.doubts else "",
        f'<div class="score"><div class="number{gray}" title="{_text(page.number_title)}">{_text(page.number)}</div>',
        f"<div>{_lines(page.verdict)}</div></div>",
        f"<table>{_rows(page.acquisition)}</table>",
        f"<h2>{_text(page.measures_title)}</h2>",
        _measures(page),
        f"<p>{_text(page.opacity_note)}</p>",
        f"<h2>{_text(page.regions_title)}</h2>{_lines(page.regions)}",
        f"<h2>{_text(page.comparison[0])}</h2>{_lines(page.comparison[1:])}" if page.comparison else "",
        f"<h2>{_text(page.pictures_title)}</h2>{_pictures(page)}" if page.pictures else "",
        f'<table class="details">{_rows(page.details)}</table>',
    ]
    head = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{_text(page.study)}</title>'
        f"<style>{_STYLE}</style></head>"
    )
    return f"{head}\n<body>\n" + "\n".join(part for part in parts if part) + "\n</body></html>\n"


def _text(text: str) -> str:
    return escape(text)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"<p>{_text(line)}</p>" for line in lines)


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)


def _measures(page: Page) -> str:
    heading, *rows = page.measures
    head = "".join(f"<th>{_text(title)}</th>" for title in heading)
    body = "".join(
        f"<tr><th>{_text(row[0])}</th>{''.join(f'<td>{_text(value)}</td>' for value in row[1:])}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _pictures(page: Page) -> str:
    parts = []
    for caption, picture in page.pictures:
        source = f"data:image/jpeg;base64,{b64encode(picture.encoded('JPEG')).decode()}"
        image = f'<img alt="{_text(caption)}" src="{source}">'
        parts.append(f"<figure>{image}<figcaption>{_text(caption)}</figcaption></figure>")
    return f'<div class="pictures">{"".join(parts)}</div><p>{_text(page.pictures_note)}</p>'
