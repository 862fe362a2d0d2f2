"""COVID-19 detection on chest CT with a weakly supervised 3D network.

The same files serve 3D Slicer (imported as ``COVIDDetectLib``) and a plain Python (``pip install coviddetect``,
imported as ``coviddetect``). Nothing here imports Qt; only ``mrml`` imports slicer and vtk.
"""

__version__ = "0.1.0"
