<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
<context>
    <name>IIkMC</name>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Accuracy of classified rasters</source>
        <translation>Genauigkeit klassifizierter Raster</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>landsat,accuracy,error matrix,confusion matrix,validation,user's accuracy,producer's accuracy,area,olofsson,iikmc</source>
        <translation>landsat,Genauigkeit,Fehlermatrix,Konfusionsmatrix,Validierung,Nutzergenauigkeit,Produzentengenauigkeit,Fläche,olofsson,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Error matrix, accuracies and adjusted areas with 95 % intervals, from reference points.</source>
        <translation>Fehlermatrix, Genauigkeiten und bereinigte Flächen mit 95-%-Intervallen, aus Referenzpunkten.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Compares classified rasters with points whose class is known: error matrix, overall, user's and producer's accuracy, and the areas of the classes without the bias of the map's errors, each with its 95 % interval, after Olofsson et al. (2014).</source>
        <translation>Vergleicht klassifizierte Raster mit Punkten, deren Klasse bekannt ist: Fehlermatrix, Gesamt-, Nutzer- und Produzentengenauigkeit und die Flächen der Klassen, um die Verzerrung durch Kartenfehler bereinigt, jeweils mit 95-%-Intervall, nach Olofsson et al. (2014).</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>The points must be a random sample in each class of the map, as Sample points draws it. Their class is a number, or the name of a class as in the rasters' legend; a class that the rasters do not have takes a number.</source>
        <translation>Die Punkte müssen in jeder Klasse der Karte eine Zufallsstichprobe sein, wie „Stichprobenpunkte“ sie zieht. Ihre Klasse ist eine Nummer oder der Name einer Klasse wie in der Legende der Raster; eine Klasse, die die Raster nicht haben, braucht eine Nummer.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>With a date field each point meets the raster of its date, or the nearest within the given days, of two as near the earlier. Without one, all rasters must be of one date. A field called scene, as Sample points writes it, decides between rasters of one date.</source>
        <translation>Mit einem Datumsfeld trifft jeder Punkt das Raster seines Tages oder das nächste innerhalb der angegebenen Tage, von zwei gleich nahen das frühere. Ohne Datumsfeld müssen alle Raster von einem Tag sein. Ein Feld namens scene, wie „Stichprobenpunkte“ es schreibt, entscheidet zwischen Rastern eines Tages.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Points without a class, outside of every raster or on nodata are left out and counted. What a sample cannot tell, as of a class without a point, is told as not estimable.</source>
        <translation>Punkte ohne Klasse, außerhalb aller Raster oder auf NoData bleiben unberücksichtigt und werden gezählt. Was eine Stichprobe nicht sagen kann, etwa über eine Klasse ohne Punkt, wird als nicht schätzbar (not estimable) genannt.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Rasters of one legend, such as those ending in _classes.tif of one run or those that the points were drawn from; their classes' areas are the weights.</source>
        <translation>Raster einer Legende, etwa die eines Laufs, deren Namen auf _classes.tif enden, oder jene, aus denen die Punkte gezogen wurden; die Flächen ihrer Klassen sind die Gewichte.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Field with the class</source>
        <translation>Feld mit der Klasse</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>What each point really is: the number of a class, or its name. Empty leaves the point out.</source>
        <translation>Was jeder Punkt wirklich ist: die Nummer einer Klasse oder ihr Name. Leer bedeutet, dass der Punkt unberücksichtigt bleibt.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Field with the date</source>
        <translation>Feld mit dem Datum</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Which day each point is of, as a date or a text such as 2022-05-11; for rasters of several dates.</source>
        <translation>Von welchem Tag jeder Punkt ist, als Datum oder als Text wie 2022-05-11; für Raster mehrerer Tage.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Days that a point and its raster may be apart</source>
        <translation>Tage, um die Punkt und Raster abweichen dürfen</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>0 asks for a raster of the very day; otherwise the nearest within so many days counts.</source>
        <translation>0 verlangt ein Raster desselben Tages; sonst zählt das nächste innerhalb so vieler Tage.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Error matrix</source>
        <translation>Fehlermatrix</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <location filename="../algorithms/suggestk.py"/>
        <location filename="../algorithms/transitions.py"/>
        <source>CSV files (*.csv)</source>
        <translation>CSV-Dateien (*.csv)</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>The matrix in points and in proportions of area, and all estimates with their standard errors.</source>
        <translation>Die Matrix in Punkten und in Flächenanteilen und alle Schätzwerte mit ihren Standardfehlern.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <location filename="../algorithms/names.py"/>
        <location filename="../algorithms/series.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <location filename="../algorithms/suggestk.py"/>
        <location filename="../algorithms/transitions.py"/>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <location filename="../algorithms/suggestk.py"/>
        <location filename="../algorithms/transitions.py"/>
        <source>HTML files (*.html)</source>
        <translation>HTML-Dateien (*.html)</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Accuracies and areas to read and print, with plots where QGIS has plotly.</source>
        <translation>Genauigkeiten und Flächen zum Lesen und Drucken, mit Diagrammen, wenn QGIS plotly hat.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Points used</source>
        <translation>Verwendete Punkte</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Points left out</source>
        <translation>Unberücksichtigte Punkte</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Overall accuracy, 0 to 1</source>
        <translation>Gesamtgenauigkeit, 0 bis 1</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Half the 95 % interval of the overall accuracy</source>
        <translation>Halbes 95-%-Intervall der Gesamtgenauigkeit</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>Reference points</source>
        <translation>Referenzpunkte</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>A layer of points in any CRS, with the class that each really has.</source>
        <translation>Ein Punktlayer in beliebigem KBS, mit der Klasse, die jeder Punkt wirklich hat.</translation>
    </message>
    <message>
        <location filename="../algorithms/accuracy.py"/>
        <source>POINTS: {found} cannot be read as a layer; choose one of points.</source>
        <translation>POINTS: {found} kann nicht als Layer gelesen werden; wählen Sie einen mit Punkten.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Audit scenes (what the mask leaves)</source>
        <translation>Szenen prüfen (was die Maske übrig lässt)</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>landsat,sentinel-2,hls,planetscope,audit,mask,clouds,quality,qa_pixel,scl,fmask,udm2,fill,saturated,valid pixels,iikmc,series,check</source>
        <translation>landsat,sentinel-2,hls,planetscope,prüfung,maske,wolken,qualität,qa_pixel,scl,fmask,udm2,füllwert,gesättigt,gültige pixel,iikmc,zeitreihe,audit,mask</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Counts per scene how many pixels are fill, cloud, shadow, saturated or valid, before a long run.</source>
        <translation>Zählt vor einem langen Lauf je Szene, wie viele Pixel Füllwert, Wolke, Schatten, gesättigt oder gültig sind.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Counts for each scene the pixels that are fill, carry each flag of its quality layer, are saturated, lie outside a reflectance of 0 to 1 (DN 7273 to 43636), and are left as valid by the chosen mask. Nothing is clustered, so this takes only the time to read the scenes.</source>
        <translation>Zählt für jede Szene die Pixel, die Füllwert sind, die einzelnen Kennzeichen ihrer Qualitätsebene tragen, gesättigt sind, außerhalb eines Reflexionsgrads von 0 bis 1 liegen (DN 7273 bis 43636), und die nach der gewählten Maske als gültig übrig bleiben. Es wird nichts geclustert; die Prüfung dauert daher nur so lange wie das Lesen der Szenen.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Flags and saturation are counted whether they are masked or not, so one audit shows what another mask would take. A pixel can have several flags.</source>
        <translation>Kennzeichen und Sättigung werden gezählt, ob sie maskiert werden oder nicht. So zeigt eine Prüfung auch, was eine andere Maske wegnähme. Ein Pixel kann mehrere Kennzeichen haben.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Scenes with less than 10 % valid pixels are warned of. A scene without a quality layer is audited too, with the note that its flags are unknown. The log and the page also say how much memory a clustering of the valid pixels takes, and whether it fits.</source>
        <translation>Vor Szenen mit weniger als 10 % gültigen Pixeln wird gewarnt. Auch eine Szene ohne Qualitätsebene wird geprüft, mit dem Hinweis, dass ihre Kennzeichen unbekannt sind. Protokoll und Seite nennen außerdem, wie viel Speicher ein Clustern der gültigen Pixel braucht und ob er reicht.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Output folder: audit.csv, one scene a row, and audit.html with bars, which opens offline.</source>
        <translation>Ausgabeverzeichnis: audit.csv mit einer Zeile je Szene und audit.html mit Balken, das ohne Internet lesbar ist.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Gets audit.csv and audit.html; those of an earlier audit are replaced.</source>
        <translation>Nimmt audit.csv und audit.html auf; die einer früheren Prüfung werden ersetzt.</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <location filename="../algorithms/benchmark.py"/>
        <location filename="../algorithms/series.py"/>
        <source>Table</source>
        <translation>Tabelle</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Audit</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <location filename="../algorithms/benchmark.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Number of scenes</source>
        <translation>Anzahl der Szenen</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Number of valid pixels</source>
        <translation>Anzahl der gültigen Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/audit.py"/>
        <source>Valid pixels in percent of all</source>
        <translation>Gültige Pixel in Prozent aller Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Benchmark (serial, threads, GPU)</source>
        <translation>Geschwindigkeit messen (seriell, Threads, GPU)</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>landsat,benchmark,speed,performance,threads,parallel,gpu,cuda,numba,numpy,speed-up,iikmc</source>
        <translation>landsat,benchmark,geschwindigkeit,leistung,vergleich,threads,parallel,gpu,cuda,numba,numpy,beschleunigung,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Measures on your scenes how fast this computer clusters, and that every way gives the same result.</source>
        <translation>Misst an Ihren Szenen, wie schnell dieser Rechner clustert und dass jeder Weg dasselbe Ergebnis gibt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Clusters the same pixels of your scenes in every way that this computer knows: with NumPy and with Numba on 1, 2, 3, 4, 6, 8, 12, ... threads, and on a graphics card. A table and plots show the seconds of each stage and iteration, the pixels per second, and how many times as fast as serial (one thread, NumPy) each way is. What cannot be measured here is listed with the reason.</source>
        <translation>Clustert dieselben Pixel Ihrer Szenen auf jedem Weg, den dieser Rechner kennt: mit NumPy und mit Numba auf 1, 2, 3, 4, 6, 8, 12, ... Threads und auf einer Grafikkarte. Eine Tabelle und Diagramme zeigen die Sekunden jedes Schritts und jeder Iteration, die Pixel je Sekunde und wievielmal so schnell wie seriell (ein Thread, NumPy) jeder Weg ist. Was hier nicht gemessen werden kann, ist mit dem Grund aufgeführt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>All results are compared: labels and centres must be the same bit for bit, and the report says whether they are.</source>
        <translation>Alle Ergebnisse werden verglichen: Klassen und Zentren müssen Bit für Bit gleich sein, und der Bericht sagt, ob sie es sind.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Every way starts from the same centres (minimum-maximum) and makes the same number of iterations, 5 unless told otherwise, whether it has converged or not. Each stage is measured several times and the best time counts, after a first pass that is not counted, so the files are in the computer's memory when the clock starts.</source>
        <translation>Jeder Weg beginnt mit denselben Zentren (Minimum-Maximum) und macht gleich viele Iterationen, 5, wenn nichts anderes angegeben ist, ob er konvergiert ist oder nicht. Jeder Schritt wird mehrmals gemessen, und die beste Zeit zählt, nach einem ersten Durchgang, der nicht zählt; die Dateien sind also schon im Arbeitsspeicher, wenn die Uhr zu laufen beginnt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Of many or large scenes about 60 million pixels are read, as whole strips spread evenly over all scenes, which takes a minute or two; set Pixels at most to 0 for all of them. Close other programs while it runs. No classified raster is kept.</source>
        <translation>Von vielen oder großen Szenen werden etwa 60 Millionen Pixel gelesen, als ganze Streifen gleichmäßig über alle Szenen verteilt, was ein bis zwei Minuten dauert; mit 0 bei „Höchstzahl der Pixel“ werden alle gelesen. Schließen Sie währenddessen andere Programme. Klassifizierte Raster werden nicht aufbewahrt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Output folder: benchmark.html with table and plots, which opens offline, and benchmark.csv.</source>
        <translation>Ausgabeverzeichnis: benchmark.html mit Tabelle und Diagrammen, das ohne Internet lesbar ist, und benchmark.csv.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Repeats</source>
        <translation>Wiederholungen</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>How often each stage is measured; the best time counts, because other programs only add.</source>
        <translation>Wie oft jeder Schritt gemessen wird; die beste Zeit zählt, weil andere Programme sie nur verlängern.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Pixels at most (0 = all)</source>
        <translation>Höchstzahl der Pixel (0 = alle)</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>At most so many pixels are read, valid or not, as whole strips spread evenly over all scenes, but at least one strip; 0 reads all.</source>
        <translation>Höchstens so viele Pixel werden gelesen, gültig oder nicht, als ganze Streifen gleichmäßig über alle Szenen verteilt, mindestens aber ein Streifen; 0 liest alle.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Gets benchmark.html and benchmark.csv; those of an earlier benchmark are replaced.</source>
        <translation>Nimmt benchmark.html und benchmark.csv auf; die einer früheren Messung werden ersetzt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Benchmark</source>
        <translation>Messung</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Fastest way</source>
        <translation>Schnellster Weg</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Best speed-up over serial, iterations</source>
        <translation>Größte Beschleunigung zu seriell, Iterationen</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Its speed-up over serial, all stages</source>
        <translation>Dessen Beschleunigung zu seriell, alle Schritte</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Its pixels per second and iteration</source>
        <translation>Dessen Pixel je Sekunde und Iteration</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>All results are the same</source>
        <translation>Alle Ergebnisse sind gleich</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Number of valid pixels that were clustered</source>
        <translation>Anzahl der gültigen Pixel, die geclustert wurden</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <location filename="../algorithms/cluster.py"/>
        <source>Number of iterations</source>
        <translation>Anzahl der Iterationen</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Every way makes so many iterations; fewer only if no centre moves any more.</source>
        <translation>Jeder Weg macht so viele Iterationen; weniger nur, wenn sich kein Zentrum mehr bewegt.</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>Most threads (0 = automatic)</source>
        <translation>Höchstzahl der Threads (0 = automatisch)</translation>
    </message>
    <message>
        <location filename="../algorithms/benchmark.py"/>
        <source>The largest number of threads that is measured; 0 goes up to the number of cores.</source>
        <translation>Die größte Anzahl von Threads, die gemessen wird; 0 geht bis zur Anzahl der Kerne.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Classify scenes with saved signatures</source>
        <translation>Szenen mit gespeicherten Signaturen klassifizieren</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>landsat,sentinel-2,hls,planetscope,classification,signatures,apply,predict,iikmc,series,land cover,minimum distance,k-means</source>
        <translation>landsat,sentinel-2,hls,planetscope,klassifikation,klassifizierung,signaturen,anwenden,iikmc,zeitreihe,landbedeckung,minimale distanz,k-means,classify</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Puts new scenes into the classes of an earlier run, with the same numbers and colours.</source>
        <translation>Ordnet neue Szenen den Klassen eines früheren Laufs zu, mit denselben Nummern und Farben.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Gives every valid pixel of the scenes the class whose saved centre is nearest. Nothing is clustered anew: class 3 stays class 3, so maps of new dates or places can be compared with those of the run that saved the signatures.</source>
        <translation>Gibt jedem gültigen Pixel der Szenen die Klasse, deren gespeichertes Zentrum am nächsten liegt. Es wird nichts neu geclustert: Klasse 3 bleibt Klasse 3, sodass sich Karten neuer Aufnahmetage oder Gebiete mit denen des Laufs vergleichen lassen, der die Signaturen gespeichert hat.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Input: scenes of any sensor, as for the clustering, and the signatures.json of an earlier run, which may be of another sensor with the same bands. Its bands and number of classes are used. Class names and colours edited in that file are kept.</source>
        <translation>Eingabe: Szenen eines beliebigen Sensors, wie beim Clustern, und die signatures.json eines früheren Laufs, der von einem anderen Sensor mit denselben Bändern sein darf. Ihre Bänder und ihre Klassenzahl werden verwendet. Klassennamen und Farben, die in dieser Datei geändert wurden, bleiben erhalten.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Output folder: the same files as from the clustering; signatures.json has the same centres and the statistics of these scenes. It must not be the folder of the signatures file.</source>
        <translation>Ausgabeverzeichnis: dieselben Dateien wie beim Clustern; signatures.json enthält dieselben Zentren und die Statistik dieser Szenen. Es darf nicht das Verzeichnis der Signaturdatei sein.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>The result is exact: with the same mask, the scenes of the earlier run get the rasters of the earlier run bit for bit.</source>
        <translation>Das Ergebnis ist exakt: Mit derselben Maske erhalten die Szenen des früheren Laufs Bit für Bit dessen Raster.</translation>
    </message>
    <message>
        <location filename="../algorithms/classify.py"/>
        <source>Memory: pixels are not kept. A run takes the memory of a few strips of each thread and of the scene being written, however many scenes there are.</source>
        <translation>Speicher: Pixel werden nicht aufbewahrt. Ein Lauf braucht den Speicher für einige Streifen je Thread und für die Szene, die gerade geschrieben wird, gleich wie viele Szenen es sind.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Cluster scenes together (inter-image k-means)</source>
        <translation>Szenen gemeinsam clustern (Inter-Image-k-Means)</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>landsat,sentinel-2,hls,planetscope,k-means,kmeans,clustering,unsupervised,classification,iikmc,series,land cover,isodata</source>
        <translation>landsat,sentinel-2,hls,planetscope,k-means,kmeans,clustern,clusteranalyse,unüberwacht,klassifikation,iikmc,zeitreihe,landbedeckung,isodata,cluster</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Clusters scenes of Landsat, Sentinel-2 and other sensors together, so that class 3 is the same land cover in every scene.</source>
        <translation>Clustert Szenen von Landsat, Sentinel-2 und anderen Sensoren gemeinsam, sodass Klasse 3 in jeder Szene dieselbe Landbedeckung ist.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Clusters all valid pixels of many scenes together with inter-image k-means (Han and Lee 2024, Remote Sensing 16(1):102): one single set of class signatures, so class 3 is the same land cover in every scene. Each scene gets a classified raster on its own grid.</source>
        <translation>Clustert alle gültigen Pixel vieler Szenen gemeinsam mit Inter-Image-k-Means (Han und Lee 2024, Remote Sensing 16(1):102): mit einem einzigen Satz von Klassensignaturen, sodass Klasse 3 in jeder Szene dieselbe Landbedeckung ist. Jede Szene erhält ein klassifiziertes Raster auf ihrem eigenen Gitter.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Input: surface reflectance of Landsat 4-9 Collection 2 Level-2, HLS v2.0, Sentinel-2 Level-2A, PlanetScope, or GeoTIFFs of others, as folders or as bundles as downloaded. Every sensor is brought to one scale of reflectance, so different sensors, dates, UTM zones and grids cluster together; nothing is resampled.</source>
        <translation>Eingabe: Reflexionsgrad der Erdoberfläche von Landsat 4-9 Collection 2 Level-2, HLS v2.0, Sentinel-2 Level-2A, PlanetScope oder aus GeoTIFFs von anderen, als Ordner oder als Archive wie heruntergeladen. Jeder Sensor wird auf eine gemeinsame Skala gebracht, sodass verschiedene Sensoren, Aufnahmetage, UTM-Zonen und Gitter gemeinsam geclustert werden; nichts wird umgerechnet (kein Resampling).</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Output folder: per scene a raster ending in _classes.tif (classes 1 to k, 0 is nodata) with its style; signatures.json and signatures.csv; statistics.csv (pixels, hectares and percent per class and scene); and report.html. Class ids run in the order of the start centres: dark to bright, or as in the signatures file.</source>
        <translation>Ausgabeverzeichnis: je Szene ein Raster, dessen Name auf _classes.tif endet (Klassen 1 bis k, 0 ist NoData), mit seinem Stil; signatures.json und signatures.csv; statistics.csv (Pixel, Hektar und Prozent je Klasse und Szene); und report.html. Die Klassennummern folgen der Reihenfolge der Startzentren: von dunkel nach hell oder wie in der Signaturdatei.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Mode 'each scene on its own' is the usual k-means of one scene, for comparison: every scene has classes of its own, saved as a file ending in _signatures.json beside its raster, and class numbers mean nothing across scenes. The number of iterations is then that of the scene with the most, converged tells whether all did, and classes without a pixel are counted over all scenes; the signatures file is named for a single scene only.</source>
        <translation>Der Modus „Jede Szene für sich“ ist das übliche k-Means einer einzelnen Szene, zum Vergleich: Jede Szene hat eigene Klassen, die in einer Datei mit der Endung _signatures.json neben ihrem Raster stehen, und Klassennummern sagen über Szenen hinweg nichts aus. Als Anzahl der Iterationen gilt dann die der Szene mit den meisten, Konvergiert sagt, ob es alle sind, und Klassen ohne Pixel werden über alle Szenen gezählt; die Signaturdatei wird nur bei einer einzigen Szene genannt.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>The result is exact: the same scenes and parameters give the same rasters bit for bit, whatever the machine, the number of threads or the order of the scenes.</source>
        <translation>Das Ergebnis ist exakt: Dieselben Szenen und Parameter ergeben Bit für Bit dieselben Raster, auf jedem Rechner, mit jeder Anzahl von Threads und in jeder Reihenfolge der Szenen.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>A run that is cancelled, fails or is killed leaves no rasters. Once all pixels were labelled at least once, the signatures so far lie in the output folder as signatures_unfinished.json, saved anew after every iteration; to continue from there, run the same scenes again with the start "Signatures file" and this file.</source>
        <translation>Ein Lauf, der abgebrochen wird, scheitert oder hart beendet wird, hinterlässt keine Raster. War jedes Pixel mindestens einmal einer Klasse zugeordnet, so liegen die bis dahin gefundenen Signaturen als signatures_unfinished.json im Ausgabeverzeichnis, nach jeder Iteration neu gesichert; um dort fortzusetzen, starten Sie dieselben Szenen noch einmal mit dem Start „Signaturdatei“ und dieser Datei.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Memory: about 15 bytes per valid pixel, some 2 GB for three full scenes; beyond the limit set in the advanced parameters, pixels go to temporary files.</source>
        <translation>Speicher: etwa 15 Byte je gültigem Pixel, rund 2 GB für drei volle Szenen; was über die Grenze in den fortgeschrittenen Parametern hinausgeht, kommt in temporäre Dateien.</translation>
    </message>
    <message>
        <location filename="../algorithms/cluster.py"/>
        <source>Converged</source>
        <translation>Konvergiert</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Merge classes of a run</source>
        <translation>Klassen eines Laufs zusammenfassen</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>landsat,merge,reclassify,recode,aggregate,legend,land cover,sieve,classes,iikmc</source>
        <translation>landsat,zusammenfassen,umklassifizieren,umkodieren,aggregieren,legende,landbedeckung,sieben,klassen,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Makes named covers of the spectral classes of a run, in all of its scenes at once.</source>
        <translation>Macht aus den spektralen Klassen eines Laufs benannte Bedeckungen, in allen seinen Szenen auf einmal.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Turns the many spectral classes of a run into a few covers, in all scenes at once: give classes that belong together the same name in the legend of any layer of the run and save the style as default, or write a table of what becomes what.</source>
        <translation>Macht aus den vielen spektralen Klassen eines Laufs wenige Bedeckungen, in allen Szenen auf einmal: Geben Sie Klassen, die zusammengehören, in der Legende irgendeines Layers des Laufs denselben Namen und speichern Sie den Stil als Vorgabe, oder schreiben Sie eine Tabelle, was zu was wird.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>The table is a CSV with the columns class, to, name and colour: the number of each class of the run, the number from 1 to 254 that it gets, and name and colour (such as #1f78b4) of the new class, which may be empty. Without a table the new classes are numbered from 1 in the order of the old ones. Pixels that are unclassified (255) stay so, unless the table has a row for them.</source>
        <translation>Die Tabelle ist eine CSV-Datei mit den Spalten class, to, name und colour: die Nummer jeder Klasse des Laufs, die Nummer von 1 bis 254, die sie bekommt, und Name und Farbe (wie #1f78b4) der neuen Klasse, die leer bleiben dürfen. Ohne Tabelle werden die neuen Klassen ab 1 in der Reihenfolge der alten nummeriert. Nicht klassifizierte Pixel (255) bleiben es, sofern die Tabelle keine Zeile für sie hat.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>A sieve can take small patches away afterwards: those of fewer pixels than you say become part of their largest neighbour. Nodata is neither filled nor does it grow.</source>
        <translation>Ein Sieb kann danach kleine Flecken entfernen: Solche mit weniger Pixeln als angegeben gehen in ihrem größten Nachbarn auf. NoData wird weder gefüllt, noch wächst es.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Output folder: the same files as from the clustering. Its signatures.json keeps all centres and says which class each belongs to, so that Classify scenes with saved signatures gives new scenes the merged classes, as before the sieve.</source>
        <translation>Ausgabeverzeichnis: dieselben Dateien wie beim Clustern. Seine signatures.json behält alle Zentren und sagt, zu welcher Klasse jedes gehört, sodass „Szenen mit gespeicherten Signaturen klassifizieren“ neuen Szenen die zusammengefassten Klassen gibt, wie vor dem Sieb.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>A CSV with the columns class, to, name and colour; every class of the run needs a row. Without one, classes of the same name in the styles beside the rasters become one.</source>
        <translation>Eine CSV-Datei mit den Spalten class, to, name und colour; jede Klasse des Laufs braucht eine Zeile. Ohne sie werden Klassen, die in den Stilen neben den Rastern gleich heißen, zu einer.</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Smallest patch in pixels (0 = leave all)</source>
        <translation>Kleinster Fleck in Pixeln (0 = alle lassen)</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Patches of fewer pixels become part of their largest neighbour after the merging (GDAL's sieve).</source>
        <translation>Flecken mit weniger Pixeln gehen nach dem Zusammenfassen in ihrem größten Nachbarn auf (Sieb von GDAL).</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>4 neighbours (sides)</source>
        <translation>4 Nachbarn (Seiten)</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>8 neighbours (sides and corners)</source>
        <translation>8 Nachbarn (Seiten und Ecken)</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Pixels of one patch touch by</source>
        <translation>Pixel eines Flecks berühren sich über</translation>
    </message>
    <message>
        <location filename="../algorithms/merge.py"/>
        <source>Whether pixels that meet at a corner alone belong to one patch; for the sieve.</source>
        <translation>Ob Pixel, die sich nur an einer Ecke treffen, zu einem Fleck gehören; für das Sieb.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Name the classes of a run</source>
        <translation>Klassen eines Laufs benennen</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>landsat,names,class names,legend,labels,colours,rename,style,iikmc</source>
        <translation>landsat,namen,klassennamen,legende,beschriftungen,farben,umbenennen,stil,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Brings names and colours of classes that were set once into all files of a run.</source>
        <translation>Bringt einmal gesetzte Namen und Farben der Klassen in alle Dateien eines Laufs.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Brings names and colours of the classes into every file of a run: rasters, styles, signatures, statistics and report, of all scenes, without clustering again. Layers of the run that are loaded show them at once.</source>
        <translation>Bringt Namen und Farben der Klassen in jede Datei eines Laufs: Raster, Stile, Signaturen, Statistik und Bericht, in allen Szenen, ohne neu zu clustern. Geladene Layer des Laufs zeigen sie sofort.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Set them once: in the legend of any layer of the run, where you then save the style as default (Layer properties, Style, Save as default), or in a table. Of names that were set in the styles of several scenes, that which was saved last counts. In QGIS's window, Class names ... in the context menu of a layer asks for them and does the rest.</source>
        <translation>Geben Sie sie einmal an: in der Legende eines beliebigen Layers des Laufs, dessen Stil Sie danach als Standard speichern (Layereigenschaften, Stil, Als Vorgabe speichern), oder in einer Tabelle. Von Namen, die in den Stilen mehrerer Szenen stehen, gilt der zuletzt gespeicherte. Im Fenster von QGIS fragt Klassennamen ... im Kontextmenü eines Layers nach ihnen und erledigt den Rest.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>No pixel changes, and no number in the tables. On Windows a raster that is loaded as a layer cannot be replaced: its style and the files beside it get the names, and the log says which rasters have the old ones inside.</source>
        <translation>Kein Pixel ändert sich und keine Zahl in den Tabellen. Unter Windows lässt sich ein Raster, das als Layer geladen ist, nicht ersetzen: Sein Stil und die Dateien daneben bekommen die Namen, und das Protokoll sagt, welche Raster innen noch die alten haben.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>A CSV with the columns class, name and colour (such as #1f78b4); classes without a row, and empty cells, leave what there is. Without a table, what was saved in the styles counts.</source>
        <translation>Eine CSV-Datei mit den Spalten class, name und colour (wie #1f78b4); Klassen ohne Zeile und leere Zellen lassen, was da ist. Ohne Tabelle zählt, was in den Stilen gespeichert wurde.</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Folder of the run</source>
        <translation>Verzeichnis des Laufs</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <location filename="../algorithms/shared/rasters.py"/>
        <source>Classified rasters</source>
        <translation>Klassifizierte Raster</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Signatures</source>
        <translation>Signaturen</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Statistics</source>
        <translation>Statistik</translation>
    </message>
    <message>
        <location filename="../algorithms/names.py"/>
        <source>Number of classes with another name or colour</source>
        <translation>Anzahl der Klassen mit anderem Namen oder anderer Farbe</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Sample points for an accuracy assessment</source>
        <translation>Stichprobenpunkte für eine Genauigkeitsprüfung</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>landsat,accuracy,validation,reference,random,stratified,sample,points,assessment,olofsson,iikmc</source>
        <translation>landsat,Genauigkeit,Validierung,Referenz,Zufall,geschichtet,Stichprobe,Punkte,Prüfung,olofsson,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Draws random points in each class of classified rasters, to be labelled by eye or in the field.</source>
        <translation>Zieht Zufallspunkte in jeder Klasse klassifizierter Raster, die am Bild oder im Gelände bestimmt werden.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Draws pixels of classified rasters at random, so many of each class, and makes a layer of their centres. Write into its field ref_class what each point really is on its date, by number or name, and give the layer to Accuracy of classified rasters.</source>
        <translation>Zieht zufällig Pixel klassifizierter Raster, von jeder Klasse so viele, und macht aus ihren Mittelpunkten einen Layer. Tragen Sie in das Feld ref_class ein, was jeder Punkt an seinem Tag wirklich ist, als Nummer oder Name, und geben Sie den Layer an „Genauigkeit klassifizierter Raster“.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>The strata are the classes over all rasters together. The same rasters, number and seed give the same points, in whatever order the rasters are listed. No pixel is drawn twice.</source>
        <translation>Die Schichten sind die Klassen über alle Raster zusammen. Dieselben Raster, dieselbe Anzahl und derselbe Startwert ergeben dieselben Punkte, in welcher Reihenfolge die Raster auch stehen. Kein Pixel wird zweimal gezogen.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Fields: id, date and scene of the raster that the point was drawn from, map_class (what the raster says; hidden in the layer that is loaded, so that it cannot sway who looks), and ref_class, which is empty and has a list of the classes to choose from.</source>
        <translation>Felder: id, Datum (date) und Szene (scene) des Rasters, aus dem der Punkt gezogen wurde, map_class (was das Raster sagt; im geladenen Layer verborgen, damit es niemanden beeinflusst) und ref_class, das leer ist und eine Liste der Klassen zur Auswahl hat.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>The layer has the CRS of the rasters, or WGS 84 where they lie in several zones. All rasters must have one pixel size.</source>
        <translation>Der Layer hat das KBS der Raster, oder WGS 84, wenn sie in mehreren Zonen liegen. Alle Raster müssen dieselbe Pixelgröße haben.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Rasters of one legend, such as those ending in _classes.tif of one run; the points are drawn from all of them together.</source>
        <translation>Raster einer Legende, etwa die eines Laufs, deren Namen auf _classes.tif enden; die Punkte werden aus allen zusammen gezogen.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Number of points</source>
        <translation>Anzahl der Punkte</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>How many points in all classes together; exactly so many are drawn.</source>
        <translation>Wie viele Punkte in allen Klassen zusammen; genau so viele werden gezogen.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Least number of points a class</source>
        <translation>Mindestzahl der Punkte je Klasse</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>For the allocation that asks for it; a class with fewer pixels gives all of them.</source>
        <translation>Für die Aufteilung, die danach fragt; eine Klasse mit weniger Pixeln gibt alle her.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>The same number in each class</source>
        <translation>In jeder Klasse gleich viele</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>In proportion to the classes' pixels</source>
        <translation>Im Verhältnis zu den Pixeln der Klassen</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>In proportion, but a least number in each class</source>
        <translation>Im Verhältnis, aber in jeder Klasse eine Mindestzahl</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Allocation</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>How the points are shared out. The same number serves the user's accuracy of small classes, proportion the overall accuracy and the areas; proportion with a least number is the usual compromise.</source>
        <translation>Wie die Punkte aufgeteilt werden. Gleich viele dienen der Nutzergenauigkeit kleiner Klassen, das Verhältnis der Gesamtgenauigkeit und den Flächen; das Verhältnis mit einer Mindestzahl ist der übliche Mittelweg.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Seed</source>
        <translation>Zufallsstartwert (Seed)</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Another seed draws other points, the same one the same.</source>
        <translation>Ein anderer Startwert zieht andere Punkte, derselbe dieselben.</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Sample points</source>
        <translation>Stichprobenpunkte</translation>
    </message>
    <message>
        <location filename="../algorithms/samplepoints.py"/>
        <source>Gets the points with the fields id, date, scene, map_class and an empty ref_class.</source>
        <translation>Nimmt die Punkte auf, mit den Feldern id, date, scene, map_class und einem leeren ref_class.</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/factory.py"/>
        <source>The list of scenes could not be shown, QGIS's own is used instead: {reason}</source>
        <translation>Die Szenenliste konnte nicht angezeigt werden, stattdessen wird die von QGIS benutzt: {reason}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/hint.py"/>
        <source>The scenes cannot be looked at: {error}</source>
        <translation>Die Szenen können nicht angesehen werden: {error}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/hint.py"/>
        <source>Looking at the scenes…</source>
        <translation>Szenen werden angesehen…</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/line.py"/>
        <source>Scene folders, metadata files, bundles or STAC items</source>
        <translation>Szenenordner, Metadatendateien, Archive oder STAC-Items</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/line.py"/>
        <source>Choose the scenes</source>
        <translation>Szenen wählen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/line.py"/>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Scenes</source>
        <translation>Szenen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/list_view.py"/>
        <source>Scene</source>
        <translation>Szene</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/list_view.py"/>
        <source>In folder</source>
        <translation>Im Ordner</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/list_view.py"/>
        <source>{path} was not found</source>
        <translation>{path} wurde nicht gefunden</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/list_view.py"/>
        <source>Drop scene folders, metadata files, bundles or STAC items here</source>
        <translation>Szenenordner, Metadatendateien, Archive oder STAC-Items hier ablegen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add scene folder…</source>
        <translation>Ordner hinzufügen…</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add one folder: a scene, or a folder whose sub-folders are scenes</source>
        <translation>Einen Ordner hinzufügen: eine Szene oder einen Ordner, dessen Unterordner Szenen sind</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add every scene in a folder…</source>
        <translation>Alle Szenen eines Ordners hinzufügen…</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Search a folder and the folders in it, and add each scene folder and .tar bundle</source>
        <translation>Einen Ordner und die Ordner darin durchsuchen und jeden Szenenordner und jedes .tar-Archiv hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add files…</source>
        <translation>Dateien hinzufügen…</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add metadata files, .tar bundles as downloaded, or STAC items</source>
        <translation>Metadatendateien, .tar-Archive wie heruntergeladen oder STAC-Items hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Scenes of the last run</source>
        <translation>Szenen des letzten Laufs</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add the scenes that the last run of a tool was given</source>
        <translation>Die Szenen hinzufügen, die der letzte Lauf eines Werkzeugs hatte</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add scenes to the list; or drop folders and files on it</source>
        <translation>Szenen in die Liste aufnehmen; oder Ordner und Dateien auf sie ziehen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Remove the selected entries (Delete)</source>
        <translation>Die gewählten Einträge entfernen (Entf)</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Remove all</source>
        <translation>Alle entfernen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Empty the list</source>
        <translation>Die Liste leeren</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>{added} added</source>
        <translation>{added} hinzugefügt</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>{known} already in the list</source>
        <translation>{known} schon in der Liste</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Not a folder, metadata file, bundle or STAC item: {names}</source>
        <translation>Kein Ordner, keine Metadatendatei, kein Archiv und kein STAC-Item: {names}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Looking for scenes…</source>
        <translation>Szenen werden gesucht…</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>The search</source>
        <translation>Die Suche</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add Scene Folder</source>
        <translation>Szenenordner hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add Every Scene in a Folder</source>
        <translation>Alle Szenen eines Ordners hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Files that stand for scenes</source>
        <translation>Dateien, die für Szenen stehen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/panel.py"/>
        <source>Add Files</source>
        <translation>Dateien hinzufügen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/waiting.py"/>
        <source>Looking at what was added…</source>
        <translation>Das Hinzugefügte wird angesehen …</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/waiting.py"/>
        <source>Cancelled while this was going on: {work}</source>
        <translation>Abgebrochen, während dies lief: {work}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/waiting.py"/>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>Estimate: {parts}.</source>
        <translation>Schätzung: {parts}.</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{count} doubtful scenes, all of them in the tool tip. {note}</source>
        <translation>{count} zweifelhafte Szenen, alle im Kurzhinweis. {note}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{count} notes, all of them in the tool tip. {note}</source>
        <translation>{count} Anmerkungen, alle im Kurzhinweis. {note}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{first} to {last}</source>
        <translation>{first} bis {last}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>1 scene</source>
        <translation>1 Szene</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{count} scenes</source>
        <translation>{count} Szenen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>(without the area of interest)</source>
        <translation>(ohne das Untersuchungsgebiet)</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>rasters of at most {size}</source>
        <translation>Raster von höchstens {size}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>the time can be told after a run of a million pixels or more on this computer</source>
        <translation>die Zeit lässt sich nach einem Lauf mit mindestens einer Million Pixeln auf diesem Rechner sagen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{time} for {count} iterations, judged by earlier runs on this computer</source>
        <translation>{time} für {count} Iterationen, nach früheren Läufen auf diesem Rechner</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{valid} of {pixels} pixels valid</source>
        <translation>{valid} von {pixels} Pixeln gültig</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{memory} of memory, for which {folder} may lack {short}: free some space or take fewer scenes</source>
        <translation>{memory} Speicher, wofür in {folder} vielleicht {short} fehlen: Schaffen Sie Platz oder nehmen Sie weniger Szenen</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{memory} of memory, of which {spilled} go to temporary files in {folder}</source>
        <translation>{memory} Speicher, davon {spilled} als temporäre Dateien in {folder}</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>{memory} of memory, which fits</source>
        <translation>{memory} Speicher, was reicht</translation>
    </message>
    <message>
        <location filename="../algorithms/scenes_widget/words.py"/>
        <source>million</source>
        <translation>Millionen</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Follow classified rasters over a series</source>
        <translation>Klassifizierte Raster über eine Zeitreihe verfolgen</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>landsat,series,time series,change,majority,mode,variety,first change,last change,sankey,iikmc</source>
        <translation>landsat,Serie,Zeitreihe,Veränderung,Mehrheit,Modus,Vielfalt,erste Änderung,letzte Änderung,sankey,iikmc</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Majority, number and dates of changes of each pixel over all dates, through gaps of clouds.</source>
        <translation>Häufigste Klasse sowie Anzahl und Tage der Änderungen jedes Pixels über alle Aufnahmetage, durch Wolkenlücken hindurch.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Most frequent class</source>
        <translation>Häufigste Klasse</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Number of changes</source>
        <translation>Anzahl der Änderungen</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Date of the last change</source>
        <translation>Tag der letzten Änderung</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Date of the first change</source>
        <translation>Tag der ersten Änderung</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Number of different classes</source>
        <translation>Anzahl verschiedener Klassen</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Number of observations</source>
        <translation>Anzahl der Beobachtungen</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Follows each pixel over all dates of a series: how often it was seen, its most frequent class, how many different classes it had, how often it changed class, and when first and last.</source>
        <translation>Verfolgt jedes Pixel über alle Tage einer Zeitreihe: wie oft es gesehen wurde, seine häufigste Klasse, wie viele verschiedene Klassen es hatte, wie oft es die Klasse wechselte und wann zuerst und zuletzt.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>A pixel that is masked on a date keeps the class it was last seen in: clouds are no change. Of several rasters of one date the first by name that has a class at the pixel counts. Of classes as frequent as each other the majority is the one seen last.</source>
        <translation>Ein Pixel, das an einem Tag maskiert ist, behält die Klasse, in der es zuletzt gesehen wurde: Wolken sind keine Änderung. Von mehreren Rastern eines Tages zählt das dem Namen nach erste, das an dem Pixel eine Klasse hat. Von gleich häufigen Klassen gilt die zuletzt gesehene als häufigste.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>All rasters must be of one legend, such as those of one run, and tell their date in their name, as products of Landsat and other sensors do, or such as 2022-05-11. They may be shifted against each other and lie in neighbouring zones: each pixel of the grid takes the pixel with the nearest centre.</source>
        <translation>Alle Raster müssen eine gemeinsame Legende haben, etwa die eines Laufs, und ihren Tag im Namen nennen, wie Produkte von Landsat und anderen Sensoren es tun, oder wie 2022-05-11. Sie dürfen gegeneinander verschoben sein und in benachbarten Zonen liegen: Jedes Pixel des Gitters erhält das Pixel mit dem nächsten Mittelpunkt.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Output folder: observations.tif, majority.tif, variety.tif, changes.tif, first_change.tif and last_change.tif (yyyymmdd, 0 is none) with their styles; series.csv with the area of each class on each date; and series.html with areas over time and the flow between the classes.</source>
        <translation>Ausgabeverzeichnis: observations.tif, majority.tif, variety.tif, changes.tif, first_change.tif und last_change.tif (JJJJMMTT, 0 heißt keine) mit ihren Stilen; series.csv mit der Fläche jeder Klasse an jedem Tag; und series.html mit den Flächen im Lauf der Zeit und dem Fluss zwischen den Klassen.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Rasters of one legend and of two dates or more, such as all ending in _classes.tif of one run.</source>
        <translation>Raster einer Legende von zwei oder mehr Tagen, etwa alle eines Laufs, deren Namen auf _classes.tif enden.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Gets six rasters, series.csv and series.html; those of an earlier run are replaced.</source>
        <translation>Nimmt sechs Raster, series.csv und series.html auf; die eines früheren Laufs werden ersetzt.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Number of dates</source>
        <translation>Anzahl der Tage</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Pixels seen on any date</source>
        <translation>An irgendeinem Tag gesehene Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <location filename="../algorithms/transitions.py"/>
        <source>Pixels that changed class</source>
        <translation>Pixel, deren Klasse sich geändert hat</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Changed, % of the pixels seen</source>
        <translation>Geändert, % der gesehenen Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Add the six rasters to the project, styled, in one group.</source>
        <translation>Fügt dem Projekt die sechs Raster hinzu, mit Stil, in einer Gruppe.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>Grid of the results</source>
        <translation>Gitter der Ergebnisse</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>A raster whose pixels the results shall have; without one, the earliest of the rasters.</source>
        <translation>Ein Raster, dessen Pixel die Ergebnisse haben sollen; ohne Angabe das früheste der Raster.</translation>
    </message>
    <message>
        <location filename="../algorithms/series.py"/>
        <source>series of {dates} dates</source>
        <translation>Reihe von {dates} Tagen</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} has no CRS; give it one in its layer properties.</source>
        <translation>AOI: {layer} hat kein KBS; weisen Sie ihm in den Layereigenschaften eines zu.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} holds points; choose a polygon layer.</source>
        <translation>AOI: {layer} enthält Punkte; wählen Sie einen Polygonlayer.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} holds lines; choose a polygon layer.</source>
        <translation>AOI: {layer} enthält Linien; wählen Sie einen Polygonlayer.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} has no polygon (of the selected features, if only those are used); choose a layer with one, or leave AOI empty.</source>
        <translation>AOI: {layer} enthält kein Polygon (unter den gewählten Objekten, falls nur diese benutzt werden); wählen Sie einen Layer mit Polygonen oder lassen Sie AOI leer.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} cannot be brought into the CRS {crs} of a scene ({reason}); save the layer in another CRS.</source>
        <translation>AOI: {layer} kann nicht in das KBS {crs} einer Szene umgerechnet werden ({reason}); speichern Sie den Layer in einem anderen KBS.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/aoi.py"/>
        <source>AOI: {layer} has a polygon with a corner that is no finite number; correct its geometry.</source>
        <translation>AOI: {layer} hat ein Polygon mit einer Ecke, die keine endliche Zahl ist; berichtigen Sie seine Geometrie.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/base.py"/>
        <source>Loading packages…</source>
        <translation>Pakete werden geladen …</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/base.py"/>
        <source>Checking the input…</source>
        <translation>Die Eingaben werden geprüft …</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/base.py"/>
        <source>{name} is empty; choose a value for '{caption}'.</source>
        <translation>{name} ist leer; wählen Sie einen Wert für „{caption}“.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/base.py"/>
        <source>{name} is {found}, which cannot be '{caption}'; choose another value.</source>
        <translation>{name} ist {found}, was nicht „{caption}“ sein kann; wählen Sie einen anderen Wert.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/base.py"/>
        <source>AOI: {found} cannot be read as a layer; choose one of polygons, or leave AOI empty.</source>
        <translation>AOI: {found} kann nicht als Layer gelesen werden; wählen Sie einen Polygonlayer oder lassen Sie AOI leer.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Dilated cloud</source>
        <translation>Wolkenrand (dilated cloud)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Cirrus</source>
        <translation>Zirrus</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Cloud</source>
        <translation>Wolke</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Cloud shadow</source>
        <translation>Wolkenschatten</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Snow or ice</source>
        <translation>Schnee oder Eis</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>Water</source>
        <translation>Wasser</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>blue</source>
        <translation>Blau</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>green</source>
        <translation>Grün</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>red</source>
        <translation>Rot</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>nir</source>
        <translation>NIR</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>swir1</source>
        <translation>SWIR1</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>swir2</source>
        <translation>SWIR2</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>coastal</source>
        <translation>Küste</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>yellow</source>
        <translation>Gelb</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>green1</source>
        <translation>Grün1</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>rededge1</source>
        <translation>RedEdge1</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>rededge2</source>
        <translation>RedEdge2</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>rededge3</source>
        <translation>RedEdge3</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/captions.py"/>
        <source>nir_broad</source>
        <translation>NIR (breit)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Number of classes without a pixel</source>
        <translation>Anzahl der Klassen ohne Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Rasters of margins</source>
        <translation>Raster der Abstandsmaße</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Number of unclassified pixels</source>
        <translation>Anzahl nicht klassifizierter Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>{k} classes</source>
        <translation>{k} Klassen</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>{k} classes of each scene</source>
        <translation>{k} Klassen je Szene</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/classified.py"/>
        <source>Margin of {scene}</source>
        <translation>Abstandsmaß von {scene}</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/finished.py"/>
        <source>Folder of a run</source>
        <translation>Verzeichnis eines Laufs</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/finished.py"/>
        <source>The output folder of a clustering of scenes together, of a classification with saved signatures, or of a merging: the one with signatures.json and the rasters ending in _classes.tif.</source>
        <translation>Das Ausgabeverzeichnis einer gemeinsamen Clusterung, einer Klassifikation mit gespeicherten Signaturen oder einer Zusammenfassung: das mit signatures.json und den Rastern, die auf _classes.tif enden.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/finished.py"/>
        <source>Table of classes</source>
        <translation>Tabelle der Klassen</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/finished.py"/>
        <source>RESULTS is empty; choose the output folder of a run.</source>
        <translation>RESULTS ist leer; wählen Sie das Ausgabeverzeichnis eines Laufs.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/groups.py"/>
        <source>Preparation</source>
        <translation>Vorbereitung</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/groups.py"/>
        <source>Classification</source>
        <translation>Klassifikation</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/groups.py"/>
        <source>Analysis</source>
        <translation>Analyse</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/layers.py"/>
        <source>The style {style} could not be applied to {layer}.</source>
        <translation>Der Stil {style} konnte nicht auf {layer} angewendet werden.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/layers.py"/>
        <source>{raster} could not be loaded.</source>
        <translation>{raster} konnte nicht geladen werden.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/layers.py"/>
        <location filename="../algorithms/shared/naming.py"/>
        <source>temporary</source>
        <translation>temporär</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/naming.py"/>
        <source>{page}: {tool}, {place}</source>
        <translation>{page}: {tool}, {place}</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>IIkMC needs the Python package {names}, which QGIS's Python does not have.</source>
        <translation>IIkMC braucht das Python-Paket {names}, das in der Python-Installation von QGIS fehlt.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>IIkMC needs the Python packages {names}, which QGIS's Python does not have.</source>
        <translation>IIkMC braucht die Python-Pakete {names}, die in der Python-Installation von QGIS fehlen.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>IIkMC needs {name}, which is installed but cannot be loaded ({reason}).</source>
        <translation>IIkMC braucht {name}; das Paket ist installiert, kann aber nicht geladen werden ({reason}).</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>Start the OSGeo4W Setup of your QGIS, choose Advanced Install, select {wanted}, and restart QGIS (or run '{command}' in the OSGeo4W Shell).</source>
        <translation>Das OSGeo4W-Setup dieses QGIS starten, Advanced Install wählen, {wanted} auswählen und QGIS neu starten (oder '{command}' in der OSGeo4W-Shell ausführen).</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>Install your distribution's package, often {wanted}, and restart QGIS.</source>
        <translation>Das Paket der Distribution installieren, oft {wanted}, und QGIS neu starten.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>Install {wanted} with pip into the Python of QGIS, whose program was not found from {prefix}, and restart QGIS; the page Installing of the documentation has the ways.</source>
        <translation>{wanted} mit pip in das Python von QGIS installieren, dessen Programm von {prefix} aus nicht gefunden wurde, und QGIS neu starten; die Seite Installing der Dokumentation hat die Wege.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/packages.py"/>
        <source>Open a terminal, run '{command}', and restart QGIS.</source>
        <translation>Ein Terminal öffnen, '{command}' ausführen und QGIS neu starten.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Scenes of surface reflectance, of one sensor or of several: Landsat 4-9 Collection 2 Level-2 (scenes and U.S. tiles), HLS, Sentinel-2 Level-2A, PlanetScope, or GeoTIFFs of others. Give scene folders, folders of scene folders, metadata files, .tar and .zip bundles as downloaded, or STAC items (.json) of scenes on disk, https or S3, in any mix. Zones and grids may differ; nothing is resampled. A scene given twice is used once.</source>
        <translation>Szenen mit Reflexionsgrad der Erdoberfläche, von einem Sensor oder von mehreren: Landsat 4-9 Collection 2 Level-2 (Szenen und US-Kacheln), HLS, Sentinel-2 Level-2A, PlanetScope oder GeoTIFFs von anderen. Anzugeben sind Szenenordner, Ordner mit Szenenordnern, Metadatendateien, .tar- und .zip-Archive wie heruntergeladen oder STAC-Items (.json) von Szenen auf Datenträger, https oder S3, beliebig gemischt. Zonen und Gitter dürfen verschieden sein; nichts wird umgerechnet (kein Resampling). Eine doppelt angegebene Szene wird einmal verwendet.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Number of classes (k)</source>
        <translation>Anzahl der Klassen (k)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>How many classes all scenes together are divided into, 2 to 254.</source>
        <translation>In wie viele Klassen alle Szenen gemeinsam eingeteilt werden, 2 bis 254.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Mask out</source>
        <translation>Ausmaskieren</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Pixels of which the scene's quality layer (QA_PIXEL, Fmask, SCL or udm2) says any of these are left out and become nodata. Fill is always left out. What a sensor does not tell is not masked. With none chosen, a scene without a quality layer is accepted.</source>
        <translation>Pixel, von denen die Qualitätsebene der Szene (QA_PIXEL, Fmask, SCL oder udm2) eines davon sagt, werden ausgelassen und zu NoData. Füllwerte werden immer ausgelassen. Was ein Sensor nicht angibt, wird nicht maskiert. Ist nichts ausgewählt, wird auch eine Szene ohne Qualitätsebene angenommen.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Mask out saturated pixels</source>
        <translation>Gesättigte Pixel ausmaskieren</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Leave out pixels that are saturated in a chosen band, as Landsat's QA_RADSAT says, or saturated or defective, as Sentinel-2's SCL does; HLS and PlanetScope do not tell.</source>
        <translation>Pixel auslassen, die in einem gewählten Band gesättigt sind, wie es QA_RADSAT von Landsat sagt, oder gesättigt oder fehlerhaft, wie es die SCL von Sentinel-2 tut; HLS und PlanetScope sagen es nicht.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Bands</source>
        <translation>Bänder</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Bands by role, not by number, so that scenes of several sensors mix: near infrared (nir) is band 4 of Landsat 4-7 and band 5 of Landsat 8-9. With none chosen, those of the first six that every scene has are taken. At most 10 can be chosen.</source>
        <translation>Bänder nach ihrer Rolle, nicht nach ihrer Nummer, damit sich Szenen mehrerer Sensoren mischen lassen: Das nahe Infrarot (NIR) ist Band 4 bei Landsat 4-7 und Band 5 bei Landsat 8-9. Ohne Auswahl werden von den ersten sechs die genommen, die jede Szene hat. Höchstens 10 können gewählt werden.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>All scenes together (inter-image k-means)</source>
        <translation>Alle Szenen gemeinsam (Inter-Image-k-Means)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Each scene on its own (k-means, for comparison)</source>
        <translation>Jede Szene für sich (k-Means, zum Vergleich)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Mode</source>
        <translation>Modus</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>All scenes together gives one set of classes, the same in every scene. Each scene on its own gives every scene classes and signatures of its own, as clustering them one by one would: class 3 of one scene is then not class 3 of another.</source>
        <translation>Alle Szenen gemeinsam ergibt einen einzigen Satz von Klassen, in jeder Szene denselben. Jede Szene für sich gibt jeder Szene eigene Klassen und Signaturen, wie wenn man sie einzeln clusterte: Klasse 3 der einen Szene ist dann nicht Klasse 3 einer anderen.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Minimum-maximum (the method's own)</source>
        <translation>Minimum-Maximum (Vorgabe des Verfahrens)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>2-98 % (minimum-maximum without the extremes)</source>
        <translation>2-98 % (Minimum-Maximum ohne die Extreme)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>k-means++ (seeded sample)</source>
        <translation>k-means++ (Stichprobe nach Startwert)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Signatures file</source>
        <translation>Signaturdatei</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Coarse-to-fine (usually the fastest)</source>
        <translation>Grob nach fein (meist am schnellsten)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Where the classes start. Minimum-maximum spreads them evenly from the darkest to the brightest value of each band; 2-98 % does the same between percentiles, which clouds and glint cannot stretch; k-means++ draws them from a sample that depends on the seed alone; a signatures file starts from the classes of an earlier run, or continues one that was stopped or ended at its maximum of iterations; coarse-to-fine clusters ever finer sub-samples first, so that few full iterations remain (other classes than with minimum-maximum, found in less time).</source>
        <translation>Wo die Klassen beginnen. Minimum-Maximum verteilt sie gleichmäßig vom dunkelsten bis zum hellsten Wert jedes Bandes; 2-98 % macht dasselbe zwischen Perzentilen, die Wolken und Sonnenglanz nicht dehnen können; k-means++ zieht sie aus einer Stichprobe, die allein vom Zufallsstartwert abhängt; eine Signaturdatei beginnt mit den Klassen eines früheren Laufs oder setzt einen fort, der unterbrochen wurde oder bei der Höchstzahl der Iterationen endete; Grob nach fein clustert zuerst immer feinere Teilstichproben, sodass nur wenige volle Iterationen bleiben (andere Klassen als mit Minimum-Maximum, in kürzerer Zeit gefunden).</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>The signatures.json of an earlier run with the same bands and number of classes; for the start from it. The signatures_unfinished.json of a run that was cancelled, failed or was killed, or the signatures.json of one that ended at its maximum of iterations, continues that run: with the same scenes, mask and area the classes become what they would have become without the interruption. The maximum of iterations counts anew.</source>
        <translation>Die signatures.json eines früheren Laufs mit denselben Bändern und derselben Klassenzahl; für den Start daraus. Die signatures_unfinished.json eines Laufs, der abgebrochen wurde, scheiterte oder hart beendet wurde, oder die signatures.json eines Laufs, der bei der Höchstzahl der Iterationen endete, setzt diesen Lauf fort: Mit denselben Szenen, derselben Maske und demselben Untersuchungsgebiet werden die Klassen zu dem, was sie ohne die Unterbrechung geworden wären. Die Höchstzahl der Iterationen zählt von neuem.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>The signatures.json of an earlier run; its bands, classes, names and colours are used. The signatures_unfinished.json of a run that was stopped can be applied too, with a warning.</source>
        <translation>Die signatures.json eines früheren Laufs; ihre Bänder, Klassen, Namen und Farben werden verwendet. Auch die signatures_unfinished.json eines unterbrochenen Laufs lässt sich anwenden, mit einer Warnung.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Maximum number of iterations</source>
        <translation>Höchstzahl der Iterationen</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>The run ends after this many iterations even if it has not converged.</source>
        <translation>Der Lauf endet nach so vielen Iterationen, auch wenn er nicht konvergiert ist.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Tolerance (% of pixels)</source>
        <translation>Toleranz (% der Pixel)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>The run has converged when fewer than this share of the pixels changed class in an iteration. 0 iterates until no centre moves.</source>
        <translation>Der Lauf ist konvergiert, wenn in einer Iteration weniger als dieser Anteil der Pixel die Klasse gewechselt hat. 0 iteriert, bis sich kein Zentrum mehr bewegt.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Chooses the samples of the k-means++ and coarse-to-fine starts; the other starts do not use it.</source>
        <translation>Bestimmt die Stichproben der Starts k-means++ und Grob nach fein; die anderen Starts verwenden ihn nicht.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Area of interest</source>
        <translation>Untersuchungsgebiet</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Only pixels whose centre lies inside a polygon of this layer are used; the others become nodata. The layer may have any CRS; it is brought into that of each scene. Scenes that it does not meet are warned of.</source>
        <translation>Nur Pixel, deren Mitte in einem Polygon dieses Layers liegt, werden verwendet; die anderen werden zu NoData. Der Layer darf jedes KBS haben; er wird in das jeder Szene umgerechnet. Vor Szenen, die er nicht berührt, wird gewarnt.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>GPU (NVIDIA)</source>
        <translation>GPU (NVIDIA)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>What does the clustering. Automatic takes an NVIDIA graphics card (GPU) if there is one, the Python package CuPy is installed, a short test gives the right answer and the job is large; else the processor (CPU). If GPU is chosen and cannot be used, the CPU does the work and the log says what is missing. It never changes the result.</source>
        <translation>Was das Clustern übernimmt. Automatisch nimmt eine NVIDIA-Grafikkarte (GPU), wenn es eine gibt, das Python-Paket CuPy installiert ist, ein kurzer Test das richtige Ergebnis gibt und die Aufgabe groß ist; sonst den Prozessor (CPU). Ist GPU gewählt und nicht verwendbar, so rechnet die CPU, und das Protokoll sagt, was fehlt. Das Ergebnis hängt nie davon ab.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Threads (0 = automatic)</source>
        <translation>Threads (0 = automatisch)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Threads for reading, clustering and writing; 0 uses every core. It never changes the result.</source>
        <translation>Threads zum Lesen, Clustern und Schreiben; 0 nutzt alle Kerne. Das Ergebnis hängt nie davon ab.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Memory for the pixels in MB (0 = automatic)</source>
        <translation>Speicher für die Pixel in MB (0 = automatisch)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Pixels beyond this go to temporary files, which makes the run slower and never changes the result; 0 takes a safe share of the memory that is free.</source>
        <translation>Was darüber hinausgeht, kommt in temporäre Dateien. Das macht den Lauf langsamer und ändert nie das Ergebnis; 0 nimmt einen sicheren Anteil des freien Speichers.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Dask scheduler (address)</source>
        <translation>Dask-Scheduler (Adresse)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Address of a running Dask scheduler, such as tcp://host:8786: its workers then read, cluster and write, instead of this computer. They must see the scenes and the output folder under the same paths. Threads and memory are meant for each worker. Empty: this computer does the work. It never changes the result.</source>
        <translation>Adresse eines laufenden Dask-Schedulers, etwa tcp://host:8786: Dessen Worker lesen, clustern und schreiben dann anstelle dieses Rechners. Sie müssen die Szenen und das Ausgabeverzeichnis unter denselben Pfaden sehen. Threads und Speicher gelten je Worker. Leer: Dieser Rechner macht die Arbeit. Das Ergebnis ändert sich dadurch nie.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Compare with each scene on its own (slower)</source>
        <translation>Mit Einzelclustern vergleichen (langsamer)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Also clusters each scene on its own and shows in the report which classes would get lost, which would change their number, and how far they would lie from the common ones. The rasters stay the same. For scenes that are clustered together.</source>
        <translation>Clustert zusätzlich jede Szene für sich und zeigt im Bericht, welche Klassen verloren gingen, welche ihre Nummer wechselten und wie weit sie von den gemeinsamen entfernt lägen. Die Raster bleiben gleich. Für Szenen, die gemeinsam geclustert werden.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Write how safe each pixel's class is (margin)</source>
        <translation>Sicherheit jedes Pixels ausgeben (Abstandsmaß)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Each scene also gets a raster ending in _margin.tif: 255 for a pixel on the centre of its class, 1 for one midway between two centres, 0 for nodata. The report shows the mean of each class.</source>
        <translation>Jede Szene erhält auch ein Raster, das auf _margin.tif endet: 255 für ein Pixel auf dem Zentrum seiner Klasse, 1 für eines in der Mitte zwischen zwei Zentren, 0 für keine Daten. Der Bericht zeigt das Mittel jeder Klasse.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Leave unclassified beyond this distance (reflectance)</source>
        <translation>Nicht klassifizieren jenseits von (Reflexionsgrad)</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Pixels that are farther than this from the centre of every class, as a distance over all bands in reflectance such as 0.1, become 255, unclassified, in the rasters and in the statistics. The classes themselves stay the same. Empty: every valid pixel gets a class.</source>
        <translation>Pixel, die vom Zentrum jeder Klasse weiter entfernt sind, als Abstand über alle Kanäle im Reflexionsgrad wie 0.1, werden in den Rastern und in der Statistik zu 255, nicht klassifiziert. Die Klassen selbst bleiben gleich. Leer: Jedes gültige Pixel erhält eine Klasse.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Load the results into the project</source>
        <translation>Ergebnisse in das Projekt laden</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Add one styled layer per scene to the project, in one group.</source>
        <translation>Je Szene einen gestalteten Layer in das Projekt laden, alle in einer Gruppe.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Sensor sheet</source>
        <translation>Sensorblatt</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>A JSON file that describes products of a sensor that is not known: how files are named, which bands they hold, scale, offset and mask. It is tried before the sheets that ship. Leave it empty for Landsat, Sentinel-2, HLS and PlanetScope.</source>
        <translation>Eine JSON-Datei, die Produkte eines nicht bekannten Sensors beschreibt: wie Dateien heißen, welche Bänder sie enthalten, Skalierung, Offset und Maske. Sie wird vor den mitgelieferten Blättern versucht. Für Landsat, Sentinel-2, HLS und PlanetScope leer lassen.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Output folder</source>
        <translation>Ausgabeverzeichnis</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/parameters.py"/>
        <source>Gets one classified raster per scene, the signatures, the statistics and the report. Files of an earlier run of the same scenes are replaced.</source>
        <translation>Nimmt je Szene ein klassifiziertes Raster auf, dazu die Signaturen, die Statistik und den Bericht. Dateien eines früheren Laufs mit denselben Szenen werden ersetzt.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/points.py"/>
        <source>{parameter}: {layer} has no field {name} (it has {names}); choose one of these.</source>
        <translation>{parameter}: {layer} hat kein Feld {name} (es gibt {names}); wählen Sie eines davon.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/points.py"/>
        <source>DATE_FIELD: {text} is no date; write it such as 2022-05-11, or leave it empty.</source>
        <translation>DATE_FIELD: {text} ist kein Datum; schreiben Sie es wie 2022-05-11 oder lassen Sie das Feld leer.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/rasters.py"/>
        <location filename="../algorithms/transitions.py"/>
        <source>{name}: {found} is no raster file on disk; choose a classified raster.</source>
        <translation>{name}: {found} ist keine Rasterdatei auf der Festplatte; wählen Sie ein klassifiziertes Raster.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/sources.py"/>
        <source>{name}: {path} is a pipe or device and no file; choose a file.</source>
        <translation>{name}: {path} ist eine Pipe oder ein Gerät und keine Datei; wählen Sie eine Datei.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/sources.py"/>
        <source>{name}: {path}, which is read with {layer}, is a pipe or device and no file; take it away.</source>
        <translation>{name}: {path}, das mit {layer} gelesen wird, ist eine Pipe oder ein Gerät und keine Datei; entfernen Sie es.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name}: the expression {found} gives no value; correct it, or give the value itself.</source>
        <translation>{name}: Der Ausdruck {found} ergibt keinen Wert; berichtigen Sie ihn, oder geben Sie den Wert selbst an.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name} is {found}, expected one number of these: {choices}; choose one.</source>
        <translation>{name} ist {found}, erwartet wird eine Zahl von diesen: {choices}; wählen Sie eine.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name} is {found}, expected numbers of these: {choices}; choose any of them.</source>
        <translation>{name} ist {found}, erwartet werden Zahlen von diesen: {choices}; wählen Sie beliebige davon.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name} is {found}, expected yes or no; write true or false.</source>
        <translation>{name} ist {found}, erwartet wird ja oder nein; schreiben Sie true oder false.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name} is {found}, expected a path; write the path as a text.</source>
        <translation>{name} ist {found}, erwartet wird ein Pfad; schreiben Sie den Pfad als Text.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name} is {found}, which no system takes for a path; leave out the character 0.</source>
        <translation>{name} ist {found}, was kein System als Pfad annimmt; lassen Sie das Zeichen 0 weg.</translation>
    </message>
    <message>
        <location filename="../algorithms/shared/values.py"/>
        <source>{name}: {found} does not end in .{ending}; choose a file that does.</source>
        <translation>{name}: {found} endet nicht auf .{ending}; wählen Sie eine solche Datei.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Suggest the number of classes (k)</source>
        <translation>Anzahl der Klassen (k) vorschlagen</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>landsat,k-means,number of clusters,elbow,silhouette,calinski-harabasz,davies-bouldin,iikmc</source>
        <translation>landsat,k-means,anzahl der cluster,klassenzahl,ellenbogen,silhouette,calinski-harabasz,davies-bouldin,iikmc,suggest</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Compares numbers of classes on a sample of all scenes, before the full run.</source>
        <translation>Vergleicht Klassenzahlen an einer Stichprobe aller Szenen, vor dem vollen Lauf.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Clusters one sample of all scenes with each number of classes of a range, and tells how well each suits: inertia (the elbow curve), silhouette, Calinski-Harabasz and Davies-Bouldin. It takes the time of reading the scenes once and a few seconds more.</source>
        <translation>Clustert eine einzige Stichprobe aller Szenen mit jeder Klassenzahl eines Bereichs und nennt, wie gut jede passt: Inertia (die Ellenbogenkurve), Silhouette, Calinski-Harabasz und Davies-Bouldin. Das dauert so lange, wie die Szenen einmal zu lesen, und einige Sekunden mehr.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>The suggestion is the number with the best mean rank over silhouette, Calinski-Harabasz and Davies-Bouldin; a tie goes to the fewer classes. The bend of the inertia curve is told as a hint. Without the Python package scikit-learn only inertia and Calinski-Harabasz are there, the latter decides, and log and report say so.</source>
        <translation>Vorgeschlagen wird die Zahl mit dem besten mittleren Rang aus Silhouette, Calinski-Harabasz und Davies-Bouldin; bei Gleichstand die kleinere. Der Knick der Inertia-Kurve wird als Hinweis genannt. Ohne das Python-Paket scikit-learn gibt es nur Inertia und Calinski-Harabasz; dann entscheidet das letztere, und Protokoll und Bericht sagen es.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>These indices favour few, compact classes. A map that must tell more covers apart may need more: look at the curves in the report, a local optimum above the suggestion is a good candidate.</source>
        <translation>Diese Kennzahlen bevorzugen wenige, kompakte Klassen. Eine Karte, die mehr Arten von Landbedeckung unterscheiden soll, kann mehr brauchen: Sehen Sie sich die Kurven im Bericht an; ein lokales Optimum über dem Vorschlag ist ein guter Kandidat.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>The sample is drawn by the seed in proportion to the valid pixels of each scene, every scene with at least a tenth of an equal share. The same scenes, seed and parameters give the same advice, whatever the order of the scenes or the number of threads.</source>
        <translation>Die Stichprobe wird nach dem Zufallsstartwert im Verhältnis der gültigen Pixel jeder Szene gezogen, jede Szene mit mindestens einem Zehntel eines gleichen Anteils. Dieselben Szenen, derselbe Zufallsstartwert und dieselben Parameter ergeben denselben Vorschlag, in jeder Reihenfolge der Szenen und mit jeder Anzahl von Threads.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Fewest classes</source>
        <translation>Kleinste Klassenzahl</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>The smallest number of classes to try, 2 to 253.</source>
        <translation>Die kleinste Klassenzahl, die versucht wird, 2 bis 253.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Most classes</source>
        <translation>Größte Klassenzahl</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>The largest number of classes to try, above the smallest and up to 254.</source>
        <translation>Die größte Klassenzahl, die versucht wird, über der kleinsten und höchstens 254.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Pixels in the sample</source>
        <translation>Pixel in der Stichprobe</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>About so many pixels of all scenes together are clustered; more are slower and steadier.</source>
        <translation>Etwa so viele Pixel aller Szenen zusammen werden geclustert; mehr dauern länger und geben beständigere Werte.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Table of the indices</source>
        <translation>Tabelle der Kennzahlen</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>A row per number of classes with all indices and the mean rank.</source>
        <translation>Eine Zeile je Klassenzahl mit allen Kennzahlen und dem mittleren Rang.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>The suggestion with its reason, the table, and curves where QGIS has plotly.</source>
        <translation>Der Vorschlag mit seiner Begründung, die Tabelle und, wo QGIS plotly hat, Kurven.</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Suggested number of classes</source>
        <translation>Vorgeschlagene Anzahl der Klassen</translation>
    </message>
    <message>
        <location filename="../algorithms/suggestk.py"/>
        <source>Chooses the pixels of the sample and the starts of the clusterings.</source>
        <translation>Bestimmt die Pixel der Stichprobe und die Starts der Clusterläufe.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Compare two classified rasters (transitions)</source>
        <translation>Zwei klassifizierte Raster vergleichen (Übergänge)</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>landsat,change,transition,matrix,from-to,crosstab,cross tabulation,gain,loss,sankey,iikmc</source>
        <translation>landsat,veränderung,änderung,übergang,übergangsmatrix,kreuztabelle,zunahme,abnahme,sankey,iikmc,change,transition</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>From-to matrix, raster of changes and report of two classified dates.</source>
        <translation>Übergangsmatrix, Änderungsraster und Bericht zu zwei klassifizierten Aufnahmetagen.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Tells what became of each class between two dates: a from-to matrix in pixels and hectares, the gains and losses of each class, and a raster of where which change happened.</source>
        <translation>Zeigt, was zwischen zwei Aufnahmetagen aus jeder Klasse wurde: eine Übergangsmatrix in Pixeln und Hektar, die Zu- und Abnahmen jeder Klasse und ein Raster, das zeigt, wo welche Änderung geschah.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Both rasters must hold the same classes: take two rasters of one run of Cluster scenes together, or one that was classified with the other's signatures. Any single-band raster of bytes with nodata 0 works as well. Names and colours are read from the rasters and the styles beside them, so rename classes there first.</source>
        <translation>Beide Raster müssen dieselben Klassen enthalten: Nehmen Sie zwei Raster eines Laufs von „Szenen gemeinsam clustern“ oder eines, das mit den Signaturen des anderen klassifiziert wurde. Auch jedes andere einbandige Byte-Raster mit NoData 0 ist geeignet. Namen und Farben werden aus den Rastern und den Stilen daneben gelesen; benennen Sie Klassen also vorher dort um.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Grids may be shifted against each other: each pixel of the first raster is compared with the nearest pixel of the second on their common area, and the log tells the shift. Both need one CRS and one pixel size. Pixels that are nodata on either date are not counted.</source>
        <translation>Die Gitter dürfen gegeneinander verschoben sein: Jedes Pixel des ersten Rasters wird mit dem nächsten Pixel des zweiten auf der gemeinsamen Fläche verglichen, und das Protokoll nennt die Verschiebung. Beide brauchen dasselbe KBS und dieselbe Pixelgröße. Pixel, die an einem der Tage NoData sind, zählen nicht mit.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Codes of the raster of changes: 0 nodata, 1 unchanged, and 1000 x from + to for a change, so 3005 is class 3 to class 5. Its style lists the changes that occur, the largest first; its attribute table holds classes, pixels and hectares.</source>
        <translation>Werte des Änderungsrasters: 0 NoData, 1 unverändert, und 1000 x vorher + nachher bei einer Änderung; 3005 heißt also von Klasse 3 zu Klasse 5. Sein Stil führt die Änderungen auf, die vorkommen, die größte zuerst; seine Attributtabelle enthält Klassen, Pixel und Hektar.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Classified raster before</source>
        <translation>Klassifiziertes Raster vorher</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>The earlier date, such as a raster ending in _classes.tif.</source>
        <translation>Der frühere Aufnahmetag, etwa ein Raster, dessen Name auf _classes.tif endet.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Classified raster after</source>
        <translation>Klassifiziertes Raster nachher</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>The later date, with the same classes as before.</source>
        <translation>Der spätere Aufnahmetag, mit denselben Klassen wie der frühere.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>From-to matrix</source>
        <translation>Übergangsmatrix</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>A row per class before and a column per class after, in pixels, hectares and percent.</source>
        <translation>Eine Zeile je Klasse vorher und eine Spalte je Klasse nachher, in Pixeln, Hektar und Prozent.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>The matrix, gains and losses to read and print, with plots where QGIS has plotly.</source>
        <translation>Die Matrix, Zu- und Abnahmen zum Lesen und Drucken und, wo QGIS plotly hat, Diagramme.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Pixels classified in both</source>
        <translation>In beiden klassifizierte Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Changed, % of the pixels classified in both</source>
        <translation>Geändert, % der in beiden klassifizierten Pixel</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Raster of changes</source>
        <translation>Änderungsraster</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>GeoTIFF of the common area in the pixels of the first raster, with a style beside it; 3005 is class 3 to 5.</source>
        <translation>GeoTIFF der gemeinsamen Fläche in den Pixeln des ersten Rasters, mit einem Stil daneben; 3005 heißt von Klasse 3 zu 5.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>CHANGES: {path} does not end in .tif; the raster of changes is a GeoTIFF.</source>
        <translation>CHANGES: {path} endet nicht auf .tif; das Änderungsraster ist ein GeoTIFF.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>{name} is empty; choose a classified raster.</source>
        <translation>{name} ist leer; wählen Sie ein klassifiziertes Raster.</translation>
    </message>
    <message>
        <location filename="../algorithms/transitions.py"/>
        <source>Changes {before} → {after}</source>
        <translation>Änderungen {before} → {after}</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Class names</source>
        <translation>Klassennamen</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Names and colours of the classes, for all files of the run in {folder}</source>
        <translation>Namen und Farben der Klassen, für alle Dateien des Laufs in {folder}</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Class</source>
        <translation>Klasse</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Class names …</source>
        <translation>Klassennamen …</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>Choose a layer of a run first: a raster ending in _classes.tif.</source>
        <translation>Wählen Sie zuerst einen Layer eines Laufs: ein Raster, das auf _classes.tif endet.</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>The classes were not named.</source>
        <translation>Die Klassen wurden nicht benannt.</translation>
    </message>
    <message>
        <location filename="../iikmc_plugin/class_names.py"/>
        <source>All files of the run have the names.</source>
        <translation>Alle Dateien des Laufs haben die Namen.</translation>
    </message>
</context>
</TS>
