<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>COVIDDetect</name>
    <message>
        <source>COVIDDetect</source>
        <translation>COVIDDetect</translation>
    </message>
    <message>
        <source>Open a chest CT and click Analyze. The lungs are outlined, a 3D network estimates the probability of COVID-19, and a heat map shows where it looked. Research use only, not a medical device.</source>
        <translation>Thorax-CT öffnen und auf Analysieren klicken. Die Lungen werden umrandet, ein 3D-Netz gibt eine Wahrscheinlichkeit für COVID-19 an, und eine Heatmap zeigt, worauf es sich stützt. Nur für die Forschung, kein Medizinprodukt.</translation>
    </message>
    <message>
        <source>Documentation</source>
        <translation>Dokumentation</translation>
    </message>
    <message>
        <source>The network was published by Zheng, Deng, Fu, Zhou et al. (medRxiv 2020.03.12.20027185) and Wang et al. (IEEE Transactions on Medical Imaging 2020, doi 10.1109/TMI.2020.2995965).</source>
        <translation>Das Netz wurde von Zheng, Deng, Fu, Zhou et al. (medRxiv 2020.03.12.20027185) und Wang et al. (IEEE Transactions on Medical Imaging 2020, doi 10.1109/TMI.2020.2995965) veröffentlicht.</translation>
    </message>
    <message>
        <source>The module was closed or reloaded during the analysis; analyze again.</source>
        <translation>Das Modul wurde während der Analyse geschlossen oder neu geladen; bitte erneut analysieren.</translation>
    </message>
    <message>
        <source>CT:</source>
        <translation>CT:</translation>
    </message>
    <message>
        <source>The chest CT to analyze.</source>
        <translation>Das Thorax-CT, das analysiert werden soll.</translation>
    </message>
    <message>
        <source>Select a chest CT</source>
        <translation>Thorax-CT auswählen</translation>
    </message>
    <message>
        <source>Sample data</source>
        <translation>Beispieldaten</translation>
    </message>
    <message>
        <source>Make a synthetic chest CT to try the module with; nothing is downloaded.</source>
        <translation>Ein synthetisches Thorax-CT zum Ausprobieren erzeugen; nichts wird heruntergeladen.</translation>
    </message>
    <message>
        <source>Select it</source>
        <translation>Auswählen</translation>
    </message>
    <message>
        <source>Go on with the CT that the views show.</source>
        <translation>Mit dem CT weitermachen, das die Ansichten zeigen.</translation>
    </message>
    <message>
        <source>Remove it</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove the result with its heat map, and its lung mask and densities unless somebody worked on them.</source>
        <translation>Das Ergebnis mit seiner Heatmap entfernen, ebenso Lungenmaske und Dichten, falls niemand daran gearbeitet hat.</translation>
    </message>
    <message>
        <source>Analyze</source>
        <translation>Analysieren</translation>
    </message>
    <message>
        <source>Find the lungs, score the CT, and show where the network looked.</source>
        <translation>Lungen finden, CT bewerten und zeigen, worauf sich das Netz stützt.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stop the analysis; nothing in the scene is changed.</source>
        <translation>Die Analyse abbrechen; an der Szene ändert sich nichts.</translation>
    </message>
    <message>
        <source>–</source>
        <translation>–</translation>
    </message>
    <message>
        <source>Probability of COVID-19 that the network gives to this CT and lung mask, from 0 to 1.</source>
        <translation>Wahrscheinlichkeit für COVID-19, die das Netz diesem CT mit dieser Lungenmaske gibt, von 0 bis 1.</translation>
    </message>
    <message>
        <source>The probability on a scale from 0 to 1; the line is the decision threshold.</source>
        <translation>Die Wahrscheinlichkeit auf einer Skala von 0 bis 1; der Strich ist der Schwellenwert.</translation>
    </message>
    <message>
        <source>Re-score</source>
        <translation>Neu bewerten</translation>
    </message>
    <message>
        <source>Score again with the lung mask as it is now. (Ctrl+R)</source>
        <translation>Mit der Lungenmaske, wie sie jetzt ist, neu bewerten. (Strg+R)</translation>
    </message>
    <message>
        <source>The volume of each lung, and how much of it is as dense as ground glass or consolidation.</source>
        <translation>Das Volumen jeder Lunge und wie viel davon so dicht ist wie Milchglas oder Konsolidierung.</translation>
    </message>
    <message>
        <source>Above</source>
        <translation>Ab</translation>
    </message>
    <message>
        <source>Heat below this share of the maximum is not shown; it starts where the slider stands.</source>
        <translation>Wärme unter diesem Anteil des Maximums wird nicht gezeigt.</translation>
    </message>
    <message>
        <source>The probability from which the result counts as positive.</source>
        <translation>Die Wahrscheinlichkeit, ab der das Ergebnis als positiv gilt.</translation>
    </message>
    <message>
        <source>Prevalence:</source>
        <translation>Prävalenz:</translation>
    </message>
    <message>
        <source>How many of 100 patients like this one have COVID-19; predictive values follow from it.</source>
        <translation>Wie viele von 100 solchen Patienten COVID-19 haben; daraus folgen die prädiktiven Werte.</translation>
    </message>
    <message>
        <source> %</source>
        <translation> %</translation>
    </message>
    <message>
        <source>Thresholds</source>
        <translation>Schwellenwerte</translation>
    </message>
    <message>
        <source>Set the decision threshold to one at which these weights were measured.</source>
        <translation>Den Schwellenwert auf einen setzen, bei dem diese Gewichte gemessen wurden.</translation>
    </message>
    <message>
        <source>The lung mask used for scoring. You can choose any segmentation that contains lungs; otherwise Analyze makes one.</source>
        <translation>Die Lungenmaske, mit der bewertet wird. Jede Segmentierung mit Lungen kann gewählt werden; ohne eine erzeugt Analysieren sie.</translation>
    </message>
    <message>
        <source>Made by Analyze</source>
        <translation>Durch Analysieren</translation>
    </message>
    <message>
        <source>Load a lung mask from a file: a segmentation, or an image with the labels 1 (right lung) and 2 (left lung).</source>
        <translation>Eine Lungenmaske aus einer Datei laden: eine Segmentierung oder ein Bild mit den Werten 1 (rechte Lunge) und 2 (linke Lunge).</translation>
    </message>
    <message>
        <source>Show the outlines of the lung mask in the slice views. (M)</source>
        <translation>Die Konturen der Lungenmaske in den Schichtansichten zeigen. (M)</translation>
    </message>
    <message>
        <source>Edit mask</source>
        <translation>Maske bearbeiten</translation>
    </message>
    <message>
        <source>Correct the lung mask by hand in the Segment Editor.</source>
        <translation>Die Lungenmaske von Hand im Segment Editor korrigieren.</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>Heatmap</translation>
    </message>
    <message>
        <source>Show the heat map in the slice views: what the network looked at. (H)</source>
        <translation>Die Heatmap über die Schichtansichten legen: worauf sich das Netz stützt. (H)</translation>
    </message>
    <message>
        <source>Show the heat map in the 3D view as a translucent volume inside the lungs.</source>
        <translation>Die Heatmap in der 3D-Ansicht als durchscheinendes Volumen in den Lungen zeigen.</translation>
    </message>
    <message>
        <source>Opacity of the heat map.</source>
        <translation>Deckkraft der Heatmap.</translation>
    </message>
    <message>
        <source>Colors:</source>
        <translation>Farben:</translation>
    </message>
    <message>
        <source>Method:</source>
        <translation>Verfahren:</translation>
    </message>
    <message>
        <source>Layer and method of the heat map; another one is computed when you choose it.</source>
        <translation>Netzschicht und Verfahren der Heatmap; eine andere wird berechnet, sobald sie gewählt wird.</translation>
    </message>
    <message>
        <source>How much of each lung is ground-glass, consolidated or emphysema-like.</source>
        <translation>Wie viel jeder Lunge Milchglastrübung, Konsolidierung oder emphysemartig ist.</translation>
    </message>
    <message>
        <source>Lung densities</source>
        <translation>Lungendichte</translation>
    </message>
    <message>
        <source>The keys of this panel.</source>
        <translation>Die Tasten dieses Panels.</translation>
    </message>
    <message>
        <source>Patient and study, as they stand in the subject hierarchy. Shown here alone: no file and no log gets them.</source>
        <translation>Patient und Studie, wie sie im Modul Data stehen. Nur hier gezeigt: Keine Datei und kein Protokoll enthält sie.</translation>
    </message>
    <message>
        <source>The decision threshold; it can be moved under Display.</source>
        <translation>Der Schwellenwert; er lässt sich unter „Darstellung“ verschieben.</translation>
    </message>
    <message>
        <source>What the number is the sum of, exactly, in log-odds: the strongest sign of each kind in the scan, and what it weighs. Click a place to go there.</source>
        <translation>Wovon die Zahl genau die Summe ist, in Log-Odds: das stärkste Zeichen jeder Art im Scan und sein Gewicht. Ein Klick auf einen Ort führt dorthin.</translation>
    </message>
    <message>
        <source>Take it away</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>How suspicious of COVID-19 the CT is: CO-RADS, or the classes of the RSNA.</source>
        <translation>Wie verdächtig das CT auf COVID-19 ist: CO-RADS oder die Klassen der RSNA.</translation>
    </message>
    <message>
        <source>How sure you are of it.</source>
        <translation>Wie sicher Sie sich dabei sind.</translation>
    </message>
    <message>
        <source>Show result</source>
        <translation>Ergebnis zeigen</translation>
    </message>
    <message>
        <source>Records your reading, with the time. To mark regions before the second one, press K.</source>
        <translation>Hält Ihren Befund mit der Uhrzeit fest. Regionen markieren Sie vor dem zweiten mit der Taste K.</translation>
    </message>
    <message>
        <source>What you say of this case; stored at once, under the reader&apos;s name.</source>
        <translation>Ihr Urteil über diesen Fall; wird sofort unter dem Namen des Befunders gespeichert.</translation>
    </message>
    <message>
        <source>Score many CTs, and read the cases of a scored cohort one after the other.</source>
        <translation>Viele CTs bewerten, und die Fälle einer bewerteten Kohorte nacheinander befunden.</translation>
    </message>
    <message>
        <source>Choose the results.csv of a scored cohort.</source>
        <translation>Die results.csv einer bewerteten Kohorte wählen.</translation>
    </message>
    <message>
        <source>Score CTs…</source>
        <translation>CTs bewerten…</translation>
    </message>
    <message>
        <source>Score all CTs of a folder or a table while you read. What is scored already is not scored again.</source>
        <translation>Alle CTs eines Ordners oder einer Tabelle bewerten, während Sie befunden. Was schon bewertet ist, wird nicht noch einmal bewertet.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>What is scored stays; Score CTs… goes on there.</source>
        <translation>Was bewertet ist, bleibt; „CTs bewerten…“ macht dort weiter.</translation>
    </message>
    <message>
        <source>Comment</source>
        <translation>Kommentar</translation>
    </message>
    <message>
        <source>The lowest and the highest probability when this CT is read again as another scanner or another hand might have given it: mirrored, without an end slice, slabs that begin later, the mask a pixel larger or smaller, smoother, sharper, noisier. Where the threshold lies between them, the number is undecided. It is not a confidence interval: it does not tell how often the number is right.</source>
        <translation>Die niedrigste und die höchste Wahrscheinlichkeit, wenn dieses CT noch einmal gelesen wird, wie ein anderer Scanner oder eine andere Hand es geliefert haben könnte: gespiegelt, ohne eine Endschicht, mit später beginnenden Schichtpaketen, mit um einen Pixel größerer oder kleinerer Maske, glatter, schärfer, verrauschter. Liegt die Schwelle dazwischen, ist die Zahl unentschieden. Das ist kein Konfidenzintervall: Es sagt nicht, wie oft die Zahl stimmt.</translation>
    </message>
    <message>
        <source>Remove from the lung mask what lies outside the body; Undo in the editor brings it back.</source>
        <translation>Aus der Lungenmaske entfernen, was außerhalb des Körpers liegt; Rückgängig im Editor bringt es zurück.</translation>
    </message>
    <message>
        <source>What each connected piece that you added to the mask (+) or removed (−) did to the number: its mean effect over all orders in which the pieces can be changed (Shapley value). Click a piece to go there.</source>
        <translation>Was jedes zusammenhängende Stück, das Sie der Maske hinzugefügt (+) oder aus ihr entfernt (−) haben, mit der Zahl gemacht hat: seine mittlere Wirkung über alle Reihenfolgen, in denen die Stücke geändert werden können (Shapley-Wert). Ein Klick auf ein Stück führt dorthin.</translation>
    </message>
    <message>
        <source>Copy text</source>
        <translation>Text kopieren</translation>
    </message>
    <message>
        <source>Copy the result as text, in the order of a radiology report, to paste it into one.</source>
        <translation>Das Ergebnis als Text kopieren, in der Reihenfolge eines radiologischen Befunds, um es in einen einzufügen.</translation>
    </message>
    <message>
        <source>Copy method</source>
        <translation>Methode</translation>
    </message>
    <message>
        <source>Copy how the result was computed as a paragraph for an article, in English: version, weights with checksum, lung mask, heat map, and the articles to cite.</source>
        <translation>Kopiert, wie das Ergebnis berechnet wurde, als Absatz für einen Artikel, auf Englisch: Version, Gewichte mit Prüfsumme, Lungenmaske, Heatmap und die zu zitierenden Artikel.</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>Save the result as a page (PDF or HTML), as text, or as a row of a table (CSV). The arrow: as DICOM objects that belong to the study of the CT, with the patient&apos;s name as it stands there, into a folder or to a PACS; your verdict; pictures of the views.</source>
        <translation>Das Ergebnis als Seite (PDF oder HTML), als Text oder als Zeile einer Tabelle (CSV) speichern. Der Pfeil: als DICOM-Objekte, die zur Studie des CT gehören, mit dem Namen des Patienten, wie er dort steht, in einen Ordner oder an ein PACS; Ihr Urteil; Bilder der Ansichten.</translation>
    </message>
    <message>
        <source>The hottest regions: what lies above half of the maximum. Heat 1.00 is the hottest place of this CT, even of a healthy one. Click one, or use the arrow keys, to go there in all views. (N next, Shift+N previous)</source>
        <translation>Die heißesten Regionen: was über der Hälfte des Maximums liegt. Hitze 1.00 ist die heißeste Stelle dieses CTs, auch eines gesunden. Ein Klick oder die Pfeiltasten führen in allen Ansichten dorthin. (N nächste, Umschalt+N vorige)</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Deckkraft</translation>
    </message>
    <message>
        <source>Lung outlines</source>
        <translation>Lungenkonturen</translation>
    </message>
    <message>
        <source>What Re-score would give for the lung mask as it is now. Nothing is stored.</source>
        <translation>Was „Neu bewerten“ für die Lungenmaske ergäbe, wie sie jetzt ist. Nichts wird gespeichert.</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>Reparieren</translation>
    </message>
    <message>
        <source>Paint a stroke where lung is missing, or erase one where too much is marked, in any view: Repair grows it over the rest, up to 4 cm away. One Undo takes that back.</source>
        <translation>Malen Sie einen Strich, wo Lunge fehlt, oder radieren Sie einen, wo zu viel markiert ist, in einer beliebigen Ansicht: „Reparieren“ lässt ihn bis zu 4 cm weit über den Rest wachsen. Einmal Rückgängig nimmt das zurück.</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>Darstellung</translation>
    </message>
    <message>
        <source>How the heat map is made and shown, the lung mask, and the decision threshold.</source>
        <translation>Wie die Heatmap entsteht und gezeigt wird, die Lungenmaske und der Schwellenwert.</translation>
    </message>
    <message>
        <source>Lung mask:</source>
        <translation>Lungenmaske:</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>Datei …</translation>
    </message>
    <message>
        <source>Heat map only in the lungs</source>
        <translation>Heatmap nur in den Lungen</translation>
    </message>
    <message>
        <source>Show the heat map only inside the lung mask.</source>
        <translation>Die Heatmap nur innerhalb der Lungenmaske zeigen.</translation>
    </message>
    <message>
        <source>Lungs and heat map in 3D</source>
        <translation>Lungen und Heatmap in 3D</translation>
    </message>
    <message>
        <source>Colors of the heat map. For and against also shows, in blue and on the same scale, what speaks against COVID-19; maps of Grad-CAM have no sign and show only what speaks for it.</source>
        <translation>Farbskala der Heatmap. „Dafür und dagegen“ zeigt auch, blau und auf derselben Skala, was gegen COVID-19 spricht; Heatmaps von Grad-CAM haben kein Vorzeichen und zeigen nur, was dafür spricht.</translation>
    </message>
    <message>
        <source>Threshold:</source>
        <translation>Schwelle:</translation>
    </message>
    <message>
        <source>Densities in each lung, with the limits below.</source>
        <translation>Dichte jeder Lunge, nach den Grenzen darunter.</translation>
    </message>
    <message>
        <source>Show as segments</source>
        <translation>Als Segmente zeigen</translation>
    </message>
    <message>
        <source>Show ground glass, consolidation and emphysema-like lung in the views, as a separate segmentation.</source>
        <translation>Milchglastrübung, Konsolidierung und emphysemartige Lunge in den Ansichten zeigen, als eigene Segmentierung.</translation>
    </message>
    <message>
        <source>Ground-glass from:</source>
        <translation>Milchglas ab:</translation>
    </message>
    <message>
        <source>Lung from this density up to the lower limit of consolidation counts as ground glass.</source>
        <translation>Lunge ab dieser Dichte bis zur unteren Grenze der Konsolidierung gilt als Milchglastrübung.</translation>
    </message>
    <message>
        <source> HU</source>
        <translation> HU</translation>
    </message>
    <message>
        <source>Consolidation from:</source>
        <translation>Konsolidierung ab:</translation>
    </message>
    <message>
        <source>Lung from this density counts as consolidation.</source>
        <translation>Lunge ab dieser Dichte gilt als Konsolidierung.</translation>
    </message>
    <message>
        <source>Consolidation to:</source>
        <translation>Konsolidierung bis:</translation>
    </message>
    <message>
        <source>Lung up to this density counts as consolidation.</source>
        <translation>Lunge bis zu dieser Dichte gilt als Konsolidierung.</translation>
    </message>
    <message>
        <source>Emphysema below:</source>
        <translation>Emphysem unter:</translation>
    </message>
    <message>
        <source>Lung below this density counts as emphysema-like.</source>
        <translation>Lunge unter dieser Dichte gilt als emphysemartig.</translation>
    </message>
    <message>
        <source>What-if scores: one lung only, or a region replaced by healthy lung.</source>
        <translation>Was wäre, wenn: Bewertung mit nur einer Lunge oder mit einer Region, ersetzt durch gesunde Lunge.</translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation>Verlaufskontrolle</translation>
    </message>
    <message>
        <source>Compare with an earlier CT of the patient.</source>
        <translation>Mit einem früheren CT des Patienten vergleichen.</translation>
    </message>
    <message>
        <source>Earlier CT:</source>
        <translation>Früheres CT:</translation>
    </message>
    <message>
        <source>Compare with an earlier result whose CT is not in this scene: choose the folder that coviddetect analyze wrote. Numbers only, without pictures.</source>
        <translation>Mit einem früheren Ergebnis vergleichen, dessen CT nicht in dieser Szene ist: den Ordner wählen, den coviddetect analyze geschrieben hat. Nur Zahlen, ohne Bilder.</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Lay the earlier CT over this one by the lungs, and show both side by side. Nothing of either is changed.</source>
        <translation>Das frühere CT nach den Lungen über dieses legen und beide nebeneinander zeigen. An beiden wird nichts verändert.</translation>
    </message>
    <message>
        <source>Stop comparing</source>
        <translation>Vergleich beenden</translation>
    </message>
    <message>
        <source>Put the earlier CT back where it was, and show the views as they were.</source>
        <translation>Das frühere CT zurücklegen und die Ansichten wie vorher zeigen.</translation>
    </message>
    <message>
        <source>Opacity is ground-glass and consolidation density together; evidence is what lies there, in log-odds.</source>
        <translation>Verdichtung ist Milchglas- und Konsolidierungs-Dichte zusammen; Evidenz ist, was dort liegt, in Log-Odds.</translation>
    </message>
    <message>
        <source>Show grown and resolved opacity</source>
        <translation>Neue und verschwundene Verdichtung zeigen</translation>
    </message>
    <message>
        <source>Lung that both CTs show, and whose density has risen into opacity or fallen out of it by more than 100 HU.</source>
        <translation>Lunge, die beide CTs zeigen und deren Dichte um mehr als 100 HE in eine Verdichtung gestiegen oder aus einer gefallen ist.</translation>
    </message>
    <message>
        <source>Worklist</source>
        <translation>Arbeitsliste</translation>
    </message>
    <message>
        <source>Open results…</source>
        <translation>Ergebnisse öffnen…</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Only cases whose row has this text; ! finds the doubtful ones.</source>
        <translation>Nur Fälle, in deren Zeile dieser Text vorkommt; ! findet die zweifelhaften.</translation>
    </message>
    <message>
        <source>A double-click opens a case; Alt+PgDown and Alt+PgUp open the next and the previous one.</source>
        <translation>Ein Doppelklick öffnet einen Fall; Alt+Bild ab und Alt+Bild auf öffnen den nächsten und den vorherigen.</translation>
    </message>
    <message>
        <source>Stored as you write, under the reader&apos;s name.</source>
        <translation>Wird beim Schreiben unter dem Namen des Befunders gespeichert.</translation>
    </message>
    <message>
        <source>Reader:</source>
        <translation>Befunder:</translation>
    </message>
    <message>
        <source>Whose labels and comments these are. Each reader has a file and columns of their own.</source>
        <translation>Von wem diese Urteile und Kommentare sind. Jeder Befunder hat eine eigene Datei und eigene Spalten.</translation>
    </message>
    <message>
        <source>Preview while editing</source>
        <translation>Vorschau beim Bearbeiten</translation>
    </message>
    <message>
        <source>After each stroke the score is computed for the lung mask as it is then.</source>
        <translation>Nach jedem Strich wird die Bewertung für die Lungenmaske berechnet, wie sie dann ist.</translation>
    </message>
    <message>
        <source>My reading first</source>
        <translation>Zuerst mein Befund</translation>
    </message>
    <message>
        <source>Experiments</source>
        <translation>Experimente</translation>
    </message>
    <message>
        <source>Run experiments</source>
        <translation>Experimente rechnen</translation>
    </message>
    <message>
        <source>Score again with only one lung, and with the chosen region replaced by healthy-looking lung.</source>
        <translation>Neu bewerten mit nur einer Lunge und mit der gewählten Region, ersetzt durch gesund aussehende Lunge.</translation>
    </message>
    <message>
        <source>Settings that apply to all scenes on this computer.</source>
        <translation>Einstellungen, die für alle Szenen auf diesem Computer gelten.</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Lungs by:</source>
        <translation>Lungen mit:</translation>
    </message>
    <message>
        <source>How Analyze finds the lungs: a trained UNet, or a threshold that needs no training. UNets that you add with Manage… appear here.</source>
        <translation>Wie Analysieren die Lungen findet: ein trainiertes UNet oder ein Schwellenwert, der kein Training braucht. UNets, die mit Ändern … hinzugefügt werden, erscheinen hier.</translation>
    </message>
    <message>
        <source>Compute on:</source>
        <translation>Gerät:</translation>
    </message>
    <message>
        <source>Automatic uses a GPU if it passes a self-test, otherwise the CPU.</source>
        <translation>Automatisch nimmt eine GPU, die ihren Selbsttest besteht, sonst die CPU.</translation>
    </message>
    <message>
        <source>Weights:</source>
        <translation>Gewichte:</translation>
    </message>
    <message>
        <source>The weights of the network that computes the score. Each has a model card.</source>
        <translation>Die Gewichte des Netzes, das bewertet, jeweils mit ihrer Modellkarte.</translation>
    </message>
    <message>
        <source>Research use only, not a medical device.</source>
        <translation>Nur für die Forschung, kein Medizinprodukt.</translation>
    </message>
