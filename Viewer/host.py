"""Starts the embedded host: scene, application, views, window, and the panel."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODULE_FOLDER = ROOT / "COVIDDetect"


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
        """Close the window and let the module end what it has started; the second time nothing happens."""
        atexit.unregister(self.close)
        self.window.close()
        self.app.processEvents()


_host: Host | None = None


def start_host(
    module_folders: Sequence[Path] = (MODULE_FOLDER,), keep_settings: bool = False, testing: bool = False
) -> Host:
    """Start the viewer once for this process; a second call returns the same host.

    Parameters
    ----------
    module_folders
        Where scripted modules are, as ``--additional-module-paths`` of Slicer; the first one found is opened.
    keep_settings
        Use the user's settings instead of fresh ones that are thrown away.
    testing
        As ``--testing`` of Slicer: message boxes of ``slicer.util`` are logged instead of shown.
    """
    global _host
    if _host is not None:
        return _host
    if str(MODULE_FOLDER) not in sys.path:
        sys.path.insert(0, str(MODULE_FOLDER))
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform == "linux" and not has_screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"

    from .compat.install import install

    install()
    import slicer

    from .application import make_application
    from .editor.widget import install_segment_editor
    from .files import CoreIOManager
    from .modules import make_module_manager
    from .scene import make_core
    from .views.layout import make_layout_manager
    from .window import make_main_window

    install_segment_editor()
    app = make_application(keep_settings, testing)
    core = make_core(app.temporaryPath)
    app.add(core=core, modules=make_module_manager(core.logics), files=CoreIOManager(core))
    layout = make_layout_manager(core)
    app.add(layout=layout)
    window = make_main_window(layout)
    _host = Host(app, window, core)
    atexit.register(_host.close)
    window.show()
    loaded = [app.moduleManager().load(path) for folder in module_folders for path in sorted(folder.glob("*.py"))]
    if loaded:
        slicer.util.selectModule(loaded[0].name)
    app.startupCompleted.emit()
    app.processEvents()
    return _host
