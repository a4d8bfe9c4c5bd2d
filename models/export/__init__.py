"""From a trained Keras model to what vehicles and other people's programs run. Needs TensorFlow."""

from models.export.weights import count_parameters, export_weights

__all__ = ["count_parameters", "export_weights"]
