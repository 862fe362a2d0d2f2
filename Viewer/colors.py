"""Color tables under the names that 3D Slicer gives them: its own files do not come with slicer-core."""

from __future__ import annotations

from pathlib import Path

_CONTINUOUS = {name: name.lower() for name in ("Cividis", "Inferno", "Magma", "Plasma", "Viridis")}
"""File in Slicer → color map of matplotlib, from which Slicer's tables were made, too."""

_LABELS = "GenericColors"
_LABEL_COUNT = 256


def write_color_files(folder: Path) -> None:
    """Write the tables for vtkMRMLColorLogic, which makes a node ``vtkMRMLColorTableNodeFile<name>.txt`` of each."""
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    for name, color_map in _CONTINUOUS.items():
        colors = matplotlib.colormaps[color_map]
        _write(folder / f"{name}.txt", [(str(index), colors(index)) for index in range(256)])
    distinct = matplotlib.colormaps["tab20"]
    labels = [(f"Label_{index}", distinct((index - 1) % 20)) for index in range(1, _LABEL_COUNT)]
    _write(folder / f"{_LABELS}.txt", [("Background", (0.0, 0.0, 0.0, 0.0)), *labels])


def _write(file: Path, rows: list[tuple[str, tuple[float, float, float, float]]]) -> None:
    lines = [f"# {len(rows)} values"]
    for index, (name, rgba) in enumerate(rows):
        lines.append(" ".join([str(index), name, *(str(round(255 * channel)) for channel in rgba)]))
    file.write_text("\n".join(lines) + "\n")
