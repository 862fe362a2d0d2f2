"""What a person does with DICOM, as steps for the tests: through Slicer's own windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from Testing.panel.host import is_slicer, wait_until

LONGEST_S = 60.0


def import_folder(folder: Path) -> None:
    """Index a folder with the DICOM browser."""
    import ctk
    import slicer

    slicer.util.selectModule("DICOM")
    browser = slicer.modules.DICOMInstance.browserWidget
    browser.setImportDirectoryMode(ctk.ctkDICOMBrowser.ImportDirectoryAddLink)
    browser.importDirectory(str(folder))
    browser.dicomBrowser.waitForImportFinished()


def load_series(*uids: str) -> None:
    """Select series in the DICOM browser and click *Load*."""
    import ctk
    import slicer

    slicer.util.selectModule("DICOM")
    browser = slicer.modules.DICOMInstance.browserWidget
    browser.dicomBrowser.setSelectedItems(ctk.ctkDICOMModel.SeriesType, list(uids))
    wait_until(lambda: len(browser.fileLists) == len(uids), LONGEST_S, "the series are selected")
    browser.loadButton.click()
    slicer.app.processEvents()


def load_folder(folder: Path, series: str = "") -> None:
    """A DICOM folder with one series into the scene, as either host does it; where there are others, with its UID."""
    import slicer

    if is_slicer():
        import_folder(folder)
        load_series(*([series] if series else series_in_database()))
        slicer.util.selectModule("COVIDDetect")
    else:
        from Viewer.opening import open_path

        open_path(folder)
    slicer.app.processEvents()


def series_in_database() -> list[str]:
    """Series Instance UIDs."""
    import slicer

    database = slicer.dicomDatabase
    studies = [study for patient in database.patients() for study in database.studiesForPatient(patient)]
    return [series for study in studies for series in database.seriesForStudy(study)]


def answer(dialog_class: str, reply: Callable[[Any], None]) -> None:
    """Answer the next modal dialog of a class, once it is there."""
    import qt
    import slicer

    def look() -> None:
        dialog = slicer.app.activeModalWidget()
        if dialog is None or not dialog.inherits(dialog_class):
            qt.QTimer.singleShot(50, look)
        else:
            reply(dialog)

    qt.QTimer.singleShot(50, look)


def find_module(text: str) -> list[str]:
    """Type into the module finder and switch to what it finds first; returns all titles found."""
    import qt
    import slicer

    found: list[str] = []

    def reply(dialog: Any) -> None:
        slicer.util.findChild(dialog, "FilterTitleSearchBox").text = text
        model = slicer.util.findChild(dialog, "ModuleListView").model()
        found.extend(model.index(row, 0).data() for row in range(model.rowCount()))
        slicer.util.findChild(dialog, "ButtonBox").button(qt.QDialogButtonBox.Ok).click()

    answer("qSlicerModuleFinderDialog", reply)
    slicer.util.mainWindow().moduleSelector().showModuleFinder()
    slicer.app.processEvents()
    return found


def export_to_database(node: Any) -> str:
    """*Export to DICOM* of a node; returns what the dialog says against it, empty when it was exported."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    said: list[str] = []

    def reply(dialog: Any) -> None:
        exportables = slicer.util.findChild(dialog, "ExportablesListWidget")
        error = slicer.util.findChild(dialog, "ErrorLabel")
        assert exportables.item(0).text().startswith("DICOMSegmentation (100%"), exportables.item(0).text()
        said.append(error.text)
        answer("QMessageBox", lambda box: box.accept())
        slicer.util.findChild(dialog, "ExportButton").click()
        said.append(error.text)
        dialog.reject()

    # The node's item has to be current before its export can be clicked; the dialog sees to it from the event loop.
    def reply_when_examined(dialog: Any) -> None:
        if slicer.util.findChild(dialog, "ExportablesListWidget").count:
            reply(dialog)
        else:
            answer("QDialog", reply_when_examined)

    answer("QDialog", reply_when_examined)
    dialog = slicer.qSlicerDICOMExportDialog(None)
    dialog.setMRMLScene(slicer.mrmlScene)
    dialog.execDialog(hierarchy.GetItemByDataNode(node))
    return "".join(said)
