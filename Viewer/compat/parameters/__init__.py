"""``slicer.parameterNodeWrapper``: typed access to a vtkMRMLScriptedModuleNode, stored as 3D Slicer stores it.

A scene saved here opens in Slicer with all parameters, and the other way round:

======  ==================================================================================
type    in the node
======  ==================================================================================
number  parameter ``name`` = ``str(value)``
str     parameter ``name``
bool    parameter ``name`` = ``True`` or ``False``
Path    parameter ``name``
Enum    parameter ``name`` = the member's name
node    empty parameter ``name`` (it was set once) and node reference ``name``
======  ==================================================================================
"""

from .annotations import Choice, Decimals, Default, Maximum, Minimum, SingleStep, WithinRange
from .wrapper import isParameterNodeWrapper, parameterNodeWrapper

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Maximum",
    "Minimum",
    "SingleStep",
    "WithinRange",
    "isParameterNodeWrapper",
    "parameterNodeWrapper",
]
