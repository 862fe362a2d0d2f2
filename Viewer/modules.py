"""``slicer.modules`` and the module manager; scripted modules are loaded from their files, unmodified."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import qt
import slicer
from PySide6.QtCore import QObject, Signal

from .compat.pythonqt import pythonqt_class


class CoreModule:
    """One of Slicer's own modules: here its logic alone.

    Parameters
    ----------
    name
        As in Slicer.
    logic
        Its vtkMRMLAbstractLogic.
    """

    def __init__(self, name: str, logic: Any) -> None:
        self.name = name
        self.title = name
        self._logic = logic

    def logic(self) -> Any:
        return self._logic

    def widgetRepresentation(self) -> None:
        return None


class ScriptedModuleWidget(slicer.qMRMLWidget):
    """The widget that a scripted module fills; ``self()`` is the module's own Python object."""

    def __init__(self, module: ScriptedModule) -> None:
        super().__init__()
        self.setLayout(qt.QVBoxLayout())
        self.setMRMLScene(slicer.mrmlScene)
        self.isEntered = False
        self._module = module
        self._python: Any = None

    def fill(self) -> None:
        """Make the module's widget and let it set itself up."""
        self._python = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._python)
        self._python.setup()

    def self(self) -> Any:
        return self._python

    def reload(self) -> None:
        """For ``slicer.util.reloadScriptedModule``: the widget anew, from the class as it is now."""
        self.fill()

    def enter(self) -> None:
        self.isEntered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        self.isEntered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


class ScriptedModule:
    """A scripted loadable module; Slicer hands it to the module's first class as ``parent``.

    Parameters
    ----------
    path
        The module's file; its stem is the module's name.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.path = str(path)
        self.icon: Any = None
        self.title = ""
        self._widget: ScriptedModuleWidget | None = None
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        specification = importlib.util.spec_from_file_location(self.name, path)
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[self.name] = module
        specification.loader.exec_module(module)
        self.instance = getattr(module, self.name)(self)

    def widgetRepresentation(self) -> ScriptedModuleWidget:
        """The panel, made when it is first asked for."""
        if self._widget is None:
            self._widget = ScriptedModuleWidget(self)
            self._widget.fill()
        return self._widget

    @property
    def has_widget(self) -> bool:
        return self._widget is not None


class _ModuleManager(QObject):
    """Keeps the modules."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self, logics: dict[str, Any]) -> None:
        super().__init__()
        self._modules: dict[str, Any] = {name: CoreModule(name, logic) for name, logic in logics.items()}
        slicer.modules = SimpleNamespace()
        for name, module in self._modules.items():
            setattr(slicer.modules, name.lower(), module)

    def load(self, path: Path) -> ScriptedModule:
        """Load a scripted module from its file."""
        module = ScriptedModule(path)
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)
        setattr(slicer.modules, f"{module.name}Instance", module.instance)
        self.moduleLoaded.emit(module.name)
        return module

    def module(self, name: str) -> Any:
        return self._modules.get(name)

    def modulesNames(self) -> tuple[str, ...]:
        return tuple(self._modules)

    def unload_all(self) -> None:
        """Let all panels clean up."""
        for name, module in self._modules.items():
            if isinstance(module, ScriptedModule) and module.has_widget:
                module.widgetRepresentation().exit()
                self.moduleAboutToBeUnloaded.emit(name)


make_module_manager: Callable[[dict[str, Any]], Any] = pythonqt_class(_ModuleManager, "slicer")
"""Module name → logic; returns the manager and publishes ``slicer.modules``."""

slicer.qSlicerScriptedLoadableModule = ScriptedModule
slicer.qSlicerScriptedLoadableModuleWidget = ScriptedModuleWidget