</context>
<context>
    <name>mrml.comparison</name>
    <message>
        <source>The earlier CT was removed; stop comparing.</source>
        <translation>Das frühere CT wurde entfernt; bitte den Vergleich beenden.</translation>
    </message>
    <message>
        <source>{ct} and its lung mask lie under different transforms; put both under the same one.</source>
        <translation>{ct} und die zugehörige Lungenmaske liegen unter verschiedenen Transformationen; bitte beide unter dieselbe legen.</translation>
    </message>
</context>
<context>
    <name>mrml.outcome</name>
    <message>
        <source>The CT was changed during the analysis; analyze it again.</source>
        <translation>Das CT wurde während der Analyse verändert; bitte erneut analysieren.</translation>
    </message>
    <message>
        <source>A CT or its mask was changed during the comparison; compare again.</source>
        <translation>Ein CT oder seine Maske wurde während des Vergleichs verändert; bitte neu vergleichen.</translation>
    </message>
</context>
<context>
    <name>mrml.scene</name>
    <message>
        <source>The CT or its mask was removed during the analysis.</source>
        <translation>Das CT oder seine Maske wurde während der Analyse entfernt.</translation>
    </message>
    <message>
        <source>The result was removed during the computation.</source>
        <translation>Das Ergebnis wurde während der Berechnung entfernt.</translation>
    </message>
    <message>
        <source>The CT or its mask was removed during the computation.</source>
        <translation>Das CT oder seine Maske wurde während der Berechnung entfernt.</translation>
    </message>
    <message>
        <source>The CT was scored again during the computation; start it again.</source>
        <translation>Das CT wurde während der Berechnung noch einmal bewertet; starten Sie sie erneut.</translation>
    </message>
