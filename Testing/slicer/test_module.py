"""The module as Slicer itself handles it: without a window, with a second panel, closed in mid-analysis."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from Testing.slicer.conftest import RunSlicer

MODULE = Path(__file__).resolve().parents[2] / "COVIDDetect"


def test_the_module_lives_without_a_main_window_and_follows_another_scene(run_slicer: RunSlicer) -> None:
    code = """
module = slicer.modules.coviddetect
assert module.name == "COVIDDetect"
for text in (module.title, module.acknowledgementText, module.helpText, module.contributors, module.categories):
    assert text
assert module.logic() == module.logic()
assert module.widgetRepresentation() == module.widgetRepresentation()
other = slicer.vtkMRMLScene()
module.setMRMLScene(other)
assert module.mrmlScene() == other
module.setMRMLScene(slicer.mrmlScene)
assert module.mrmlScene() == slicer.mrmlScene
print("lived")
"""
    printed = run_slicer(code, [MODULE], options=("--testing", "--no-main-window"))
    assert "lived" in printed
    assert "Traceback" not in printed


def test_views_that_come_new_get_the_heat_map_with_its_ct_only(run_slicer: RunSlicer) -> None:
    code = """
sys.path.insert(0, {root!r})
from Testing.panel.steps import analyze, load_phantom
slicer.util.selectModule("COVIDDetect")
panel = slicer.modules.COVIDDetectWidget
ct = load_phantom()
heat_map = analyze(panel).in_lungs_node.GetID()
layouts = slicer.app.layoutManager()
layouts.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)
slicer.app.processEvents()
new, red = (layouts.sliceWidget(name).mrmlSliceCompositeNode() for name in ("Red+", "Red"))
assert new.GetForegroundVolumeID() is None  # Slicer leaves a new view empty
new.SetBackgroundVolumeID(ct.GetID())
assert new.GetForegroundVolumeID() == heat_map
assert new.GetForegroundOpacity() == red.GetForegroundOpacity()
new.SetBackgroundVolumeID(load_phantom("Other").GetID())
assert new.GetForegroundVolumeID() is None
assert red.GetForegroundVolumeID() == heat_map
panel.ui.heatMapVisibleCheckBox.checked = False
assert red.GetForegroundVolumeID() is None
slicer.mrmlScene.Clear(0)
slicer.app.processEvents()
layouts.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
"""
    printed = run_slicer(code.format(root=str(MODULE.parent)), [MODULE])
    assert "Traceback" not in printed


def test_a_second_panel_works_beside_the_first_and_takes_the_keys(run_slicer: RunSlicer) -> None:
    code = """
sys.path.insert(0, {root!r})
from Testing.panel.host import node_counts
from Testing.panel.steps import analyze, load_phantom
from Testing.panel.test_reload import KEYS, shortcuts, workers
slicer.util.selectModule("COVIDDetect")
from COVIDDetectLib.mrml.watch import scene_watch
first = slicer.modules.COVIDDetectWidget
load_phantom()
assert analyze(first).stale == ""
nodes, observations = node_counts(), scene_watch().observation_count
representation = slicer.modules.coviddetect.createNewWidgetRepresentation()
second = slicer.modules.COVIDDetectWidget
assert second is not first
second.enter()
assert len(shortcuts()) == len(KEYS), len(shortcuts())
assert second.ui.probabilityLabel.text == first.ui.probabilityLabel.text
assert analyze(second).stale == ""
assert node_counts() == nodes
assert len(workers()) == 2
mask = second._parameterNode.lungMask
for one, other in ((first, second), (second, first)):
    one.ui.editMaskButton.click()
    assert one.panel.mask_editor.is_open and not other.panel.mask_editor.is_open
    assert one.panel.mask_editor.editor.segmentationNode() is mask
    one.panel.mask_editor.editor.setActiveEffectByName("Paint")
    assert not other.panel.mask_editor._editor or other.panel.mask_editor.editor.activeEffect() is None
second.ui.editMaskButton.click()
second.cleanup()
slicer.app.processEvents()
slicer.modules.COVIDDetectWidget = first
assert second.Observations == [] and scene_watch().observation_count == observations
assert shortcuts() == []
assert len(workers()) == 1
first.enter()
assert len(shortcuts()) == len(KEYS), len(shortcuts())
first.ui.editMaskButton.click()
assert first.panel.mask_editor.editor.segmentationNode() is mask
first.ui.editMaskButton.click()
slicer.util.selectModule("Data")
slicer.util.selectModule("COVIDDetect")
first.panel.parameters.heatMapOpacity = 0.7
assert analyze(first).stale == ""
load_phantom("Another")
slicer.mrmlScene.Clear(0)
slicer.app.processEvents()
"""
    printed = run_slicer(code.format(root=str(MODULE.parent)), [MODULE])
    assert "Traceback" not in printed


@pytest.mark.parametrize("when", ["in the middle of an analysis", "after it"])
def test_closing_slicer_leaves_no_process_and_no_file(run_slicer: RunSlicer, tmp_path: Path, when: str) -> None:
    code = """
import glob, tempfile, time
slicer.util.selectModule("COVIDDetect")
panel = slicer.modules.COVIDDetectWidget
heard = []
panel.logic.progressed.connect(lambda job, progress: heard.append(progress))
panel.ui.sampleDataButton.click()
panel.ui.analyzeButton.click()
end = time.monotonic() + 200
while not heard and time.monotonic() < end:
    slicer.app.processEvents()
while panel.logic.busy and {when!r} == "after it" and time.monotonic() < end:
    slicer.app.processEvents()
assert panel.logic.busy == ({when!r} != "after it")
import subprocess, os
# As wide as it is, whatever COLUMNS says.
command = ["ps", "-ww", "--ppid", str(os.getpid()), "-o", "pid=,args="]
children = subprocess.run(command, capture_output=True, text=True).stdout
workers = [line.split()[0] for line in children.splitlines() if "worker.service" in line]
print("workers", *workers)
assert glob.glob(tempfile.gettempdir() + "/coviddetect-*")
"""
    private = tmp_path / "private"
    private.mkdir()
    printed = run_slicer(code.format(when=when), [MODULE], {"TMPDIR": str(private)})
    workers = [int(number) for number in re.search(r"^workers(.*)$", printed, re.MULTILINE)[1].split()]  # type: ignore[index]
    assert len(workers) == 1
    end = time.monotonic() + 10  # with other Slicers beside this one
    while ("worker" in _command(workers[0]) or list(private.glob("coviddetect-*"))) and time.monotonic() < end:
        time.sleep(0.1)
    assert "worker" not in _command(workers[0])
    assert list(private.glob("coviddetect-*")) == []


def _command(process: int) -> str:
    try:
        return (Path("/proc") / str(process) / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return os.devnull
