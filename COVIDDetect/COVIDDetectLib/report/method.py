"""How a result was computed, as a paragraph for the methods of an article, with what it cites.

In English whatever the language of the report: that is what articles are written in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..analysis.attribution import METHODS
from .reported import Reported

_HOME = "https://github.com/coviddetect/SlicerCOVIDDetect"
_UNET = (
    "Ronneberger O, Fischer P, Brox T. U-Net: convolutional networks for biomedical image segmentation. MICCAI "
    "2015:234-241. doi:10.1007/978-3-319-24574-4_28"
)
_DECOVNET = (
    "Zheng C, Deng X, Fu Q, et al. Deep learning-based detection for COVID-19 from chest CT using weak label. medRxiv "
    "2020.03.12.20027185. doi:10.1101/2020.03.12.20027185",
    "Wang X, Deng X, Fu Q, et al. A weakly-supervised framework for COVID-19 classification and lesion localization "
    "from chest CT. IEEE Trans Med Imaging 2020;39(8):2615-2625. doi:10.1109/TMI.2020.2995965",
)
_HIRES_CAM = (
    "Draelos RL, Carin L. Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks. "
    "arXiv 2020. doi:10.48550/arXiv.2011.08891"
)
_GRAD_CAM = (
    "Selvaraju RR, Cogswell M, Das A, Vedantam R, Parikh D, Batra D. Grad-CAM: visual explanations from deep networks "
    "via gradient-based localization. ICCV 2017:618-626. doi:10.1109/ICCV.2017.74"
)
_MAPS = {
    "hires-cam": ("HiResCAM", _HIRES_CAM),
    "grad-cam": ("Grad-CAM", _GRAD_CAM),
    "grad-cam-classifier": ("Grad-CAM", _GRAD_CAM),
    "grad-cam-plus-plus": (
        "Grad-CAM++",
        "Chattopadhay A, Sarkar A, Howlader P, Balasubramanian VN. Grad-CAM++: generalized gradient-based visual "
        "explanations for deep convolutional networks. WACV 2018:839-847. doi:10.1109/WACV.2018.00097",
    ),
    "integrated-gradients": (
        "integrated gradients",
        "Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML 2017; PMLR 70:3319-3328",
    ),
    "occlusion": (
        "occlusion",
        "Zeiler MD, Fergus R. Visualizing and understanding convolutional networks. ECCV 2014:818-833. "
        "doi:10.1007/978-3-319-10590-1_53",
    ),
}
"""What the heat map is made by, and the article on it."""


def method_text(reported: Reported, layer: str) -> str:
    """The paragraph and its references; ends with a line break.

    Parameters
    ----------
    reported
        The result; of its language nothing is used.
    layer
        Of the heat map that is shown: one of the values of ``METHODS``.
    """
    record, cited = reported.record, _References()
    software = record["software"]
    made_by = next((method for method, title in METHODS.items() if title == layer), "hires-cam")
    threshold = f"{reported.decision_threshold:.2f}"
    is_own = threshold != f"{record['decision_threshold']:.2f}"
    name, article = _MAPS[made_by]
    sentences = [
        f"The CT was analyzed with COVIDDetect {software['coviddetect']} ({_HOME}).",
        _lungs(record["lungs"], cited),
        f"The probability of COVID-19 was computed from the CT within the lungs by DeCoVNet, a weakly supervised 3D "
        f"network {cited.number(*_DECOVNET)} ({_weights(record['weights'])}); the decision threshold was {threshold}"
        f"{', set by the user' if is_own else ', that of the weights'}.",
        *_width(record.get("width")),
        f"Heat maps were made by {name} {cited.number(article)} ({layer.partition(',')[0]}).",
        f"It was computed on {', '.join([record['device'], *_versions(software)])}.",
        *([f"Intended use of the weights: {reported.card.intended_use}"] if reported.card else []),
    ]
    references = [f"{number}. {article}." for number, article in enumerate(cited.articles, start=1)]
    return "\n".join([" ".join(sentences), "", *references]) + "\n"


class _References:
    """Numbers articles as they are cited."""

    def __init__(self) -> None:
        self.articles: list[str] = []

    def number(self, *articles: str) -> str:
        """The numbers of articles, in brackets."""
        first = len(self.articles) + 1
        self.articles += articles
        return f"[{', '.join(str(first + at) for at in range(len(articles)))}]"


def _lungs(lungs: Mapping[str, Any], cited: _References) -> str:
    if lungs["method"] == "given":
        return "The lung mask was given, or corrected by hand."
    if lungs["method"] == "threshold":
        return "The lungs were segmented by thresholds and connected components."
    weights = f" ({_weights(lungs['weights'])})" if lungs["weights"] else ""
    return f"The lungs were segmented by a 2D U-Net {cited.number(_UNET)}{weights}."


def _weights(entry: Mapping[str, Any]) -> str:
    return f"weights {entry['id']}, version {entry['version']}, SHA-256 {entry['sha256']}"


def _width(width: Mapping[str, Any] | None) -> Sequence[str]:
    if not width:
        return ()
    count = len(width["readings"])
    return (f"The probability was computed {count} times, of the CT as it is and with scan or mask nudged.",)


def _versions(software: Mapping[str, str]) -> list[str]:
    titles = {"python": "Python", "torch": "PyTorch", "SimpleITK": "SimpleITK"}
    return [f"{title} {software[name]}" for name, title in titles.items() if name in software]