</context>
<context>
    <name>mrml.scored_masks</name>
    <message>
        <source>The mask of the score before is no longer known; correct it and re-score.</source>
        <translation>Die Maske der vorherigen Bewertung ist nicht mehr bekannt; korrigieren Sie die Maske und bewerten Sie neu.</translation>
    </message>
</context>
<context>
    <name>nodes.dicom_files</name>
    <message>
        <source>The CT is not in Slicer&apos;s DICOM database, to whose study DICOM objects belong; import it there, load it and analyze it again.</source>
        <translation>Das CT ist nicht in der DICOM-Datenbank von Slicer; DICOM-Objekte gehören zu dessen Studie. Dort importieren, laden und erneut analysieren.</translation>
    </message>
</context>
<context>
    <name>panel.installation</name>
    <message>
        <source>Install packages for COVIDDetect</source>
        <translation>Pakete für COVIDDetect installieren</translation>
    </message>
    <message>
        <source>They are downloaded from the Python Package Index.</source>
        <translation>Sie werden aus dem Python Package Index heruntergeladen.</translation>
    </message>
    <message>
        <source>1 GB, with an NVIDIA graphics card up to 7 GB</source>
        <translation>1 GB, mit einer Grafikkarte von NVIDIA bis zu 7 GB</translation>
    </message>
    <message>
        <source>Packages are being installed; wait until this is finished.</source>
        <translation>Pakete werden gerade installiert; warten Sie, bis das abgeschlossen ist.</translation>
    </message>
    <message>
        <source>Replaced while in use: {names}. Analyses use the new version; restart Slicer before you use other modules that need it.</source>
        <translation>Während der Benutzung ersetzt: {names}. Analysen rechnen mit der neuen Version; starten Sie Slicer neu, bevor Sie andere Module benutzen, die sie brauchen.</translation>
    </message>
    <message>
        <source>60 MB</source>
        <translation>60 MB</translation>
    </message>
    <message>
        <source>15 MB</source>
        <translation>15 MB</translation>
    </message>
    <message>
        <source>The PyTorch extension downloads torch and torchvision from PyTorch&apos;s own server with the installer light-the-torch, which may replace Slicer&apos;s pip by another version. Everything else comes from the Python Package Index.</source>
        <translation>Die Erweiterung PyTorch lädt torch und mit ihm torchvision vom Server von PyTorch herunter, mit dem Installationsprogramm light-the-torch, das Slicers pip gegen eine andere Version tauschen kann; alles andere kommt aus dem Python Package Index.</translation>
    </message>
    <message>
        <source>Replaced by a newer version: {names}.</source>
        <translation>Durch eine neuere Version ersetzt: {names}.</translation>
    </message>
    <message>
        <source>COVIDDetect needs packages that are not part of Slicer: {names}.

