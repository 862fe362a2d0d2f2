"""The heat map stays right while views come and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from Testing.panel.host import is_slicer
from Testing.panel.steps import analyze, composite, let_views_settle, load_phantom, pixels


@pytest.fixture
def layouts(host: None) -> Iterator[Any]:
    """Switches to a layout by its name; at the end it is four-up again."""
    import slicer

    def switch(name: str) -> None:
        slicer.app.layoutManager().setLayout(getattr(slicer.vtkMRMLLayoutNode, f"SlicerLayout{name}"))
        let_views_settle()

    yield switch
    switch("FourUpView")


def go_to_hottest(result: Any) -> None:
    from COVIDDetectLib.mrml.views.display import jump_to

    left, posterior, superior = result.record["regions"][0]["peak_lps"]
    jump_to((-left, -posterior, superior))


def colored(name: str) -> int:
    """How many pixels of a view are colored as Inferno's hot end is: red far above blue."""
    image = pixels(name).astype(int)
    return int(np.count_nonzero((image[..., 0] > 80) & (image[..., 0] > image[..., 2] + 40)))


def test_the_heat_map_lies_over_its_ct_in_every_layout(panel: Any, layouts: Any) -> None:
    import slicer

    ct = load_phantom()
    result = analyze(panel)
    go_to_hottest(result)
    for layout, shown in [
        ("FourUpView", ["Red", "Green", "Yellow"]),
        ("ConventionalView", ["Red", "Green", "Yellow"]),
        ("OneUpRedSliceView", ["Red"]),
        ("OneUp3DView", []),
        ("FourUpView", ["Red", "Green", "Yellow"]),
    ]:
        layouts(layout)
        if layout == "OneUp3DView":
            panel.ui.opacitySlider.value = 0.9
        for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            assert view.GetBackgroundVolumeID() == ct.GetID()
            assert view.GetForegroundVolumeID() == result.in_lungs_node.GetID()
        for name in shown:
            assert colored(name) > 50, (layout, name)
    assert composite("Red").GetForegroundOpacity() == pytest.approx(0.9)


def test_another_module_leaves_the_heat_map_where_it_is(panel: Any, layouts: Any) -> None:
    import slicer

    if not is_slicer():
        pytest.skip("the embedded viewer has one module")
    load_phantom()
    result = analyze(panel)
    go_to_hottest(result)
    for module in ("Data", "Volumes", "Segmentations", "COVIDDetect"):
        slicer.util.selectModule(module)
        slicer.app.processEvents()
        assert composite("Red").GetForegroundVolumeID() == result.in_lungs_node.GetID()
    layouts("FourUpView")
    assert colored("Red") > 50
