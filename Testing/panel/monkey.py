"""Somebody who clicks about at random, by a seed: whatever is done in whatever order, the invariants hold after it.

A step is something that a user can do in the panel or elsewhere in Slicer. What cannot be done at the moment is left
out, and another step chosen: so a seed gives the same steps in the same host.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from COVIDDetectLib.errors import DeviceError

from Testing.panel.host import close_scene, wait_until
from Testing.panel.invariants import Invariants, edited_mask
from Testing.panel.steps import center_of, drag, let_views_settle, load_phantom, on_screen, show, view
from Testing.panel.test_watch import move

LONGEST_ANSWER_S = 300.0
MOST_CTS = 3
LAYOUTS = ("FourUpView", "ConventionalView", "OneUpRedSliceView", "OneUp3DView", "FourUpView")


class Monkey:
    """One visit of the panel, from an empty scene on.

    Parameters
    ----------
    panel
        The module's widget.
    client
        What computes for it: an ``InstantClient``, or a ``WorkerClient``, whose process is killed at times.
    seed
        Of all choices.
    folder
        For scenes that are saved.
    """

    def __init__(self, panel: Any, client: Any, seed: int, folder: Path) -> None:
        self.panel, self.ui, self.client, self.folder = panel, panel.ui, client, folder
        self.random = random.Random(seed)
        self.seed, self.done, self._loaded = seed, [], 0
        self.invariants = Invariants(panel, client)
        self._steps: dict[Callable[[], object], int] = {
            self.load: 6,
            self.analyze: 10,
            self.analyze_and_meanwhile: 4,
            self.cancel: 3,
            self.rescore: 5,
            self.stroke: 7,
            self.end_editing: 3,
            self.undo: 4,
            self.redo: 2,
            self.choose_ct: 5,
            self.choose_mask: 3,
            self.show_a_ct: 3,
            self.take_the_ct_in_views: 4,
            self.remove: 4,
            self.remove_left_behind: 4,
            self.close: 1,
            self.save_and_load: 1,
            self.change_layout: 2,
            self.kill_the_worker: 2,
            self.change_a_ct: 1,
            self.move_a_ct: 1,
            self.turn_a_knob: 5,
            self.explain: 2,
            self.experiment: 1,
            self.rest: 2,
        }

    def run(self, count: int) -> None:
        """Do so many things; then close the scene, when nothing may be left.

        Raises
        ------
        AssertionError
            If an invariant does not hold; says how to do the same again.
        """
        with self.invariants.watched():
            try:
                for _ in range(count):
                    self.step()
                self._switch_layout(LAYOUTS[0])
                self.done.append("close at the end")
                self.close()
                self._settle()
                self._wait()
                self.invariants.check_at_rest()
            except Exception as error:
                raise AssertionError(
                    f"seed {self.seed}, step {len(self.done)}, after {', '.join(self.done[-8:])}: {error}\n"
                    f"again: make monkey SEED={self.seed} COUNT={count}"
                ) from error

    def step(self, without: tuple[str, ...] = ()) -> None:
        """Do one thing that can be done now, and look whether all holds."""
        steps = {step: weight for step, weight in self._steps.items() if step.__name__ not in without}
        while steps:
            (step,) = self.random.choices(list(steps), list(steps.values()))
            self.done.append(step.__name__)
            if step() is not False:
                break
            self.done.pop()
            del steps[step]
        self._settle()
        self.invariants.check()

    # --- What a user does: False where that cannot be done now -------------------------------------------------------

    def load(self) -> object:
        """A reader brings a CT, and shows it."""
        if len(self._cts()) >= MOST_CTS:
            return False
        self._loaded += 1
        disease, orientation = self.random.choice([("covid", "LPS"), (None, "LPS"), ("covid", "RSA")])
        ct = load_phantom(self.invariants.name(self._loaded), disease, orientation)
        if self.random.random() < 0.7:
            show(ct)
        return True

    def analyze(self) -> object:
        """Click *Analyze*, perhaps once more, and perhaps wait for it."""
        return self._click_analyze() and (self.random.random() < 0.4 or self._wait())

    def analyze_and_meanwhile(self) -> object:
        """Something else is done before the answer comes."""
        if not self.ui.analyzeButton.enabled:
            return False
        with getattr(self.client, "held", nullcontext)():
            if not self._click_analyze():
                return True
            for _ in range(self.random.randrange(4) if hasattr(self.client, "report") else 0):
                self.client.report()  # the third time it tells the lungs
            self.step(without=("analyze", "analyze_and_meanwhile", "rescore", "save_and_load"))
        return True

    def cancel(self) -> object:
        """Click *Cancel*."""
        return self.panel.logic.busy and self.ui.cancelButton.enabled and self._click(self.ui.cancelButton)

    def rescore(self) -> object:
        """Click *Re-score*."""
        if not (self._is_seen(self.ui.staleWidget) and self.ui.rescoreButton.enabled):
            return False
        self._click(self.ui.rescoreButton)
        return self._wait() if self.random.random() < 0.7 else True

    def stroke(self) -> object:
        """Draw into the mask with brush or eraser."""
        from COVIDDetectLib.mrml.views.display import jump_to

        editor = self.panel.panel.mask_editor
        if not editor.is_open:
            if not self.ui.editMaskButton.enabled:
                return False
            self._click(self.ui.editMaskButton)
        if not editor.is_open or self._layout == "OneUp3DView":
            return True
        let_views_settle()
        center = center_of(self.random.choice([1, 2]))
        jump_to(center)
        editor.editor.setActiveEffectByName(self.random.choice(["Erase", "Paint"]))
        x, y = on_screen(center)
        reach = self.random.randint(5, 30)
        with self.invariants.drawn(edited_mask(editor)):
            drag(view(), [(x, y), (x + reach, y + reach / 2)])
        return True

    def end_editing(self) -> object:
        """Click *Done*."""
        return self.panel.panel.mask_editor.is_open and self._click(self.ui.editMaskButton)

    def undo(self) -> object:
        """Take the last stroke back."""
        return self._click_in_editor("UndoButton")

    def redo(self) -> object:
        """And do it again."""
        return self._click_in_editor("RedoButton")

    def choose_ct(self) -> object:
        """Choose another CT, or none."""
        return self._choose(self.ui.ctSelector, self._cts())

    def choose_mask(self) -> object:
        """Choose another mask, or none."""
        return self._choose(self.ui.maskSelector, self._nodes("vtkMRMLSegmentationNode"))

    def show_a_ct(self) -> object:
        """Bring a CT into the views, as other modules do."""
        cts = self._cts()
        if not cts:
            return False
        show(self.random.choice(cts))
        return True

    def take_the_ct_in_views(self) -> object:
        """The click that the panel offers while the views show another CT."""
        return self._is_seen(self.ui.inViewsWidget) and self._click(self.ui.inViewsButton)

    def remove(self) -> object:
        """Remove a CT, a mask, a heat map or a table, as in the Data module."""
        import slicer

        nodes = [
            node
            for kind in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode")
            for node in self._nodes(kind)
        ]
        if not nodes:
            return False
        node = self.random.choice(nodes)
        self.done[-1] += f" {node.GetName()}"
        self.invariants.let_go(node)
        slicer.mrmlScene.RemoveNode(node)
        return True

    def remove_left_behind(self) -> object:
        """The click that the panel offers once a CT is gone."""
        return self._is_seen(self.ui.leftBehindWidget) and self._click(self.ui.leftBehindButton)

    def close(self) -> object:
        """Close the scene."""
        self.invariants.let_go_of_all()
        close_scene()
        return True

    def save_and_load(self) -> object:
        """Save the scene, close it, and open it again."""
        import slicer

        if not self._cts():
            return False
        self._wait()
        file = self.folder / f"{len(self.done)}.mrb"
        assert slicer.util.saveScene(str(file))
        self._settle()
        self.invariants.check()
        with self.invariants.reopened():
            close_scene()
            slicer.util.loadScene(str(file))
            slicer.app.processEvents()
        file.unlink()
        return True

    def change_layout(self) -> object:
        """Another arrangement of the views."""
        self._switch_layout(self.random.choice(LAYOUTS))
        return True

    def kill_the_worker(self) -> object:
        """The process that computes dies."""
        if hasattr(self.client, "held"):
            if not self.client.busy:
                return False
            self.client.fail(DeviceError("The computing process ended unexpectedly."))
        else:
            if not self.client.process_id:
                return False
            os.kill(self.client.process_id, signal.SIGKILL)
            wait_until(lambda: not self.panel.logic.busy, 5.0, "the end of the process is noticed")
        return True

    def change_a_ct(self) -> object:
        """Another module writes other voxels."""
        import slicer

        cts = self._cts()
        if not cts:
            return False
        ct = self.random.choice(cts)
        slicer.util.arrayFromVolume(ct)[3] += 1
        slicer.util.arrayFromVolumeModified(ct)
        return True

    def move_a_ct(self) -> object:
        """A CT is put under a transform."""
        cts = self._cts()
        if not cts:
            return False
        move(self.random.choice(cts), self.random.choice([5.0, 0.0, -20.0]))
        return True

    def turn_a_knob(self) -> object:
        """Change how something is shown."""
        box = self.random.choice(["maskVisible", "heatMapVisible", "onlyInLungs", "heatMapIn3D"])
        slider = self.random.choice(["decisionThreshold", "opacity", "heatMapThreshold"])
        if self.random.random() < 0.6:
            widget = getattr(self.ui, f"{box}CheckBox")
            return widget.enabled and self._click(widget)
        getattr(self.ui, f"{slider}Slider").value = self.random.choice([0.2, 0.5, 0.8])
        return True

    def explain(self) -> object:
        """Choose another way to make the heat map."""
        combo = self.ui.layerComboBox
        if self.panel.logic.busy or not self._is_seen(self.ui.heatMapWidget) or not combo.enabled:
            return False
        index = self.random.randrange(combo.count)
        combo.currentIndex = index
        self.panel.panel.explain(index)
        return True

    def experiment(self) -> object:
        """Score one lung alone."""
        button = self.ui.experimentsButton
        return self._is_seen(self.ui.experimentsCollapsibleButton) and button.enabled and self._click(button)

    def rest(self) -> object:
        """Wait a moment."""
        import slicer

        until = time.monotonic() + self.random.choice([0.02, 0.3])
        while time.monotonic() < until:
            slicer.app.processEvents()
            time.sleep(0.005)
        return True

    # --- Helpers -----------------------------------------------------------------------------------------------------

    def answer(self, box: Any, default: Any) -> Any:
        """Answer a question of the panel."""
        return self.random.choice(list(box.buttons()))

    def _click_analyze(self) -> bool:
        combo = self.ui.methodComboBox
        combo.currentIndex = combo.findData(self.random.choice(["threshold", "threshold", "unet"]))
        if not self.ui.analyzeButton.enabled:
            return False
        self._click(self.ui.analyzeButton)
        if not self.panel.logic.busy and self.ui.analyzeButton.enabled and self.random.random() < 0.8:
            self._click(self.ui.analyzeButton)  # something is wrong with it, and it is wanted all the same
        return True

    def _wait(self) -> bool:
        wait_until(lambda: not self.panel.logic.busy, LONGEST_ANSWER_S, "the answer comes")
        return True

    def _settle(self) -> None:
        import slicer

        for _ in range(3):
            slicer.app.processEvents()

    def _click(self, button: Any) -> bool:
        button.click()
        return True

    def _is_seen(self, widget: Any) -> bool:
        return bool(widget.visible)

    def _click_in_editor(self, name: str) -> bool:
        import slicer

        editor = self.panel.panel.mask_editor
        button = slicer.util.findChild(editor.editor, name) if editor.is_open else None
        if button is None or not button.enabled:
            return False
        with self.invariants.drawn(edited_mask(editor)):
            self._click(button)
        return True

    def _choose(self, selector: Any, nodes: list[Any]) -> bool:
        node = self.random.choice([*nodes, None])
        if node is selector.currentNode():
            return False
        selector.setCurrentNode(node)
        return True

    def _nodes(self, kind: str) -> list[Any]:
        import slicer

        return [node for node in slicer.util.getNodesByClass(kind) if not node.GetHideFromEditors()]

    def _cts(self) -> list[Any]:
        from COVIDDetectLib.mrml.scene import chest_cts

        return chest_cts()

    _layout = LAYOUTS[0]

    def _switch_layout(self, name: str) -> None:
        import slicer

        slicer.app.layoutManager().setLayout(getattr(slicer.vtkMRMLLayoutNode, f"SlicerLayout{name}"))
        self._layout = name
        slicer.app.processEvents()
