"""Takes the pictures of catalog, README and Docs that show the program, in the program that it runs in.

tools/take_pictures starts it in the real 3D Slicer and in the embedded viewer, and says by COVIDDETECT_PICTURES where
they go. What is seen is the synthetic sample CT.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "COVIDDetect")]

from Testing.panel import host  # noqa: E402

FOLDER = Path(os.environ["COVIDDETECT_PICTURES"])
WINDOW, WIDE = (1240, 840), (1600, 1000)
GRAYS = 48
SKY, SKY_STEPS = ((193, 195, 232), (116, 120, 190)), 32
"""The gradient behind Slicer's 3D view; with fewer colors it shows bands."""
PATIENCE_S = 900


def save(pixmap: Any, name: str) -> None:
    """Write a picture with a palette, which takes a third of the space."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.png"
        if not pixmap.save(str(whole)):
            raise OSError(f"{whole} cannot be written")
        picture = Image.open(whole).convert("RGB")
    # A palette that is drawn from all pixels alone forgets either the heat map's few colors or the CT's grays.
    fixed = [step * 255 // (GRAYS - 1) for step in range(GRAYS) for _ in range(3)]
    steps = [step / (SKY_STEPS - 1) for step in range(SKY_STEPS)]
    fixed += [round(top + part * (bottom - top)) for part in steps for top, bottom in zip(*SKY, strict=True)]
    others = picture.quantize(256 - len(fixed) // 3, Image.Quantize.MAXCOVERAGE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette((fixed + (others or []))[: 3 * 256])
    picture = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    file = FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.save(file, optimize=True)


def window(name: str) -> None:
    """The main window, once its views have settled."""
    import slicer

    from Testing.panel.steps import let_views_settle

    let_views_settle()
    slicer.util.forceRenderAllViews()
    slicer.app.processEvents()
    save(slicer.util.mainWindow().grab(), name)


def section(widget: Any, name: str) -> None:
    """One section of the panel."""
    import slicer

    slicer.app.processEvents()
    save(widget.grab(), name)


def scroll_to(widget: Any) -> None:
    """Bring a part of the panel into sight."""
    import qt
    import slicer

    area = widget.parentWidget()
    while not isinstance(area, qt.QScrollArea):
        area = area.parentWidget()
    area.ensureWidgetVisible(widget)
    slicer.app.processEvents()


def wait_for(panel: Any) -> None:
    """Until what was begun has ended."""
    host.wait_until(lambda: not panel.logic.busy, PATIENCE_S, "the computation ends")
    if panel.ui.messageLabel.text:
        raise RuntimeError(panel.ui.messageLabel.text)


def wait_for_width(panel: Any) -> None:
    """Until the idle worker has found out how wide the number is."""
    host.wait_until(lambda: panel.panel.state.result.record.get("width"), PATIENCE_S, "the number has a width")


def catalog(panel: Any) -> None:
    """The result as the Extensions Manager shows it, in a wide window."""
    import slicer

    slicer.util.mainWindow().resize(*WIDE)
    panel.ui.heatMapIn3DCheckBox.checked = True
    window("COVIDDetect.png")
    panel.ui.heatMapIn3DCheckBox.checked = False
    slicer.util.mainWindow().resize(*WINDOW)
    slicer.app.processEvents()


def tutorial(panel: Any) -> None:
    """The steps of Docs/use/tutorial.md."""
    import slicer
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_segment_ids
    from COVIDDetectLib.mrml.views.display import jump_to

    from Testing.panel.steps import drag, let_views_settle, on_screen, view

    ui = panel.ui
    ui.sampleDataButton.click()
    window("tutorial/sample.png")
    ui.analyzeButton.click()
    wait_for(panel)
    wait_for_width(panel)
    catalog(panel)
    window("tutorial/result.png")
    section(ui.COVIDDetect, "tutorial/number.png")
    ui.displayCollapsibleButton.collapsed = False
    section(ui.displayCollapsibleButton, "tutorial/display.png")
    ui.displayCollapsibleButton.collapsed = True
    ui.regionsTable.setCurrentCell(1, 0)
    window("tutorial/region.png")
    ui.regionsTable.setCurrentCell(0, 0)

    ui.experimentsCollapsibleButton.collapsed = False
    ui.experimentsButton.click()
    wait_for(panel)
    section(ui.experimentsCollapsibleButton, "tutorial/experiments.png")
    ui.experimentsCollapsibleButton.collapsed = True

    region = panel.panel.regions.current()
    left, posterior, superior = region["peak_lps"]
    place = -left, -posterior, superior
    ui.editMaskButton.click()
    let_views_settle()
    jump_to(place)
    editor = panel.panel.mask_editor.editor
    editor.setCurrentSegmentID(lung_segment_ids(ui.maskSelector.currentNode())[0 if region["side"] == "right" else 1])
    editor.setActiveEffectByName("Erase")
    x, y = on_screen(place)
    drag(view(), [(x + dx, y + dy) for dx, dy in ((0, 0), (12, 0), (12, 12), (0, 12), (-12, 12), (-12, 0), (-12, -12))])
    window("tutorial/mask.png")
    ui.rescoreEditedButton.click()
    wait_for(panel)
    ui.editMaskButton.click()
    section(ui.COVIDDetect, "tutorial/history.png")
    ui.opacityCollapsibleButton.collapsed = False
    section(ui.opacityCollapsibleButton, "tutorial/densities.png")
    ui.opacityCollapsibleButton.collapsed = True
    slicer.app.processEvents()


def follow_up(panel: Any) -> None:
    """Docs/use/follow-up.md: the sample, and the same patient later, with more disease."""
    import slicer
    from COVIDDetectLib.mrml.comparison import Comparison
    from COVIDDetectLib.mrml.nodes.ct import ct_from_node, geometry_of, place
    from COVIDDetectLib.mrml.nodes.lung_mask import lung_mask_from_node
    from COVIDDetectLib.mrml.nodes.result import Result
    from COVIDDetectLib.mrml.views.display import jump_to
    from COVIDDetectLib.phantom import add_disease

    from Testing.panel.steps import let_views_settle

    ui = panel.ui
    earlier = ui.ctSelector.currentNode()
    lungs = lung_mask_from_node(Result.of(earlier).lung_mask_node, earlier).labels
    grown, lesions = add_disease(ct_from_node(earlier), lungs, seed=2)
    later = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{earlier.GetName()} later")
    place(later, geometry_of(earlier))
    slicer.util.updateVolumeFromArray(later, grown.hu)
    later.CreateDefaultDisplayNodes()
    ui.ctSelector.setCurrentNode(later)
    ui.analyzeButton.click()
    wait_for(panel)
    ui.followUpCollapsibleButton.collapsed = False
    ui.compareButton.click()
    wait_for(panel)
    host.wait_until(Comparison.current, PATIENCE_S, "both are compared")
    let_views_settle()
    slice_number = int(lesions.sum(axis=(1, 2)).argmax())
    left, posterior, superior, _one = grown.geometry.ijk_to_lps @ [
        *(n / 2 for n in grown.shape[:0:-1]),
        slice_number,
        1,
    ]
    jump_to((-left, -posterior, superior))
    scroll_to(ui.changeVisibleCheckBox)
    window("tutorial/follow-up.png")
    ui.stopComparingButton.click()
    let_views_settle()
    ui.followUpCollapsibleButton.collapsed = True
    ui.ctSelector.setCurrentNode(earlier)
    slicer.app.processEvents()


def german(panel: Any) -> None:
    """The panel in German, with the result that is there."""
    import qt
    import slicer

    tool = ROOT / ".venv" / "bin" / "pyside6-lrelease"
    source = ROOT / "COVIDDetect" / "Resources" / "Translations" / "COVIDDetect_de-DE.ts"
    # Slicer's own libraries are not for the Qt tool of .venv.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "PYTHON"))}
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "COVIDDetect_de-DE.qm"
        subprocess.run([tool, source, "-qm", compiled], check=True, env=environment, stdout=subprocess.DEVNULL)
        translator = qt.QTranslator()
        translator.load(str(compiled))
    slicer.app.installTranslator(translator)
    slicer.util.reloadScriptedModule("COVIDDetect")
    scroll_to(slicer.modules.COVIDDetectWidget.ui.ctSelector)
    window("tutorial/german.png")
    slicer.app.removeTranslator(translator)


def take(steps: list[Callable[[Any], None]]) -> None:
    """Open the module as a user finds it, and go through the steps."""
    import slicer

    host.start()
    slicer.util.mainWindow().resize(*WINDOW)
    slicer.util.selectModule("COVIDDetect")
    if host.is_slicer():
        slicer.util.findChild(slicer.util.mainWindow(), "DataProbeCollapsibleWidget").collapsed = True
    slicer.app.processEvents()
    for step in steps:
        step(slicer.modules.COVIDDetectWidget)
    if heard := host.log_warnings():  # the window shows a red cross then
        raise RuntimeError("\n".join(heard))


def in_slicer() -> None:
    """End Slicer with 0 when all pictures were taken, else with 1."""
    import slicer

    try:
        take([tutorial, follow_up, german])
    except Exception:  # noqa: BLE001 - the exit code must tell, whatever happened
        traceback.print_exc(file=sys.__stderr__)
        slicer.util.exit(1)
    else:
        slicer.util.exit(0)


def in_viewer(panel: Any) -> None:
    """The sample's result in the embedded viewer."""
    panel.ui.sampleDataButton.click()
    panel.ui.analyzeButton.click()
    wait_for(panel)
    wait_for_width(panel)
    window("tutorial/viewer.png")


if host.is_slicer():
    import qt

    qt.QTimer.singleShot(0, in_slicer)
elif __name__ == "__main__":
    take([in_viewer])
