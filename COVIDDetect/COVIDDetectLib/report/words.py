"""The words of a report, in English and in German.

A report is pasted, filed and read far from the panel: it has its own words, which need no translator of Slicer, and
uses only characters that every reporting system takes (Latin-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..analysis.evidence import OUTSIDE

Language = Literal["en", "de"]

LESS_FOR, LESS_AGAINST = "less of health", "less of disease"
"""What the scan has less of than healthy ones, by what that speaks for; no place shows it."""


@dataclass(frozen=True)
class Words:
    """Everything that a report says in one language; braces stand for values."""

    decimal: str
    title: str
    research: str
    read_first: str
    stale: str
    technique: str
    technique_text: str
    computed: str
    identity: str
    acquisition: str
    grid: str
    lungs_found: str
    lung_mask: str
    computed_at: str
    history: str
    lungs_and_opacity: str
    unit: str
    one_region: str
    regions_plural: str
    regions_title: str
    methods: Mapping[str, str]
    lungs: str
    sides: Mapping[str, str]
    thirds: Mapping[str, str]
    lung_line: str
    lobes: Mapping[str, str]
    lobe_line: str
    opaque_lobe: Mapping[str, str]
    total_line: str
    no_lungs: str
    opacity: str
    opacity_note: str
    ground_glass: str
    consolidation: str
    emphysema: str
    amount: str
    regions: str
    regions_note: str
    no_regions: str
    one_focus: str
    several_foci: str
    multifocal: str
    bilateral: str
    one_sided: Mapping[str, str]
    mostly_one_sided: Mapping[str, str]
    zone: str
    near_surface: str
    region_line: str
    share: str
    assessment: str
    above: str
    below: str
    probability: str
    probability_is: str
    out_of_date: str
    not_reliable: str
    width: str
    width_spans: str
    evidence: str
    evidence_for: str
    evidence_against: str
    evidence_rest: str
    evidence_none: str
    sides_in_short: Mapping[str, str]
    places: Mapping[str, str]
    caveat: str
    unmeasured: str
    measured: str
    weights: str
    own_threshold: str
    site_zone: Mapping[str, str]
    site_shown: str
    site_outside: str
    comparison: str
    comparison_with: str
    change: str
    days_apart: str
    log_odds: str
    opacity_short: str
    evidence_short: str
    opacity_together: str
    model: str
    software: str
    checksums: str
    limits: str
    limits_text: tuple[str, ...]
    pictures: str
    pictures_note: str
    planes: Mapping[str, str]
    without_overlay: str
    key_image: str
    with_overlay: str
    no_pictures: str
    quantity: str
    mean_density: str
    volume: str

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with this language's decimal mark, never as minus zero."""
        text = f"{value:.{decimals}f}"
        return (text[1:] if not text.strip("-0.") and text.startswith("-") else text).replace(".", self.decimal)

    def spoken(self, number: str) -> str:
        """A number that is text already, such as ``> 0.99``."""
        return number.replace(".", self.decimal)


