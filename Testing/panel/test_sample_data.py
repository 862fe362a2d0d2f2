"""The synthetic CTs in Slicer's Sample Data module."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.panel.host import wait_until


@pytest.fixture
def sample_data(host: None) -> Any:
    """Slicer's module; the embedded viewer has none."""
    import slicer

    if not hasattr(slicer.modules, "sampledata"):
        pytest.skip("the embedded viewer has no Sample Data module; its panel makes the same CT by its button")
    import SampleData

    return SampleData


def same_as_made(node: Any, name: str) -> bool:
    """Whether a volume has the voxels of the phantom, where they belong."""
    import slicer
    from COVIDDetectLib.mrml.nodes.ct import geometry_of
    from COVIDDetectLib.mrml.sample import make_phantom

    made = make_phantom(name).ct
    return np.array_equal(slicer.util.arrayFromVolume(node), made.hu) and geometry_of(node).same_grid(made.geometry)


@pytest.mark.parametrize("sample", ["Synthetic chest CT with disease", "Synthetic chest CT, healthy"])
def test_a_script_gets_each_sample_by_its_name(panel: Any, sample_data: Any, sample: str) -> None:
    import slicer

    node = sample_data.downloadSample(sample)
    slicer.app.processEvents()
    assert node.GetName() == sample
    assert same_as_made(node, sample)
    assert node.GetStorageNode() is None
    assert panel.ui.ctSelector.currentNode() is node


def test_the_buttons_in_sample_data_load_them_and_the_panel_takes_what_was_loaded(panel: Any, sample_data: Any) -> None:
    import qt
    import slicer

    slicer.util.selectModule("SampleData")
    widget = slicer.modules.SampleDataWidget
    frame = sample_data.SampleDataWidget.findCategoryWidget(widget.parent, "COVIDDetect")
    assert frame.title == "COVIDDetect"
    buttons = frame.findChildren(qt.QToolButton)
    samples = [button for button in buttons if "ynthetic" in button.text]
    assert [button.text for button in samples] == ["Synthetic chest CT with disease", "Synthetic chest CT, healthy"]
    assert [button.icon.availableSizes()[0].width() for button in samples] == [260, 260]
    samples[0].click()
    wait_until(lambda: slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"), 20, "the sample is there")
    slicer.util.selectModule("COVIDDetect")
    ct = panel.ui.ctSelector.currentNode()
    assert same_as_made(ct, samples[0].text)
    assert panel.ui.analyzeButton.enabled


def test_addresses_of_others_are_left_as_they_are(sample_data: Any) -> None:
    for address in ("https://example.org/coviddetect:disease", "coviddetect:other", "file:///tmp/ct.nrrd"):
        assert sample_data.SampleDataLogic.rewriteUrl(address) == address


def test_loading_a_module_twice_registers_each_sample_once(sample_data: Any) -> None:
    import slicer

    slicer.modules.COVIDDetectInstance.registerSampleData()
    assert len(sample_data.SampleDataLogic.sampleDataSourcesByCategory("COVIDDetect")) == 2


def test_the_panels_button_makes_the_same_ct(panel: Any) -> None:
    panel.ui.sampleDataButton.click()
    ct = panel.ui.ctSelector.currentNode()
    assert same_as_made(ct, ct.GetName())
