"""Puts the modules that scripted modules import into ``sys.modules``."""

from __future__ import annotations

import logging
import sys
import types

import slicer
import slicer.util


def install() -> None:
    """Let ``import qt``, ``import ctk``, ``from slicer.i18n import tr`` … find what this package makes.

    In this order: each of the later ones imports the earlier.
    """
    if "qt" in sys.modules:
        return
    logging.captureWarnings(True)
    from .qt_module import make_qt_module

    sys.modules["qt"] = make_qt_module()
    from .ctk_module import make_ctk_module

    sys.modules["ctk"] = make_ctk_module()
    from .qmrml import install_qmrml

    install_qmrml()
    slicer.selfTests = {}
    from .translations import make_i18n_module

    _publish("i18n", make_i18n_module())
    from . import scripted_module

    _publish("ScriptedLoadableModule", scripted_module)
    from . import parameters

    _publish("parameterNodeWrapper", parameters)


def _publish(name: str, module: types.ModuleType) -> None:
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)
