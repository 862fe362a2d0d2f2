"""Starts the embedded host: scene, application, views, window, and the panel."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODULE = ROOT / "COVIDDetect" / "COVIDDetect.py"


@dataclass(frozen=True)
class Host:
    """What has been started; everything else hangs on ``slicer.app``.

    Parameters
    ----------
    app
        ``slicer.app``.
    window
        The main window.
    core
        Scene and logics.
    """

    app: Any
    window: Any
    core: Any

    @property
    def panel(self) -> Any:
        """The module's widget object, as ``slicer.modules.COVIDDetectWidget``."""
        import slicer

        return slicer.modules.COVIDDetectWidget

    def close(self) -> None:
        """Close the window and let the module end what it has started."""
        self.window.close()
        self.app.processEvents()


_host: Host | None = None


def start_host(offscreen: bool = False, module: Path | None = MODULE) -> Host:
    """Start the viewer once for this process; a second call returns the same host.

    Parameters
    ----------
    offscreen
        Nobody looks: message boxes are logged instead of shown, settings are not kept.
    module
        The scripted module to load and to open; None: none.
    """
    global _host
    if _host is not None:
        return _host
    for folder in (str(ROOT), str(ROOT / "COVIDDetect")):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    if offscreen and sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    from .compat.install import install

    install()
    import slicer

    from .application import make_application
    from .files import CoreIOManager
    from .modules import make_module_manager
    from .scene import make_core
    from .views.layout import make_layout_manager
    from .window import make_main_window

    app = make_application(offscreen)
    core = make_core(app.temporaryPath)
    app.add(core=core, modules=make_module_manager(core.logics), files=CoreIOManager(core))
    layout = make_layout_manager(core)
    app.add(layout=layout)
    window = make_main_window(layout)
    _host = Host(app, window, core)
    window.show()
    if module is not None:
        loaded = app.moduleManager().load(module)
        slicer.util.selectModule(loaded.name)
    app.startupCompleted.emit()
    app.processEvents()
    return _host
