"""Every name that the module uses is in the real Slicer at hand."""

from __future__ import annotations

from Testing.slicer.conftest import RunSlicer
from tools.list_slicer_api import used_names

CODE = """
import ctk, importlib, vtk
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
print("absent", absent)
"""


def test_every_name_is_in_this_slicer(run_slicer: RunSlicer) -> None:
    names = [name for name in used_names() if name.split(".")[0] in ("slicer", "qt", "ctk", "vtk") and "." in name]
    assert len(names) > 50
    assert "absent []" in run_slicer(CODE.format(names=names), [])
