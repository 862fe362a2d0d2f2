"""The names that a scripted module imports in 3D Slicer, with PythonQt's manners, on PySide6.

The panel is written for PythonQt; what differs in PySide6 is bent here, one difference a file:

- ``pythonqt``   Qt's classes: properties are attributes, ``connect`` by signature, unknown attributes are refused
- ``signals``    signals that call any callable with as many values as it takes, and keep it alive
- ``qt_module``  the module ``qt``; ``ctk_module`` the module ``ctk``; ``qmrml`` Slicer's MRML widgets
- ``ui_files``   .ui files with these classes
- ``install``    puts all of it where ``import`` finds it
"""
