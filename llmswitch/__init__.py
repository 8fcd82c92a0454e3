"""llmswitch: label the task, pick the model, stream the answer, keep the bill."""

__version__ = "0.1.0"