ENGLISH = Words(
    decimal=".",
    title="Chest CT, computed analysis for signs of COVID-19",
    research="Research use only, not a medical device. Not read by a radiologist.",
    read_first="READ FIRST",
    stale="OUT OF DATE: {reason} The numbers below belong to the earlier state.",
    technique="TECHNIQUE",
    technique_text="CT {identity}. Lungs: {method}. Probability: 3D network (DeCoVNet) on the CT within the lungs.",
    computed="Computed {time} with COVIDDetect {version}.",
    identity="Study",
    acquisition="Acquisition",
    grid="{slices} slices of {rows} x {columns} voxels, {across} x {down} x {between} mm",
    lungs_found="Lungs",
    lung_mask="Lung mask",
    computed_at="Computed",
    history="History",
    lungs_and_opacity="Lungs and opacity by density",
    unit="HU",
    one_region="Region",
    regions_plural="Regions",
    regions_title="Regions that raised the probability most",
    methods={
        "unet": "segmented by a network ({title})",
        "threshold": "segmented by threshold",
        "given": "a mask that was given or corrected by hand",
    },
    lungs="LUNGS",
    sides={"right": "Right lung", "left": "Left lung"},
    thirds={"upper": "upper third", "middle": "middle third", "lower": "lower third"},
    lung_line="{lung}: {liters} L, mean density {hu} HU.",
    lobes={
        "right upper": "Right upper lobe",
        "right middle": "Right middle lobe",
        "right lower": "Right lower lobe",
        "left upper": "Left upper lobe",
        "left lower": "Left lower lobe",
    },
    lobe_line="{lobe} ({liters} L): {parts}.",
    opaque_lobe={
        "upper": "Upper lobe: ground glass + consolidation",
        "middle": "Middle lobe: ground glass + consolidation",
        "lower": "Lower lobe: ground glass + consolidation",
    },
    total_line="Both together: {liters} L.",
    no_lungs="The lungs were not measured.",
    opacity="OPACITY (by density alone)",
    opacity_note="Vessels, airway walls and the edges of the lungs are counted too; "
    "CTs without pneumonia can reach 20 %.",
    ground_glass="ground-glass density",
    consolidation="consolidation density",
    emphysema="emphysema-like density",
    amount="{percent} % ({ml} mL)",
    regions="DISTRIBUTION (of the regions that raised the probability most)",
    regions_note="Regions of a heat map of the network, not segmented lesions.",
    no_regions="No region of the lungs stands out in the heat map.",
    one_focus="One region",
    several_foci="{count} regions",
    multifocal="multifocal",
    bilateral="bilateral",
    one_sided={"right": "right lung only", "left": "left lung only"},
    mostly_one_sided={"right": "mostly in the right lung", "left": "mostly in the left lung"},
    zone="mostly in the {third}",
    near_surface="mostly near the lung surface (within {mm} mm)",
    region_line="{rank}. {lung}, {third}: {ml} mL, mean density {hu} HU, {mm} mm from the lung surface.",
    share="{percent} % of the heat lies in the lungs.",
    assessment="ASSESSMENT",
    above="at or above",
    below="below",
    probability="Probability of COVID-19",
    probability_is="Probability of COVID-19 by the network: {number}, {side} the decision threshold of {threshold}.",
    out_of_date="Out of date; score again before use.",
    not_reliable="Not to be relied on, see above.",
    width="Nudging scan and mask a little moves it between {low} and {high}; this is no confidence interval.",
    width_spans="The threshold lies between them: do not read above or below out of it.",
    evidence="What decided, in log-odds: {parts}.",
    evidence_for="for COVID-19 {terms}",
    evidence_against="against {terms}",
    evidence_rest="all else {rest}; starting point of every CT {start}",
    evidence_none="nothing in this CT speaks for COVID-19",
    sides_in_short={"right": "right", "left": "left"},
    places={
        OUTSIDE: "outside the lungs",
        LESS_FOR: "fewer signs of health",
        LESS_AGAINST: "fewer signs of disease",
    },
    caveat="It says how much this CT resembles the training cases with COVID-19, not how likely this patient has it; "
    "other pneumonias can look the same.",
    unmeasured="Sensitivity and specificity of these weights have not been measured on patients.",
    measured="Measured at a threshold of {threshold}: sensitivity {sensitivity}, specificity {specificity} ({cohort}).",
    weights="Weights: {title} ({id}, version {version}), SHA-256 {sha256}.",
    own_threshold="The threshold was set by the user; that of the weights is {threshold}.",
    site_zone={
        "unlikely": "In this hospital: unlikely. At least {share} % of the cases called so have no COVID-19.",
        "likely": "In this hospital: likely. At least {share} % of the cases called so have COVID-19.",
        "open": "In this hospital: open. Nothing is promised of such a probability.",
    },
    site_shown="Shown on {cases} cases, {percent} % of them with COVID-19, with {confidence} % confidence.",
    site_outside="In this hospital: open. Nothing is promised of a CT unlike those of the training.",
    comparison="COMPARISON",
    comparison_with="With the analysis of {time}, given as an earlier one of the same patient{apart}:",
    change="{name}: {before} -> {after}",
    days_apart=" (CTs {days} days apart)",
    log_odds="Log-odds",
    opacity_short="opacity",
    evidence_short="evidence",
    opacity_together="Opacity: ground-glass and consolidation density together; breath and noise change it, too.",
    model="Model",
    software="Software",
    checksums="SHA-256",
    limits="Limits",
    limits_text=(
        "The probability is not a diagnosis and was not validated for clinical use.",
        "The heat map shows what raised the network's score; it outlines no lesions and can miss them.",
        "Opacity is measured by density alone; depth of breath, contrast medium and noise change it.",
    ),
    pictures="Key pictures",
    pictures_note="Outlines: right lung blue, left lung green. Heat map: relative to its full scale, from "
    "violet to yellow. Numbers: peaks of the regions. Window -1350 to 150 HU.",
    planes={"axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal"},
    without_overlay="CT",
    key_image="Key image",
    with_overlay="CT with lungs and heat map",
    no_pictures="Pictures of the single regions need the CT itself.",
    quantity="Quantity",
    mean_density="mean density",
    volume="volume",
)

