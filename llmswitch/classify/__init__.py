"""Which task a prompt is: `linear` (embedded), `local_model` (a model behind Ollama), `cascade` of the two."""

from llmswitch.classify.label import Classifier, Difficulty, Label, Opinion

__all__ = ["Classifier", "Difficulty", "Label", "Opinion"]
