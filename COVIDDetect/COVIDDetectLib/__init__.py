"""COVID-19 detection on chest CT with a weakly supervised 3D network.

The same files serve 3D Slicer (imported as ``COVIDDetectLib``) and a plain Python (``pip install coviddetect``,
imported as ``coviddetect``). Only ``mrml`` and ``panel`` import slicer and vtk; only ``panel``, ``worker`` and
``events`` import Qt.
"""

__version__ = "0.1.0"