GERMAN = Words(
    decimal=",",
    title="CT-Thorax, rechnerische Auswertung auf Zeichen von COVID-19",
    research="Nur für die Forschung, kein Medizinprodukt. Nicht radiologisch befundet.",
    read_first="ZUERST LESEN",
    stale="VERALTET: {reason} Die folgenden Zahlen gehören zum früheren Stand.",
    technique="TECHNIK",
    technique_text="CT {identity}. Lungen: {method}. Wahrscheinlichkeit: 3D-Netz (DeCoVNet) auf dem CT innerhalb der "
    "Lungen.",
    computed="Berechnet am {time} mit COVIDDetect {version}.",
    identity="Studie",
    acquisition="Aufnahme",
    grid="{slices} Schichten mit {rows} x {columns} Voxeln, {across} x {down} x {between} mm",
    lungs_found="Lungen",
    lung_mask="Lungenmaske",
    computed_at="Berechnet",
    history="Verlauf",
    lungs_and_opacity="Lungen und Verdichtungen nach der Dichte",
    unit="HE",
    one_region="Region",
    regions_plural="Regionen",
    regions_title="Regionen, die die Wahrscheinlichkeit am meisten erhöhten",
    methods={
        "unet": "durch ein Netz segmentiert ({title})",
        "threshold": "durch Schwellenwert segmentiert",
        "given": "vorgegebene oder von Hand korrigierte Maske",
    },
    lungs="LUNGEN",
    sides={"right": "Rechte Lunge", "left": "Linke Lunge"},
    thirds={"upper": "oberes Drittel", "middle": "mittleres Drittel", "lower": "unteres Drittel"},
    lung_line="{lung}: {liters} L, mittlere Dichte {hu} HE.",
    lobes={
        "right upper": "Rechter Oberlappen",
        "right middle": "Mittellappen",
        "right lower": "Rechter Unterlappen",
        "left upper": "Linker Oberlappen",
        "left lower": "Linker Unterlappen",
    },
    lobe_line="{lobe} ({liters} L): {parts}.",
    opaque_lobe={
        "upper": "Oberlappen: Milchglas + Konsolidierung",
        "middle": "Mittellappen: Milchglas + Konsolidierung",
        "lower": "Unterlappen: Milchglas + Konsolidierung",
    },
    total_line="Zusammen: {liters} L.",
    no_lungs="Die Lungen wurden nicht gemessen.",
    opacity="VERDICHTUNGEN (allein nach der Dichte)",
    opacity_note="Gefäße, Wände der Atemwege und Ränder der Lungen zählen mit; "
    "auch CTs ohne Pneumonie können 20 % erreichen.",
    ground_glass="Milchglas-Dichte",
    consolidation="Konsolidierungs-Dichte",
    emphysema="emphysemartige Dichte",
    amount="{percent} % ({ml} mL)",
    regions="VERTEILUNG (der Regionen, die die Wahrscheinlichkeit am meisten erhöhten)",
    regions_note="Regionen einer Heatmap des Netzes, keine segmentierten Läsionen.",
    no_regions="In der Heatmap tritt keine Region der Lungen hervor.",
    one_focus="Eine Region",
    several_foci="{count} Regionen",
    multifocal="multifokal",
    bilateral="bilateral",
    one_sided={"right": "nur rechte Lunge", "left": "nur linke Lunge"},
    mostly_one_sided={"right": "überwiegend rechte Lunge", "left": "überwiegend linke Lunge"},
    zone="überwiegend {third}",
    near_surface="überwiegend nahe der Lungenoberfläche (bis {mm} mm)",
    region_line="{rank}. {lung}, {third}: {ml} mL, mittlere Dichte {hu} HE, {mm} mm von der Lungenoberfläche.",
    share="{percent} % der Heatmap liegen in den Lungen.",
    assessment="BEURTEILUNG",
    above="gleich oder über",
    below="unter",
    probability="Wahrscheinlichkeit für COVID-19",
    probability_is="Wahrscheinlichkeit für COVID-19 nach dem Netz: {number}, {side} dem Schwellenwert von {threshold}.",
    out_of_date="Veraltet; vor Gebrauch neu bewerten.",
    not_reliable="Nicht verlässlich, siehe oben.",
    width="Kleine Änderungen an Aufnahme und Maske bewegen sie zwischen {low} und {high}; das ist kein "
    "Konfidenzintervall.",
    width_spans="Der Schwellenwert liegt dazwischen: Über oder unter ist daraus nicht zu lesen.",
    evidence="Was entschied, in Log-Odds: {parts}.",
    evidence_for="für COVID-19 {terms}",
    evidence_against="dagegen {terms}",
    evidence_rest="alles Übrige {rest}; Ausgangswert jedes CTs {start}",
    evidence_none="nichts in diesem CT spricht für COVID-19",
    sides_in_short={"right": "rechts", "left": "links"},
    places={
        OUTSIDE: "außerhalb der Lungen",
        LESS_FOR: "weniger Zeichen von Gesundheit",
        LESS_AGAINST: "weniger Zeichen von Krankheit",
    },
    caveat="Sie sagt, wie sehr dieses CT den Trainingsfällen mit COVID-19 gleicht, nicht wie wahrscheinlich die "
    "Erkrankung bei diesem Patienten ist; andere Pneumonien können gleich aussehen.",
    unmeasured="Sensitivität und Spezifität dieser Gewichte wurden nicht an Patienten gemessen.",
    measured="Gemessen beim Schwellenwert {threshold}: Sensitivität {sensitivity}, Spezifität {specificity} "
    "({cohort}).",
    weights="Gewichte: {title} ({id}, Version {version}), SHA-256 {sha256}.",
    own_threshold="Der Schwellenwert wurde vom Benutzer gesetzt; der der Gewichte ist {threshold}.",
    site_zone={
        "unlikely": "In diesem Krankenhaus: unwahrscheinlich. Mindestens {share} % solcher Fälle haben kein COVID-19.",
        "likely": "In diesem Krankenhaus: wahrscheinlich. Mindestens {share} % solcher Fälle haben COVID-19.",
        "open": "In diesem Krankenhaus: offen. Für eine solche Wahrscheinlichkeit gilt keine Zusage.",
    },
    site_shown="Gezeigt an {cases} Fällen, {percent} % davon mit COVID-19, mit einer Sicherheit von {confidence} %.",
    site_outside="In diesem Krankenhaus: offen. Für ein CT, das denen des Trainings nicht gleicht, gilt keine Zusage.",
    comparison="VERGLEICH",
    comparison_with="Mit der Auswertung vom {time}, angegeben als frühere desselben Patienten{apart}:",
    change="{name}: {before} -> {after}",
    days_apart=" (Abstand der CTs: {days} Tage)",
    log_odds="Log-Odds",
    opacity_short="Verdichtungen",
    evidence_short="Evidenz",
    opacity_together="Verdichtungen: Milchglas- und Konsolidierungs-Dichte zusammen; auch Atemtiefe und Rauschen "
    "ändern sie.",
    model="Modell",
    software="Software",
    checksums="SHA-256",
    limits="Grenzen",
    limits_text=(
        "Die Wahrscheinlichkeit ist keine Diagnose und nicht für die Klinik validiert.",
        "Die Heatmap zeigt, was die Bewertung des Netzes erhöhte; sie umreißt keine Läsionen und kann sie verfehlen.",
        "Verdichtungen werden allein nach der Dichte gemessen; Atemtiefe, Kontrastmittel und Rauschen ändern sie.",
    ),
    pictures="Schlüsselbilder",
    pictures_note="Umrisse: rechte Lunge blau, linke grün. Heatmap: bezogen auf ihre volle Skala, von Violett "
    "bis Gelb. Zahlen: Maxima der Regionen. Fenster -1350 bis 150 HE.",
    planes={"axial": "Axial", "coronal": "Koronal", "sagittal": "Sagittal"},
    without_overlay="CT",
    key_image="Schlüsselbild",
    with_overlay="CT mit Lungen und Heatmap",
    no_pictures="Bilder der einzelnen Regionen brauchen das CT selbst.",
    quantity="Größe",
    mean_density="mittlere Dichte",
    volume="Volumen",
)

WORDS: Mapping[Language, Words] = {"en": ENGLISH, "de": GERMAN}
