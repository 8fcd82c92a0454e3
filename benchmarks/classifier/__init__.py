"""How the shipped classifier was made and how good it is: data preparation, training, evaluation."""