{source} This takes about {size} of disk space in {folder}. Slicer&apos;s own libraries are not changed. Nothing about you or your images is sent.

Install them now?</source>
        <translation>COVIDDetect braucht Pakete, die Slicer nicht mitbringt: {names}.

{source} Das belegt etwa {size} in {folder}. Slicers eigene Bibliotheken bleiben, wie sie sind. Nichts über Sie oder Ihre Bilder wird gesendet.

Jetzt installieren?</translation>
    </message>
    <message>
        <source>COVIDDetect needs the PyTorch extension: install it with the Extensions Manager, restart Slicer, and click Analyze again.</source>
        <translation>COVIDDetect braucht die Erweiterung PyTorch: bitte im Extensions Manager installieren, Slicer neu starten und erneut auf Analysieren klicken.</translation>
    </message>
    <message>
        <source>COVIDDetect: installing {names} …</source>
        <translation>COVIDDetect: {names} wird installiert …</translation>
    </message>
    <message>
        <source>{names} could not be installed: {reason}.</source>
        <translation>{names} konnte nicht installiert werden: {reason}.</translation>
    </message>
    <message>
        <source>Without internet access, or behind a proxy that pip does not know: download the packages into a folder on another computer with the same operating system and Python version (pip download), and choose that folder here.</source>
        <translation>Ohne Internet oder hinter einem Proxy, den pip nicht kennt: die Pakete auf einem anderen Computer mit gleichem System und Python (pip download) in einen Ordner laden und ihn hier wählen.</translation>
    </message>
    <message>
        <source>Install from a folder</source>
        <translation>Aus einem Ordner installieren</translation>
    </message>
    <message>
        <source>Folder with downloaded packages</source>
        <translation>Ordner mit heruntergeladenen Paketen</translation>
    </message>
</context>
<context>
    <name>panel.live_preview</name>
    <message>
        <source>Preview: {probability}</source>
        <translation>Vorschau: {probability}</translation>
    </message>
</context>
<context>
    <name>panel.map_warning</name>
    <message>
        <source>Hatched heat map. {meaning}</source>
        <translation>Schraffierte Heatmap. {meaning}</translation>
    </message>
</context>
<context>
    <name>panel.mask_editor</name>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Edit mask</source>
        <translation>Maske bearbeiten</translation>
    </message>
</context>
<context>
    <name>panel.mask_repair</name>
    <message>
        <source>Paint a stroke where lung is missing, or erase one where too much is marked; then click Repair.</source>
        <translation>Malen Sie einen Strich, wo Lunge fehlt, oder radieren Sie einen, wo zu viel markiert ist; klicken Sie dann auf „Reparieren“.</translation>
    </message>
    <message>
        <source>Too much was changed to be a stroke; draw one now, then click Repair.</source>
        <translation>Es wurde zu viel geändert, um ein Strich zu sein; zeichnen Sie jetzt einen und klicken Sie dann auf „Reparieren“.</translation>
    </message>
</context>
<context>
    <name>panel.panel</name>
    <message>
        <source>The sample could not be made.</source>
        <translation>Die Beispieldaten konnten nicht erzeugt werden.</translation>
    </message>
</context>
<context>
    <name>panel.questions</name>
    <message>
        <source>COVIDDetect</source>
        <translation>COVIDDetect</translation>
    </message>
    <message>
        <source>The CT was changed after it was scored with the lung mask {name}; check whether the mask still fits.</source>
        <translation>Das CT wurde verändert, nachdem es mit der Lungenmaske {name} bewertet worden war; prüfen Sie, ob sie noch passt.</translation>
    </message>
    <message>
        <source>The lung mask {name} was corrected by hand.</source>
        <translation>Die Lungenmaske {name} wurde von Hand korrigiert.</translation>
    </message>
    <message>
        <source>A new mask is stored as a separate segmentation; yours is kept.</source>
        <translation>Eine neue Maske kommt in eine eigene Segmentierung; Ihre bleibt erhalten.</translation>
    </message>
    <message>
        <source>Score with my mask</source>
        <translation>Mit meiner Maske bewerten</translation>
    </message>
    <message>
        <source>Make a new mask</source>
        <translation>Neue Maske erzeugen</translation>
    </message>
    <message>
        <source>Lung mask</source>
        <translation>Lungenmaske</translation>
    </message>
    <message>
        <source>Load lung mask</source>
        <translation>Lungenmaske laden</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>Tabelle</translation>
    </message>
    <message>
        <source>Export report</source>
        <translation>Bericht exportieren</translation>
    </message>
    <message>
        <source>Folder of an earlier result (with analysis.json)</source>
        <translation>Ordner eines früheren Ergebnisses (mit analysis.json)</translation>
    </message>
    <message>
        <source>Results of a cohort</source>
        <translation>Ergebnisse einer Kohorte</translation>
    </message>
    <message>
        <source>Open results</source>
        <translation>Ergebnisse öffnen</translation>
    </message>
    <message>
        <source>Score CTs</source>
        <translation>CTs bewerten</translation>
    </message>
    <message>
        <source>In a folder each folder and each volume file is a CT; a table (.csv) has the columns case and path. They are scored while you read, with weights, lungs and device as under Settings.</source>
        <translation>In einem Ordner ist jeder Ordner und jede Volumendatei ein CT; eine Tabelle (.csv) hat die Spalten case und path. Sie werden bewertet, während Sie befunden, mit Gewichten, Lungen und Gerät wie unter Einstellungen.</translation>
    </message>
    <message>
        <source>Table of CTs</source>
        <translation>Tabelle mit CTs</translation>
    </message>
    <message>
        <source>CTs:</source>
        <translation>CTs:</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>Ordner…</translation>
    </message>
    <message>
        <source>Table…</source>
        <translation>Tabelle…</translation>
    </message>
    <message>
        <source>Results:</source>
        <translation>Ergebnisse:</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation>Ordner für die DICOM-Objekte</translation>
    </message>
    <message>
        <source>Send to PACS</source>
        <translation>An PACS senden</translation>
    </message>
    <message>
        <source>{count} DICOM objects are sent. They hold the patient&apos;s name and ID as the CT does: {patient}.</source>
        <translation>{count} DICOM-Objekte werden gesendet. Sie enthalten Namen und ID des Patienten wie das CT: {patient}.</translation>
    </message>
    <message>
        <source>not known here</source>
        <translation>hier nicht bekannt</translation>
    </message>
    <message>
        <source>AETITLE@host:port, or https://… of a DICOMweb service</source>
        <translation>AETITLE@host:port oder https://… eines DICOMweb-Dienstes</translation>
    </message>
    <message>
        <source>To:</source>
        <translation>An:</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>Senden</translation>
    </message>
</context>
<context>
    <name>panel.state</name>
    <message>
        <source>Select the chest CT above.</source>
        <translation>Bitte oben das Thorax-CT auswählen.</translation>
    </message>
    <message>
        <source>Load a chest CT, or try the module with a synthetic one.</source>
        <translation>Thorax-CT laden, oder das Modul mit einem synthetischen ausprobieren.</translation>
    </message>
