"""``slicer.i18n``: translation with the contexts that Slicer gives to scripted modules."""

from __future__ import annotations

import inspect
import logging
import re
import types
from functools import cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication

_PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")


def translate(context: str, text: str) -> str:
    """The text in the language of the translators that are installed; as it is where they do not know it."""
    return QCoreApplication.translate(context, text)


@cache
def getContext(sourceFile: str) -> str:
    """The context of a file's strings: its name, after that of its package where it is in one."""
    path = Path(sourceFile)
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem


def tr(text: str) -> str:
    """The text in the user's language, in the context of the file that asks.

    A translation whose placeholders are not those of the text would fail when it is formatted: it is not used.
    """
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    context = getContext(frame.f_back.f_code.co_filename)
    translated = translate(context, text)
    if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(translated)):
        logging.warning("%s: the translation of “%s” has other placeholders and is not used.", context, text)
        return text
    return translated


def make_i18n_module() -> types.ModuleType:
    """The module, for ``sys.modules``."""
    module = types.ModuleType("slicer.i18n", __doc__)
    for function in (translate, getContext, tr):
        setattr(module, function.__name__, function)
    return module
