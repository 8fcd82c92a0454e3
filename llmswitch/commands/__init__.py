"""One verb a file: parse, call one function below, render."""