</context>
<context>
    <name>panel.words</name>
    <message>
        <source>The lung mask was edited after scoring.</source>
        <translation>Die Lungenmaske wurde nach der Bewertung bearbeitet.</translation>
    </message>
    <message>
        <source>The lung mask was moved after scoring.</source>
        <translation>Die Lungenmaske wurde nach der Bewertung verschoben.</translation>
    </message>
    <message>
        <source>The lung mask was removed after scoring.</source>
        <translation>Die Lungenmaske wurde nach der Bewertung entfernt.</translation>
    </message>
    <message>
        <source>The CT was changed after scoring.</source>
        <translation>Das CT wurde nach der Bewertung verändert.</translation>
    </message>
    <message>
        <source>Another lung mask was chosen after scoring.</source>
        <translation>Nach der Bewertung wurde eine andere Lungenmaske gewählt.</translation>
    </message>
    <message>
        <source>Other weights were chosen after scoring.</source>
        <translation>Nach der Bewertung wurden andere Gewichte gewählt.</translation>
    </message>
    <message>
        <source>The weights of this score are not installed on this computer.</source>
        <translation>Die Gewichte dieser Bewertung sind auf diesem Computer nicht installiert.</translation>
    </message>
    <message>
        <source>Right lung only</source>
        <translation>Nur rechte Lunge</translation>
    </message>
    <message>
        <source>Left lung only</source>
        <translation>Nur linke Lunge</translation>
    </message>
    <message>
        <source>Region {rank} replaced by healthy-looking lung</source>
        <translation>Region {rank} durch gesund aussehende Lunge ersetzt</translation>
    </message>
    <message>
        <source>Do not read places from this map: it looks the same with weights that know nothing.</source>
        <translation>Aus dieser Heatmap keine Orte ablesen: Mit Gewichten, die nichts gelernt haben, sieht sie genauso aus.</translation>
    </message>
    <message>
        <source>Do not take hot places for what decided: others, made healthy, lower the number as much.</source>
        <translation>Heiße Stellen nicht für den Grund der Zahl halten: Andere, gesund gemacht, senken sie ebenso.</translation>
    </message>
    <message>
        <source>Do not rely on single hot places: they move when scan and mask are nudged.</source>
        <translation>Sich nicht auf einzelne heiße Stellen verlassen: Sie wandern bei kleinen Änderungen an Aufnahme und Maske.</translation>
    </message>
    <message>
        <source>Most of the heat lies outside the lungs: it says little about what is in them.</source>
        <translation>Die meiste Hitze liegt außerhalb der Lungen: Sie sagt wenig darüber, was in ihnen ist.</translation>
    </message>
    <message>
        <source>language</source>
        <translation>Deutsch</translation>
    </message>
</context>
<context>
    <name>qSlicerAbstractCoreModule</name>
    <message>
        <source>Segmentation</source>
        <translation>Segmentierung</translation>
    </message>
</context>
<context>
    <name>sections.batch_row</name>
    <message>
        <source>Starting…</source>
        <translation>Beginnt …</translation>
    </message>
    <message>
        <source>Stopped. {counts}</source>
        <translation>Angehalten. {counts}</translation>
    </message>
    <message>
        <source>Scored {done} of {total}</source>
        <translation>{done} von {total} bewertet</translation>
    </message>
    <message>
        <source>, {failed} failed</source>
        <translation>, {failed} fehlgeschlagen</translation>
    </message>
    <message>
        <source>, about {seconds} s left</source>
        <translation>, noch etwa {seconds} s</translation>
    </message>
    <message>
        <source>, about {minutes} min left</source>
        <translation>, noch etwa {minutes} min</translation>
    </message>
    <message>
        <source>, about {hours} h left</source>
        <translation>, noch etwa {hours} h</translation>
    </message>
</context>
<context>
    <name>sections.dicom_menu</name>
    <message>
        <source>DICOM objects into a folder…</source>
        <translation>DICOM-Objekte in einen Ordner…</translation>
    </message>
    <message>
        <source>DICOM objects into Slicer&apos;s database</source>
        <translation>DICOM-Objekte in die Datenbank von Slicer</translation>
    </message>
    <message>
        <source>Send to PACS…</source>
        <translation>An PACS senden…</translation>
    </message>
    <message>
        <source>Cancel sending</source>
        <translation>Senden abbrechen</translation>
    </message>
    <message>
        <source>There is no result to export; analyze the CT first.</source>
        <translation>Es gibt kein Ergebnis zum Exportieren; bitte zuerst das CT analysieren.</translation>
    </message>
    <message>
        <source>The result is out of date, and DICOM objects cannot say so; score again first.</source>
        <translation>Das Ergebnis ist veraltet, was DICOM-Objekte nicht sagen können; bitte zuerst neu bewerten.</translation>
    </message>
    <message>
        <source>{count} DICOM files written.</source>
        <translation>{count} DICOM-Dateien geschrieben.</translation>
    </message>
    <message>
        <source>Slicer&apos;s DICOM database did not take the objects; export them into a folder.</source>
        <translation>Die DICOM-Datenbank von Slicer hat die Objekte nicht angenommen; bitte in einen Ordner exportieren.</translation>
    </message>
    <message>
        <source>{count} DICOM objects added.</source>
        <translation>{count} DICOM-Objekte hinzugefügt.</translation>
    </message>
    <message>
        <source>DICOM objects need highdicom, which 3D Slicer has from version 5.12 on.</source>
        <translation>DICOM-Objekte brauchen highdicom, das 3D Slicer ab Version 5.12 mitbringt.</translation>
    </message>
    <message>
        <source>The lung mask or the heat map of the result was deleted; analyze the CT again.</source>
        <translation>Die Lungenmaske oder die Heatmap des Ergebnisses wurde gelöscht; bitte das CT neu analysieren.</translation>
    </message>
</context>
<context>
    <name>sections.evidence_section</name>
    <message>
        <source>Nothing in this scan speaks for COVID-19.</source>
        <translation>Nichts in diesem Scan spricht für COVID-19.</translation>
    </message>
    <message>
        <source>For: {places}</source>
        <translation>Dafür: {places}</translation>
    </message>
    <message>
        <source>Against: {places}</source>
        <translation>Dagegen: {places}</translation>
    </message>
    <message>
        <source>sum</source>
        <translation>Summe</translation>
    </message>
    <message>
        <source>Starting point (healthy scans)</source>
        <translation>Ausgangspunkt (gesunde Scans)</translation>
    </message>
    <message>
        <source>All else</source>
        <translation>Alles übrige</translation>
    </message>
    <message>
        <source>Sum, in log-odds</source>
        <translation>Summe, in Log-Odds</translation>
    </message>
    <message>
        <source>outside the lungs</source>
        <translation>außerhalb der Lungen</translation>
    </message>
    <message>
        <source>fewer signs of health</source>
        <translation>weniger Zeichen von Gesundheit</translation>
    </message>
    <message>
        <source>fewer signs of disease</source>
        <translation>weniger Zeichen von Krankheit</translation>
    </message>
</context>
<context>
    <name>sections.experiments_section</name>
    <message>
        <source>Score again with only the right lung, only the left lung, and with the chosen region replaced by healthy-looking lung.</source>
        <translation>Neu bewerten mit nur der rechten Lunge, nur der linken Lunge und mit der gewählten Region, ersetzt durch gesund aussehende Lunge.</translation>
    </message>
    <message>
        <source>Re-score first: the result is out of date.</source>
        <translation>Zuerst neu bewerten: Das Ergebnis ist veraltet.</translation>
    </message>
    <message>
        <source>Score each lung alone, and with region {rank} replaced by healthy-looking lung.</source>
        <translation>Jede Lunge einzeln bewerten, und mit Region {rank} ersetzt durch gesund aussehende Lunge.</translation>
    </message>
    <message>
        <source>Score each lung alone. Select a region above to see how much it contributes.</source>
        <translation>Jede Lunge einzeln bewerten. Oben eine Region wählen, um zu sehen, was sie beiträgt.</translation>
    </message>
</context>
<context>
    <name>sections.export_menu</name>
    <message>
        <source>I agree with the result</source>
        <translation>Ich stimme dem Ergebnis zu</translation>
    </message>
    <message>
        <source>I disagree with the result</source>
        <translation>Ich stimme dem Ergebnis nicht zu</translation>
    </message>
    <message>
        <source>Add key image</source>
        <translation>Schlüsselbild hinzufügen</translation>
    </message>
    <message>
        <source>Remove last key image ({count})</source>
        <translation>Letztes Schlüsselbild entfernen ({count})</translation>
    </message>
    <message>
        <source>There is no result to export; analyze the CT first.</source>
        <translation>Es gibt kein Ergebnis zum Exportieren; bitte zuerst das CT analysieren.</translation>
    </message>
    <message>
        <source>No slice view shows the CT of this result; choose it first.</source>
        <translation>Keine Schichtansicht zeigt das CT dieses Ergebnisses; bitte zuerst auswählen.</translation>
    </message>
    <message>
        <source>Key image {number} is added to the report.</source>
        <translation>Schlüsselbild {number} ist dem Bericht hinzugefügt.</translation>
    </message>
</context>
<context>
    <name>sections.follow_up_section</name>
    <message>
        <source>Then</source>
        <translation>Damals</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Änderung</translation>
    </message>
    <message>
        <source>Another CT in this scene that has a result.</source>
        <translation>Ein anderes CT dieser Szene mit einem Ergebnis.</translation>
    </message>
    <message>
        <source>No other CT in this scene has a result and was taken before this one; load an earlier CT, and analyze it.</source>
        <translation>Kein anderes CT dieser Szene hat ein Ergebnis und wurde vor diesem aufgenommen; bitte ein früheres CT laden und auswerten.</translation>
    </message>
    <message>
        <source>{days} days apart.</source>
        <translation>Abstand: {days} Tage.</translation>
    </message>
    <message>
        <source>Laid over each other, the lungs overlap by {overlap} (Dice).</source>
        <translation>Übereinandergelegt überlappen die Lungen mit {overlap} (Dice).</translation>
    </message>
    <message>
        <source>Segments: about {grown} mL grown, {resolved} mL resolved.</source>
        <translation>Segmente: etwa {grown} mL neu, {resolved} mL verschwunden.</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>Wahrscheinlichkeit</translation>
    </message>
    <message>
        <source>Log-odds</source>
        <translation>Log-Odds</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>Rechts</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>RUL</source>
        <translation>ROL</translation>
    </message>
    <message>
        <source>RML</source>
        <translation>RML</translation>
    </message>
    <message>
        <source>RLL</source>
        <translation>RUL</translation>
    </message>
    <message>
        <source>LUL</source>
        <translation>LOL</translation>
    </message>
    <message>
        <source>LLL</source>
        <translation>LUL</translation>
    </message>
    <message>
        <source>{part} lung, mL</source>
        <translation>{part}: Lunge, mL</translation>
    </message>
    <message>
        <source>{part} opacity, mL</source>
        <translation>{part}: Verdichtung, mL</translation>
    </message>
    <message>
        <source>{part} opacity, %</source>
        <translation>{part}: Verdichtung, %</translation>
    </message>
    <message>
        <source>{part} evidence</source>
        <translation>{part}: Evidenz</translation>
    </message>
