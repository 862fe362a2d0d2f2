"""The embedded viewer: the panel of COVIDDetect on Slicer's own MRML core, without 3D Slicer.

`python -m Viewer [--analyze] [CT]` opens the window; `Viewer.host.start_host` starts it for tests.
"""
