"""Models built as the model designer builds them."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
)


def source(kind, *values):
    return [getattr(QgsProcessingModelChildParameterSource, f"from{kind}")(*values)]


def add_step(model, algorithm_id, child_id, sources, outputs):
    child = QgsProcessingModelChildAlgorithm(algorithm_id)
    child.setChildId(child_id)
    for parameter in child.algorithm().parameterDefinitions():
        if not parameter.isDestination():  # the designer writes every value down, defaults too
            default = source("StaticValue", parameter.defaultValue())
            child.addParameterSources(parameter.name(), sources.get(parameter.name(), default))
    named = {}
    for model_output, child_output in outputs.items():
        output = QgsProcessingModelOutput(model_output)
        output.setChildId(child_id)
        output.setChildOutputName(child_output)
        named[model_output] = output
    child.setModelOutputs(named)
    model.addChildAlgorithm(child)
