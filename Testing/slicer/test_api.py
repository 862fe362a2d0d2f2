"""Every name that the module uses is in the real Slicer at hand."""

from __future__ import annotations

from Testing.slicer.conftest import RunSlicer
from tools.list_slicer_api import used_names

MADE_WHEN_IT_RUNS = (".connectGui", ".disconnectGui", ".parameterNode")
"""Methods that ``parameterNodeWrapper`` gives to the class that it wraps."""

CODE = """
import ctk, importlib, logging, unittest, vtk
import vtk.util.numpy_support, slicer.parameterNodeWrapper, slicer.i18n, slicer.packaging, slicer.util
hosts = dict(slicer=slicer, qt=qt, ctk=ctk, vtk=vtk)
absent = []
for name in {names!r}:
    first, *rest = name.split(".")
    holder = hosts[first]
    for part in rest:
        holder = getattr(holder, part, None)
    if holder is None:
        absent.append(name)
import SampleData
from slicer import ScriptedLoadableModule
modules = [slicer, qt, ctk, vtk, vtk.util.numpy_support, slicer.util, slicer.parameterNodeWrapper, SampleData,
           ScriptedLoadableModule, logging, unittest]
kinds = [getattr(module, name, None) for module in modules for name in dir(module)]
known = set().union(*map(dir, kinds), *map(dir, modules))
absent += [name for name in {methods!r} if name.lstrip(".") not in known]
absent += [name for name in {classes!r} if not any(hasattr(host, name.split()[0]) for host in hosts.values())]
print("looked up", len(known) > 10000)
print("absent", absent)
"""


def test_every_name_is_in_this_slicer(run_slicer: RunSlicer) -> None:
    used = list(used_names())
    names = [name for name in used if name.split(".")[0] in ("slicer", "qt", "ctk", "vtk") and "." in name]
    methods = [name for name in used if name.startswith(".") and name not in MADE_WHEN_IT_RUNS]
    classes = [name for name in used if name.startswith("vtkMRML") or name.endswith(" (widget)")]
    assert len(names) > 50 and len(methods) > 100 and len(classes) > 20
    printed = run_slicer(CODE.format(names=names, methods=methods, classes=classes), [])
    assert "looked up True" in printed
    assert "absent []" in printed, printed
