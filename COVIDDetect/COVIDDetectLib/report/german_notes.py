"""German for the sentences of the core that stand in reports; the record itself stays English for everyone."""

from __future__ import annotations

import re

_WORDS = {
    "right": "rechten",
    "left": "linken",
    "right and the left": "rechten und der linken",
    "earlier": "frühere",
    "later": "spätere",
    "lower end": "unteren Ende",
    "upper end": "oberen Ende",
    "front": "vorderen Rand",
    "back": "hinteren Rand",
    "right side": "rechten Rand",
    "left side": "linken Rand",
    "exchange front and back": "vorn und hinten zu vertauschen",
    "exchange front and side": "vorn und seitlich zu vertauschen",
    "exchange head and feet": "Kopf und Füße zu vertauschen",
    "exchange right and left": "rechts und links zu vertauschen",
    "The spine lies in front of the lungs": "Die Wirbelsäule liegt vor den Lungen",
    "The spine lies beside the lungs": "Die Wirbelsäule liegt neben den Lungen",
    "The lungs are wider above than below": "Die Lungen sind oben breiter als unten",
    "The heart lies on the right": "Das Herz liegt rechts",
    "the values in the lungs are lower than HU of lungs": "die Werte in den Lungen sind niedriger als HE von Lunge",
    "the values in the lungs are higher than HU of lungs": "die Werte in den Lungen sind höher als HE von Lunge",
    "the lung mask does not border on soft tissue; look at the mask first": "die Lungenmaske grenzt nicht an "
    "Weichgewebe; bitte zuerst die Maske ansehen",
    "the values round the lungs are not HU of soft tissue": "die Werte um die Lungen sind nicht die HE von Weichgewebe",
    "the lungs are too small": "die Lungen sind zu klein",
    "the lungs are too small for an adult": "die Lungen sind für Erwachsene zu klein",
    "the lungs are too large": "die Lungen sind zu groß",
    "the lungs are too short from top to bottom": "die Lungen sind von oben nach unten zu kurz",
    "the lungs are too long": "die Lungen sind zu lang",
    "the lungs are too flat from front to back": "die Lungen sind von vorn nach hinten zu flach",
    "the lungs are too deep": "die Lungen sind von vorn nach hinten zu tief",
    "the lungs are too narrow": "die Lungen sind zu schmal",
    "the lungs are too wide": "die Lungen sind zu breit",
    "the lungs fill too little of the chest": "die Lungen füllen zu wenig des Thorax",
    "the lungs fill too much of the chest": "die Lungen füllen zu viel des Thorax",
    "the image is too smooth or coarse to show fine changes": "das Bild ist zu glatt oder zu grob für feine "
    "Veränderungen",
    "the lungs are cut off at their lower end": "die Lungen sind unten abgeschnitten",
    "the lungs are cut off at their upper end": "die Lungen sind oben abgeschnitten",
    "the lungs are cut off at the front": "die Lungen sind vorn abgeschnitten",
    "the lungs are cut off at the back": "die Lungen sind hinten abgeschnitten",
    "the lungs are cut off at the right side": "die Lungen sind rechts abgeschnitten",
    "the lungs are cut off at the left side": "die Lungen sind links abgeschnitten",
}

