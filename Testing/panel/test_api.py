"""Every name that the module uses is in the real Slicer at hand."""

from __future__ import annotations

import logging
import unittest

import pytest

from Testing.panel.host import is_slicer
from tools.list_slicer_api import used_names

MADE_WHEN_IT_RUNS = (".connectGui", ".disconnectGui", ".parameterNode")
"""Methods that ``parameterNodeWrapper`` gives to the class that it wraps."""


def test_every_name_is_in_this_slicer(host: None) -> None:
    if not is_slicer():
        pytest.skip("the embedded viewer has only what the module needs")
    import ctk
    import qt
    import SampleData
    import slicer
    import slicer.i18n
    import slicer.packaging
    import slicer.parameterNodeWrapper
    import vtk
    import vtk.util.numpy_support
    from slicer import ScriptedLoadableModule

    used = list(used_names())
    names = [name for name in used if name.split(".")[0] in ("slicer", "qt", "ctk", "vtk") and "." in name]
    methods = [name for name in used if name.startswith(".") and name not in MADE_WHEN_IT_RUNS]
    classes = [name for name in used if name.startswith("vtkMRML") or name.endswith(" (widget)")]
    assert len(names) > 50 and len(methods) > 100 and len(classes) > 20

    hosts = {"slicer": slicer, "qt": qt, "ctk": ctk, "vtk": vtk}
    absent = [name for name in names if not _has(hosts, name)]
    own = [slicer.util, slicer.parameterNodeWrapper, SampleData, ScriptedLoadableModule, vtk.util.numpy_support]
    modules = [*hosts.values(), *own, logging, unittest]
    kinds = [getattr(module, name, None) for module in modules for name in dir(module)]
    known = set().union(*map(dir, kinds), *map(dir, modules))
    assert len(known) > 10000
    absent += [name for name in methods if name.lstrip(".") not in known]
    absent += [name for name in classes if not any(hasattr(one, name.split()[0]) for one in hosts.values())]
    assert absent == []


def _has(hosts: dict[str, object], name: str) -> bool:
    first, *rest = name.split(".")
    holder: object = hosts[first]
    for part in rest:
        holder = getattr(holder, part, None)
    return holder is not None