</context>
<context>
    <name>sections.heat_map_section</name>
    <message>
        <source>For and against</source>
        <translation>Dafür und dagegen</translation>
    </message>
    <message>
        <source>Another volume lies over the CT; the heat map is not shown there.</source>
        <translation>Ein anderes Volumen liegt über dem CT; die Heatmap ist dort nicht zu sehen.</translation>
    </message>
    <message>
        <source>Show it</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>This heat map is empty: nothing in this CT suggested COVID-19.</source>
        <translation>Diese Heatmap ist leer: Nichts in diesem CT sprach für COVID-19.</translation>
    </message>
    <message>
        <source>Most of the heat lies outside the lungs, so it says little about what in them suggests COVID-19. Try another method.</source>
        <translation>Diese Heatmap liegt größtenteils außerhalb der Lungen: Sie sagt wenig darüber, was in ihnen für COVID-19 spricht. Versuchen Sie eine andere Methode.</translation>
    </message>
    <message>
        <source>This heat map does not tell what speaks against COVID-19; HiResCAM does.</source>
        <translation>Diese Heatmap sagt nicht, was gegen COVID-19 spricht; HiResCAM tut es.</translation>
    </message>
    <message>
        <source>Hardly anything in the lungs speaks for COVID-19; to see what does, move “Above” to the left.</source>
        <translation>In den Lungen spricht kaum etwas für COVID-19; um zu sehen, was es tut, „Ab“ nach links schieben.</translation>
    </message>
    <message>
        <source>HiResCAM (default)</source>
        <translation>HiResCAM (Standard)</translation>
    </message>
    <message>
        <source>Grad-CAM</source>
        <translation>Grad-CAM</translation>
    </message>
    <message>
        <source>Grad-CAM, classifier</source>
        <translation>Grad-CAM, Klassifikator</translation>
    </message>
    <message>
        <source>Grad-CAM++</source>
        <translation>Grad-CAM++</translation>
    </message>
    <message>
        <source>Integrated gradients</source>
        <translation>Integrierte Gradienten</translation>
    </message>
    <message>
        <source>Occlusion</source>
        <translation>Verdeckung</translation>
    </message>
</context>
<context>
    <name>sections.history_row</name>
    <message>
        <source>what did it?</source>
        <translation>wodurch?</translation>
    </message>
    <message>
        <source>lung mask changed</source>
        <translation>Lungenmaske geändert</translation>
    </message>
    <message>
        <source>CT changed</source>
        <translation>CT geändert</translation>
    </message>
    <message>
        <source>other weights</source>
        <translation>andere Gewichte</translation>
    </message>
    <message>
        <source>History: {scores}</source>
        <translation>Verlauf: {scores}</translation>
    </message>
    <message>
        <source>Only right and left have changed, which the network does not tell apart.</source>
        <translation>Nur rechts und links haben sich geändert, was das Netz nicht unterscheidet.</translation>
    </message>
    <message>
        <source>Last correction: {pieces}</source>
        <translation>Letzte Korrektur: {pieces}</translation>
    </message>
    <message>
        <source>Last correction, in log-odds: {pieces}</source>
        <translation>Letzte Korrektur, in Log-Odds: {pieces}</translation>
    </message>
    <message>
        <source>all else</source>
        <translation>alles übrige</translation>
    </message>
</context>
<context>
    <name>sections.input_section</name>
    <message>
        <source>The views show {ct}.</source>
        <translation>Die Ansichten zeigen {ct}.</translation>
    </message>
    <message>
        <source>{ct} was removed; its result is still in the scene.</source>
        <translation>{ct} wurde entfernt; das Ergebnis ist noch in der Szene.</translation>
    </message>
    <message>
        <source>Analyze all the same</source>
        <translation>Trotzdem analysieren</translation>
    </message>
    <message>
        <source>Analyze</source>
        <translation>Analysieren</translation>
    </message>
    <message>
        <source>Analyze again</source>
        <translation>Neu analysieren</translation>
    </message>
    <message>
        <source>{ct} is being analyzed.</source>
        <translation>{ct} wird analysiert.</translation>
    </message>
    <message>
        <source>An analysis is running.</source>
        <translation>Eine Analyse läuft.</translation>
    </message>
    <message>
        <source>Find the lungs, score the CT, and show where the network looked.</source>
        <translation>Lungen finden, CT bewerten und zeigen, worauf sich das Netz stützt.</translation>
    </message>
    <message>
        <source>Select a chest CT first.</source>
        <translation>Bitte zuerst ein Thorax-CT auswählen.</translation>
    </message>
</context>
<context>
    <name>sections.keys_menu</name>
    <message>
        <source>Show or hide the heat map</source>
        <translation>Heatmap zeigen oder ausblenden</translation>
    </message>
    <message>
        <source>Show or hide the lung outlines</source>
        <translation>Lungenkonturen zeigen oder ausblenden</translation>
    </message>
    <message>
        <source>Next region</source>
        <translation>Nächste Region</translation>
    </message>
    <message>
        <source>Previous region</source>
        <translation>Vorige Region</translation>
    </message>
    <message>
        <source>Mark the region: ✓, ✗ or ?</source>
        <translation>Region markieren: ✓, ✗ oder ?</translation>
    </message>
    <message>
        <source>Re-score</source>
        <translation>Neu bewerten</translation>
    </message>
    <message>
        <source>Next case of the worklist</source>
        <translation>Nächster Fall der Arbeitsliste</translation>
    </message>
    <message>
        <source>Previous case of the worklist</source>
        <translation>Vorheriger Fall der Arbeitsliste</translation>
    </message>
</context>
<context>
    <name>sections.map_checks_row</name>
    <message>
        <source>No heat to check in this map.</source>
        <translation>In dieser Heatmap ist keine Hitze zu prüfen.</translation>
    </message>
    <message>
        <source>in lungs</source>
        <translation>in der Lunge</translation>
    </message>
    <message>
        <source>knows the weights</source>
        <translation>kennt die Gewichte</translation>
    </message>
    <message>
        <source>repeatable</source>
        <translation>wiederholbar</translation>
    </message>
    <message>
        <source>does what it says</source>
        <translation>tut, was sie sagt</translation>
    </message>
    <message>
        <source>{value:.2f} of the heat lies in the lungs; at least {limit:.2f}.</source>
        <translation>{value:.2f} der Hitze liegen in den Lungen; mindestens {limit:.2f}.</translation>
    </message>
    <message>
        <source>Likeness to the maps of three networks that have learned nothing: {value:.2f}; below {limit:.2f}.</source>
        <translation>Ähnlichkeit mit den Heatmaps dreier Netze, die nichts gelernt haben: {value:.2f}; unter {limit:.2f}.</translation>
    </message>
    <message>
        <source>Correlation with the maps of the scan when nudged: {value:.2f}; above {limit:.2f}.</source>
        <translation>Korrelation mit den Heatmaps der leicht geänderten Aufnahme: {value:.2f}; über {limit:.2f}.</translation>
    </message>
    <message>
        <source>The hottest tenth of the lungs made healthy, against random tenths: p = {value:.2f}; at most {limit:.2f}.</source>
        <translation>Das heißeste Zehntel der Lungen gesund gemacht, gegen zufällige Zehntel: p = {value:.2f}; höchstens {limit:.2f}.</translation>
    </message>
    <message>
        <source>could not be checked</source>
        <translation>konnte nicht geprüft werden</translation>
    </message>
</context>
<context>
    <name>sections.mask_section</name>
    <message>
        <source>{name} has no lung segment; choose another mask.</source>
        <translation>{name} enthält kein Lungensegment; bitte eine andere Maske wählen.</translation>
    </message>
</context>
<context>
    <name>sections.meaning</name>
    <message>
        <source>Scored with weights that are not installed on this computer.</source>
        <translation>Bewertet mit Gewichten, die auf diesem Computer nicht installiert sind.</translation>
    </message>
    <message>
        <source>{weights} have no measured sensitivity or specificity.</source>
        <translation>Für {weights} wurden weder Sensitivität noch Spezifität gemessen.</translation>
    </message>
    <message>
        <source>At a threshold of {threshold:g}: sensitivity {sensitivity}, specificity {specificity} ({cohort}). At this prevalence PPV {ppv:.2f}, NPV {npv:.2f}.</source>
        <translation>Bei einem Schwellenwert von {threshold:g}: Sensitivität {sensitivity}, Spezifität {specificity} ({cohort}). Bei dieser Prävalenz PPV {ppv:.2f}, NPV {npv:.2f}.</translation>
    </message>