_SENTENCES = {
    r"The lung mask was edited after scoring\.": "Die Lungenmaske wurde nach der Bewertung bearbeitet.",
    r"The lung mask was moved after scoring\.": "Die Lungenmaske wurde nach der Bewertung verschoben.",
    r"The lung mask was removed after scoring\.": "Die Lungenmaske wurde nach der Bewertung entfernt.",
    r"The CT was changed after scoring\.": "Das CT wurde nach der Bewertung verändert.",
    r"Another lung mask was chosen after scoring\.": "Nach der Bewertung wurde eine andere Lungenmaske gewählt.",
    r"Other weights were chosen after scoring\.": "Nach der Bewertung wurden andere Gewichte gewählt.",
    r"The weights of this score are not installed on this computer\.": "Die Gewichte dieser Bewertung sind auf diesem "
    "Computer nicht installiert.",
    r"This is unlike the chest CTs that the weights were trained on: (.+); do not rely on the probability\.": "Dieses "
    "CT ist den Thorax-CTs, mit denen die Gewichte trainiert wurden, nicht ähnlich: {0}; der Wahrscheinlichkeit ist "
    "nicht zu trauen.",
    r"This is unlike the chest CTs that the weights were trained on; do not rely on the probability\.": "Dieses CT ist "
    "den Thorax-CTs, mit denen die Gewichte trainiert wurden, nicht ähnlich; der Wahrscheinlichkeit ist nicht zu "
    "trauen.",
    r"This is unlike the chest CTs that the weights were trained on: only (\d+) mm of lung are .+": "Dieses CT ist den "
    "Thorax-CTs, mit denen die Gewichte trainiert wurden, nicht ähnlich: Von den Lungen sind von oben nach unten nur "
    "{0} mm zu sehen; der Wahrscheinlichkeit ist nicht zu trauen.",
    r"1 part of the lung mask lies outside the body \((\d+) mL\); .+": "1 Teil der Lungenmaske liegt außerhalb des "
    "Körpers ({0} mL); bitte entfernen oder die Lungen neu segmentieren.",
    r"(\d+) parts of the lung mask lie outside the body \((\d+) mL\); .+": "{0} Teile der Lungenmaske liegen außerhalb "
    "des Körpers ({1} mL); bitte entfernen oder die Lungen neu segmentieren.",
    r"About (\d+) mL of air-filled lung are not in the lung mask; correct the mask\.": "Etwa {0} mL lufthaltige Lunge "
    "liegen nicht in der Lungenmaske; bitte die Maske korrigieren.",
    r"About (\d+) mm of dense lung or fluid lie between the mask of the (.+) lungs? and the ribs .+": "Etwa "
    "{0} mm dichte Lunge oder Flüssigkeit liegen zwischen der Maske der {1} Lunge und den Rippen hinten; bitte die "
    "Maske korrigieren, wenn es Lunge ist.",
    r"The lung mask does not follow the lungs of this CT \((\d+) mL of lung lie beside it and (\d+) mL of tissue in "
    r"it\), .+": "Die Lungenmaske folgt den Lungen dieses CTs nicht ({0} mL Lunge liegen daneben und {1} mL Gewebe "
    "darin), als wäre sie zu einem anderen gemacht oder verschoben worden; bitte die Lungen neu segmentieren.",
    r"(The spine lies in front of the lungs|The spine lies beside the lungs|The lungs are wider above than below|"
    r"The heart lies on the right): the header seems to (.+?); .+": "{0}: Die Kopfdaten scheinen {1}; bitte prüfen.",
    r"Only one lung is seen, taken for the (\w+) one; .+": "Nur eine Lunge ist zu sehen, wohl die auf der "
    "{0} Seite; bitte eine Serie des ganzen Thorax wählen oder die Seite prüfen.",
    r"The vessels hold contrast agent \(about (\d+) HU between the lungs\), .+": "Die Gefäße enthalten Kontrastmittel "
    "(etwa {0} HE zwischen den Lungen), was alle Dichten erhöht; bitte eine Serie ohne Kontrastmittel wählen, wenn es "
    "eine gibt.",
    r"The two do not look like the same chest: laid over each other the lungs overlap by ([\d.]+) \(Dice\), .+": "Die "
    "beiden sehen nicht nach demselben Thorax aus: Übereinandergelegt überlappen die Lungen nur mit {0} (Dice), wie "
    "die verschiedener Menschen; bitte prüfen, ob beide CTs von einem Patienten sind.",
    r"The two CTs are of different patients, as their headers name them\.": "Die beiden CTs sind nach ihren Kopfdaten "
    "von verschiedenen Patienten.",
    r"Other weights scored then: the two probabilities cannot be compared\.": "Damals bewerteten andere Gewichte: Die "
    "beiden Wahrscheinlichkeiten sind nicht vergleichbar.",
    r"One of the two probabilities is not to be relied on, and neither is their difference\.": "Einer der beiden "
    "Wahrscheinlichkeiten ist nicht zu trauen, und so auch ihrem Unterschied nicht.",
    r"Nudging the CTs alone moves the probability as far: do not read a change out of it\.": "Schon kleine Änderungen "
    "der Aufnahmen bewegen die Wahrscheinlichkeit so weit: Eine Veränderung ist daraus nicht zu lesen.",
    r"The lungs were found in another way then, and dense lung may be counted in one CT alone\.": "Die Lungen wurden "
    "damals anders gefunden; dichte Lunge zählt womöglich nur in einem der CTs mit.",
    r"The evidence in the (right|left) lung has fallen, its opacity has not: .+": "Die Evidenz in der {0} Lunge hat "
    "abgenommen, ihre Verdichtung nicht: Jedes Merkmal zählt einmal, wo es am stärksten ist, und liegt nun womöglich "
    "anderswo.",
    r"Only (\d+) % of the lungs are seen in both CTs; volumes are those of all that each CT shows\.": "Nur {0} % der "
    "Lungen sind in beiden CTs zu sehen; die Volumina sind die von allem, was jedes CT zeigt.",
    r"The lungs hold ([\d.]+) L, and held ([\d.]+) L then: .+": "Die Lungen fassen {0} L, damals {1} L: Allein die "
    "Atemtiefe ändert Dichte und Verdichtungen.",
    r"The (earlier|later) result is out of date: .+": "Das {0} Ergebnis ist veraltet; bitte dieses CT neu bewerten und "
    "dann vergleichen.",
    r"Do not read places from this map: it looks the same with weights that know nothing\.": "Aus dieser Heatmap keine "
    "Orte ablesen: Mit Gewichten, die nichts gelernt haben, sieht sie genauso aus.",
    r"Do not take hot places for what decided: others, made healthy, lower the number as much\.": "Heiße Stellen nicht "
    "für den Grund der Zahl halten: Andere, gesund gemacht, senken sie ebenso.",
    r"Do not rely on single hot places: they move when scan and mask are nudged\.": "Sich nicht auf einzelne heiße "
    "Stellen verlassen: Sie wandern bei kleinen Änderungen an Aufnahme und Maske.",
    r"Most of the heat lies outside the lungs: it says little about what is in them\.": "Die meiste Hitze liegt "
    "außerhalb der Lungen: Sie sagt wenig darüber, was in ihnen ist.",
    r"The GPU had too little memory; computed on the CPU\.": "Die GPU hatte zu wenig Speicher; auf der CPU berechnet.",
}


def in_german(sentence: str) -> str:
    """A sentence of the core in German; one that is not known here stays English.

    Examples
    --------
    >>> in_german("The CT was changed after scoring.")
    'Das CT wurde nach der Bewertung verändert.'
    """
    for pattern, german in _SENTENCES.items():
        if found := re.fullmatch(pattern, sentence):
            parts = found.groups()
            if all(_is_number(part) or part in _WORDS for part in parts):
                return german.format(*(_WORDS.get(part, part.replace(".", ",")) for part in parts))
    return sentence


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None
