"""Synthetic chest CTs as sample data: made here, nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from .. import __version__
from .nodes.ct import place

if TYPE_CHECKING:
    from ..phantom import Phantom

DISEASED, HEALTHY = "Synthetic chest CT with disease", "Synthetic chest CT, healthy"
SAMPLES = {DISEASED: "disease", HEALTHY: "healthy"}
"""Name, and what its files are called after."""
CATEGORY = "COVIDDetect"
_SEED, _SHAPE, _SPACING = 15, (56, 192, 192), (2.0, 2.0, 5.5)
"""This patient got no contrast agent, so that nothing is asked before the first analysis."""
_SCHEME = "coviddetect"
_written: set[str] = set()
"""Samples whose files this process has made."""


def make_phantom(name: str = DISEASED) -> Phantom:
    """One of the samples."""
    from ..phantom import thorax  # not when Slicer starts

    return thorax(seed=_SEED, shape=_SHAPE, spacing=_SPACING, disease="covid" if name == DISEASED else None)


def add_phantom(name: str = DISEASED) -> slicer.vtkMRMLScalarVolumeNode:
    """One of the samples as a new volume node."""
    phantom = make_phantom(name)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    place(node, phantom.ct.geometry)
    slicer.util.updateVolumeFromArray(node, phantom.ct.hu)
    node.CreateDefaultDisplayNodes()
    return node


def register_samples(icons: Path) -> None:
    """Offer the samples in Slicer's Sample Data module, where its buttons and ``downloadSample`` find them.

    Sample Data knows only files to download. Its rewriting of addresses is where ours become files that are made when
    they are asked for; a custom downloader would serve the buttons alone.

    Parameters
    ----------
    icons
        Folder of the thumbnails.
    """
    import SampleData

    logic = SampleData.SampleDataLogic
    logic.registerUrlRewriteRule(CATEGORY, _made)
    for name, sample in SAMPLES.items():
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=f"{_SCHEME}:{sample}",
            # Files stay in Slicer's cache: another version may make another patient.
            fileNames=f"COVIDDetect-{sample}-{__version__}.nrrd",
            nodeNames=name,
            thumbnailFileName=str(icons / thumbnail(name)),
        )


def thumbnail(name: str) -> str:
    """File name of a sample's picture."""
    return f"Sample-{SAMPLES[name]}.png"


def _made(address: str) -> str:
    """The address of a sample's file, which is made; any other address as it is."""
    scheme, _, sample = address.partition(":")
    name = next((name for name, key in SAMPLES.items() if key == sample), "")
    if scheme != _SCHEME or not name:
        return address
    file = Path(slicer.app.temporaryPath) / f"{_SCHEME}-{sample}.nrrd"
    if not (sample in _written and file.is_file()):  # Sample Data asks for the address also of what is in its cache
        import SimpleITK as sitk  # not when Slicer starts

        phantom = make_phantom(name)
        image = sitk.GetImageFromArray(phantom.ct.hu)
        phantom.ct.geometry.apply_to(image)
        sitk.WriteImage(image, str(file), useCompression=True)
        _written.add(sample)
    return file.as_uri()