</context>
<context>
    <name>sections.opacity_section</name>
    <message>
        <source>Right</source>
        <translation>Rechts</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>Volume, mL</source>
        <translation>Volumen, mL</translation>
    </message>
    <message>
        <source>Density, HU</source>
        <translation>Dichte, HU</translation>
    </message>
    <message>
        <source>Ground glass</source>
        <translation>Milchglas</translation>
    </message>
    <message>
        <source>Consolidation</source>
        <translation>Konsolidierung</translation>
    </message>
    <message>
        <source>Emphysema-like</source>
        <translation>Emphysemartig</translation>
    </message>
    <message>
        <source>Ground glass and consolidation in this lobe: mL, and percent of it</source>
        <translation>Milchglas und Konsolidierung in diesem Lappen: mL und Prozent davon</translation>
    </message>
    <message>
        <source>Upper lobe opacity</source>
        <translation>Oberlappen, dicht</translation>
    </message>
    <message>
        <source>Middle lobe opacity</source>
        <translation>Mittellappen, dicht</translation>
    </message>
    <message>
        <source>Lower lobe opacity</source>
        <translation>Unterlappen, dicht</translation>
    </message>
    <message>
        <source>mL, and percent of this lung</source>
        <translation>mL und Prozent dieser Lunge</translation>
    </message>
</context>
<context>
    <name>sections.pacs_sender</name>
    <message>
        <source>Objects are being sent; wait, or cancel that.</source>
        <translation>Es werden gerade Objekte gesendet; bitte warten oder abbrechen.</translation>
    </message>
    <message>
        <source>Sending {count} DICOM objects to {archive} …</source>
        <translation>{count} DICOM-Objekte werden an {archive} gesendet …</translation>
    </message>
    <message>
        <source>{count} DICOM objects were sent to {archive}.</source>
        <translation>{count} DICOM-Objekte wurden an {archive} gesendet.</translation>
    </message>
    <message>
        <source>Sending was cancelled; the PACS may have some of the objects.</source>
        <translation>Das Senden wurde abgebrochen; das PACS hat vielleicht einige der Objekte.</translation>
    </message>
</context>
<context>
    <name>sections.progress_row</name>
    <message>
        <source>Starting…</source>
        <translation>Beginnt …</translation>
    </message>
    <message>
        <source>Computed. The result waits for your reading.</source>
        <translation>Berechnet. Das Ergebnis wartet auf Ihren Befund.</translation>
    </message>
    <message>
        <source>Lungs, slice {done} of {total}</source>
        <translation>Lungen, Schicht {done} von {total}</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>Bewertung</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>Heatmap</translation>
    </message>
    <message>
        <source>Laying both CTs over each other</source>
        <translation>Beide CTs werden übereinandergelegt</translation>
    </message>
    <message>
        <source>Pieces of the correction, score {done} of {total}</source>
        <translation>Stücke der Korrektur, Bewertung {done} von {total}</translation>
    </message>
    <message>
        <source>, about {seconds} s left</source>
        <translation>, noch etwa {seconds} s</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>Wird abgebrochen …</translation>
    </message>
</context>
<context>
    <name>sections.reading_section</name>
    <message>
        <source>sure: low</source>
        <translation>Sicherheit: gering</translation>
    </message>
    <message>
        <source>sure: medium</source>
        <translation>Sicherheit: mittel</translation>
    </message>
    <message>
        <source>sure: high</source>
        <translation>Sicherheit: hoch</translation>
    </message>
    <message>
        <source>RSNA: typical</source>
        <translation>RSNA: typisch</translation>
    </message>
    <message>
        <source>RSNA: indeterminate</source>
        <translation>RSNA: unbestimmt</translation>
    </message>
    <message>
        <source>RSNA: atypical</source>
        <translation>RSNA: atypisch</translation>
    </message>
    <message>
        <source>RSNA: negative</source>
        <translation>RSNA: negativ</translation>
    </message>
    <message>
        <source>class: –</source>
        <translation>Klasse: –</translation>
    </message>
    <message>
        <source>sure: –</source>
        <translation>Sicherheit: –</translation>
    </message>
    <message>
        <source>Analyze keeps its result closed until you have entered your reading. Both are kept in the scene and in {file}, without the patient&apos;s name.</source>
        <translation>Das Ergebnis einer Analyse bleibt verschlossen, bis Sie Ihren Befund eingegeben haben. Beides wird in der Szene und in {file} festgehalten, ohne den Namen des Patienten.</translation>
    </message>
    <message>
        <source>Do you change your reading?</source>
        <translation>Ändern Sie Ihren Befund?</translation>
    </message>
    <message>
        <source>Your reading:</source>
        <translation>Ihr Befund:</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Beibehalten</translation>
    </message>
    <message>
        <source>Change it</source>
        <translation>Ändern</translation>
    </message>
    <message>
        <source>Show result</source>
        <translation>Ergebnis zeigen</translation>
    </message>
</context>
<context>
    <name>sections.regions_table</name>
    <message>
        <source>mL</source>
        <translation>mL</translation>
    </message>
    <message>
        <source>HU</source>
        <translation>HU</translation>
    </message>
    <message>
        <source>{mm:.0f} mm from the edge of the lung mask at its hottest point</source>
        <translation>am heißesten Punkt {mm:.0f} mm vom Rand der Lungenmaske</translation>
    </message>
    <message>
        <source>Where it looked</source>
        <translation>Worauf es sich stützt</translation>
    </message>
    <message>
        <source>Where HiResCAM looked</source>
        <translation>Worauf HiResCAM sich stützt</translation>
    </message>
    <message>
        <source>Heat</source>
        <translation>Hitze</translation>
    </message>
    <message>
        <source>No region stands out in the lungs.</source>
        <translation>Keine Region in den Lungen sticht hervor.</translation>
    </message>
    <message>
        <source>right</source>
        <translation>rechts</translation>
    </message>
    <message>
        <source>left</source>
        <translation>links</translation>
    </message>
    <message>
        <source>upper third</source>
        <translation>oberes Drittel</translation>
    </message>
    <message>
        <source>middle third</source>
        <translation>mittleres Drittel</translation>
    </message>
    <message>
        <source>lower third</source>
        <translation>unteres Drittel</translation>
    </message>
</context>
<context>
    <name>sections.report_section</name>
    <message>
        <source>The text of the result was copied.</source>
        <translation>Der Text des Ergebnisses wurde kopiert.</translation>
    </message>
    <message>
        <source>The text on the method was copied.</source>
        <translation>Der Text zur Methode wurde kopiert.</translation>
    </message>
    <message>
        <source>en</source>
        <translation>de</translation>
    </message>
    <message>
        <source>Written: {file}</source>
        <translation>Geschrieben: {file}</translation>
    </message>
</context>
<context>
    <name>sections.result_section</name>
    <message>
        <source>Probability of COVID-19, out of date.</source>
        <translation>Wahrscheinlichkeit für COVID-19, veraltet.</translation>
    </message>
    <message>
        <source>Probability of COVID-19, not to be relied on.</source>
        <translation>Wahrscheinlichkeit für COVID-19, nicht verlässlich.</translation>
    </message>
    <message>
        <source>Probability of COVID-19: above the threshold.</source>
        <translation>COVID-19-Wahrscheinlichkeit über der Schwelle.</translation>
    </message>
    <message>
        <source>Probability of COVID-19: below the threshold.</source>
        <translation>COVID-19-Wahrscheinlichkeit unter der Schwelle.</translation>
    </message>
    <message>
        <source>The views show a different volume, not this CT.</source>
        <translation>Die Ansichten zeigen ein anderes Volumen als dieses CT.</translation>
    </message>
    <message>
        <source>threshold {threshold:.2f}</source>
        <translation>Schwelle {threshold:.2f}</translation>
    </message>
    <message>
        <source>Probability of COVID-19: undecided.</source>
        <translation>COVID-19-Wahrscheinlichkeit unentschieden.</translation>
    </message>
    <message>
        <source>In this hospital: unlikely.</source>
        <translation>In diesem Krankenhaus: unwahrscheinlich.</translation>
    </message>
    <message>
        <source>In this hospital: open.</source>
        <translation>In diesem Krankenhaus: offen.</translation>
    </message>
    <message>
        <source>In this hospital: likely.</source>
        <translation>In diesem Krankenhaus: wahrscheinlich.</translation>
    </message>
    <message>
        <source>Nothing is promised of such a probability.</source>
        <translation>Für eine solche Wahrscheinlichkeit gilt keine Zusage.</translation>
    </message>
    <message>
        <source>At least {share:.0f} % of the cases that are called unlikely have no COVID-19.</source>
        <translation>Mindestens {share:.0f} % der Fälle, die unwahrscheinlich genannt werden, haben kein COVID-19.</translation>
    </message>
    <message>
        <source>At least {share:.0f} % of the cases that are called likely have COVID-19.</source>
        <translation>Mindestens {share:.0f} % der Fälle, die wahrscheinlich genannt werden, haben COVID-19.</translation>
    </message>
    <message>
        <source>Shown on {cases} cases, {percent:.0f} % of them with COVID-19; elsewhere it does not hold.</source>
        <translation>Gezeigt an {cases} Fällen, {percent:.0f} % davon mit COVID-19; anderswo gilt es nicht.</translation>
    </message>
    <message>
        <source>(the same when scan and mask are nudged)</source>
        <translation>(gleich bei kleinen Änderungen an Bild und Maske)</translation>
    </message>
    <message>
        <source>({low} to {high} when scan and mask are nudged)</source>
        <translation>(Bild und Maske leicht anders: {low} bis {high})</translation>
    </message>
    <message>
        <source>Do not rely on this number: the CT is unlike those of the training.</source>
        <translation>Auf diese Zahl ist kein Verlass: Das CT gleicht denen des Trainings nicht.</translation>
    </message>
    <message>
        <source>{count} more</source>
        <translation>{count} weitere</translation>
    </message>
    <message>
        <source>why?</source>
        <translation>warum?</translation>
    </message>
    <message>
        <source>more</source>
        <translation>mehr</translation>
    </message>
    <message>
        <source>Research use only, not a medical device.</source>
        <translation>Nur für die Forschung, kein Medizinprodukt.</translation>
    </message>
    <message>
        <source>Scored with weights that are not installed on this computer</source>
        <translation>Bewertet mit Gewichten, die auf diesem Rechner nicht installiert sind</translation>
    </message>
    <message>
        <source>Demonstration weights, not for diagnosis</source>
        <translation>Demonstrationsgewichte, nicht zur Diagnose</translation>
    </message>
    <message>
        <source>Not validated, not for diagnosis: {weights}</source>
        <translation>Nicht validiert, nicht zur Diagnose: {weights}</translation>
    </message>
    <message>
        <source>Right {liters:.2f} L</source>
        <translation>Rechts {liters:.2f} L</translation>
    </message>
    <message>
        <source>Left {liters:.2f} L</source>
        <translation>Links {liters:.2f} L</translation>
    </message>
    <message>
        <source>right {percent:.0f} %</source>
        <translation>rechts {percent:.0f} %</translation>
    </message>
    <message>
        <source>left {percent:.0f} %</source>
        <translation>links {percent:.0f} %</translation>
    </message>
    <message>
        <source>Opacities {shares}, vessels included</source>
        <translation>Opazitäten {shares} mit Gefäßen</translation>
    </message>
    <message>
        <source>The volume of each lung, and how much of it is as dense as ground glass or consolidation: {low:.0f} to {high:.0f} HU. Vessels are as dense. The limits are set under Lung densities.</source>
        <translation>Das Volumen jeder Lunge und wie viel davon so dicht ist wie Milchglas oder Konsolidierung: {low:.0f} bis {high:.0f} HU. Gefäße sind es auch. Die Grenzen stehen unter „Lungendichte“.</translation>
    </message>
</context>
<context>
    <name>sections.settings_section</name>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>NVIDIA GPU</source>
        <translation>NVIDIA-GPU</translation>
    </message>
    <message>
        <source>Apple GPU</source>
        <translation>Apple-GPU</translation>
    </message>
    <message>
        <source>UNet</source>
        <translation>UNet</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwellenwert</translation>
    </message>
</context>
<context>
    <name>sections.thresholds_menu</name>
    <message>
        <source>{threshold:g}: sensitivity {sensitivity:.2f}, specificity {specificity:.2f}</source>
        <translation>{threshold:g}: Sensitivität {sensitivity:.2f}, Spezifität {specificity:.2f}</translation>
    </message>
</context>
<context>
    <name>sections.weights_menu</name>
    <message>
        <source>Manage…</source>
        <translation>Ändern …</translation>
    </message>
    <message>
        <source>Add your own weights, show model cards, remove weights.</source>
        <translation>Eigene Gewichte hinzufügen, Modellkarten zeigen, Gewichte entfernen.</translation>
    </message>
    <message>
        <source>Add from file…</source>
        <translation>Aus Datei hinzufügen …</translation>
    </message>
    <message>
        <source>Add from folder…</source>
        <translation>Aus Ordner hinzufügen …</translation>
    </message>
    <message>
        <source>Add from URL…</source>
        <translation>Von URL hinzufügen …</translation>
    </message>
    <message>
        <source>Show card</source>
        <translation>Karte zeigen</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>{name} (damaged)</source>
        <translation>{name} (beschädigt)</translation>
    </message>
    <message>
        <source>Weights and model cards</source>
        <translation>Gewichte und Modellkarten</translation>
    </message>
    <message>
        <source>Add weights</source>
        <translation>Gewichte hinzufügen</translation>
    </message>
    <message>
        <source>Released checkpoints</source>
        <translation>Veröffentlichte Checkpoints</translation>
    </message>
    <message>
        <source>Get the authors&apos; weights…</source>
        <translation>Gewichte der Autoren holen…</translation>
    </message>
    <message>
        <source>Their page opens in your browser. Download the checkpoints of DeCoVNet and of the UNet there, then choose each of them here. Nothing is sent.</source>
        <translation>Ihre Seite öffnet sich im Browser. Laden Sie dort die Checkpoints von DeCoVNet und UNet herunter und wählen Sie sie dann hier nacheinander aus. Es wird nichts gesendet.</translation>
    </message>
    <message>
        <source>Get the weights of DeCoVNet&apos;s authors?</source>
        <translation>Gewichte der Autoren von DeCoVNet holen?</translation>
    </message>
    <message>
        <source>Choose the checkpoint that you downloaded</source>
        <translation>Heruntergeladenen Checkpoint wählen</translation>
    </message>
    <message>
        <source>Download and add these weights?</source>
        <translation>Diese Gewichte herunterladen und hinzufügen?</translation>
    </message>
    <message>
        <source>The file at {url} is downloaded, together with its model card or weights from the same folder. The server sees this computer&apos;s IP address; nothing about you or your images is sent.</source>
        <translation>Die Datei {url} wird heruntergeladen, zusammen mit ihrer Modellkarte oder ihren Gewichten aus demselben Ordner. Der Server sieht die IP-Adresse dieses Computers; nichts über Sie oder Ihre Bilder wird gesendet.</translation>
    </message>
    <message>
        <source>Remove these weights?</source>
        <translation>Diese Gewichte entfernen?</translation>
    </message>
    <message>
        <source>{title} is deleted from this computer.</source>
        <translation>{title} wird von diesem Computer gelöscht.</translation>
    </message>
    <message>
        <source>{title} was removed.</source>
        <translation>{title} wurde entfernt.</translation>
    </message>
    <message>
        <source>Checking the weights …</source>
        <translation>Die Gewichte werden geprüft …</translation>
    </message>
    <message>
        <source>Downloading and checking the weights …</source>
        <translation>Die Gewichte werden heruntergeladen und geprüft …</translation>
    </message>
    <message>
        <source>{title} was added and can be selected now.</source>
        <translation>{title} wurde hinzugefügt und kann jetzt gewählt werden.</translation>
    </message>
    <message>
        <source>The files match this card.</source>
        <translation>Die Dateien passen zu dieser Karte.</translation>
    </message>
    <message>
        <source>Intended use</source>
        <translation>Verwendungszweck</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netz</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Trained on</source>
        <translation>Trainiert mit</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen an</translation>
    </message>
    <message>
        <source>no sensitivity or specificity</source>
        <translation>weder Sensitivität noch Spezifität</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>The authors&apos; files are licensed under {licence}: give credit, use them for non-commercial purposes only, and share what you make from them under the same licence. COVIDDetect&apos;s own licence does not cover them.</source>
        <translation>Die Dateien der Autoren stehen unter {licence}: mit Nennung, nur für nicht kommerzielle Zwecke, und was daraus entsteht unter derselben Lizenz. Die Lizenz von COVIDDetect gilt für sie nicht.</translation>
    </message>
    <message>
        <source>Add weights from URL</source>
        <translation>Gewichte von URL hinzufügen</translation>
    </message>
    <message>
        <source>Model card (.json), weights (.safetensors) or released checkpoint (.pth), and the SHA-256 of that file.</source>
        <translation>Modellkarte (.json), Gewichte (.safetensors) oder veröffentlichter Checkpoint (.pth), und die SHA-256 dieser Datei.</translation>
    </message>
    <message>
        <source>URL:</source>
        <translation>URL:</translation>
    </message>
    <message>
        <source>SHA-256:</source>
        <translation>SHA-256:</translation>
    </message>
</context>
<context>
    <name>sections.worklist_section</name>
    <message>
        <source>COVID-19</source>
        <translation>COVID-19</translation>
    </message>
    <message>
        <source>Not COVID-19</source>
        <translation>Kein COVID-19</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Unsicher</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>Fall</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>Prob.</source>
        <translation>Wahrsch.</translation>
    </message>
    <message>
        <source>Double-click a case to open it.</source>
        <translation>Zum Öffnen einen Fall doppelklicken.</translation>
    </message>
    <message>
        <source>{case} is not shown; double-click it.</source>
        <translation>{case} wird nicht gezeigt; bitte doppelklicken.</translation>
    </message>
</context>
<context>
    <name>views.display</name>
    <message>
        <source>Out of date</source>
        <translation>Veraltet</translation>
    </message>
    <message>
        <source>Heat</source>
        <translation>Hitze</translation>
    </message>
    <message>
        <source>For (+)
against (−)</source>
        <translation>Dafür (+)
dagegen (−)</translation>
    </message>
    <message>
        <source>Unreliable</source>
        <translation>Unsicher</translation>
    </message>
</context>
</TS>
