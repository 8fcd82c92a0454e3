"""`llmswitch classify`: what a prompt would be labelled, one prompt or many, and how good the labels are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import InputError, UsageError

if TYPE_CHECKING:  # every start of the program reads this file: what only a label needs is imported when it runs
    from llmswitch.classify import Classifier, Label
    from llmswitch.commands.prompt_input import PromptInput

MODES = ("linear", "model", "cascade")
MOST_SHOWN = 3


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("classify")(classify)


def classify(
    ctx: typer.Context,
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[PROMPT|-]", help="The prompt; without one, or with -, standard input."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", metavar="FILE", help="A file that comes along (-: stdin); repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help='Label JSONL {"prompt": …} (or {"messages": […]}) from standard input, a line each, in order.',
        ),
    ] = False,
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="MODE", help="linear, model or cascade; else the profile's.")
    ] = None,
    evaluate: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            metavar="FILE",
            help='Measure on JSONL {"prompt", "label"[, "lang", "source"]} (-: stdin).',
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--eval-picture", metavar="FILE.svg", help="The confusion matrix as a picture.")
    ] = None,
    learn: Annotated[bool, typer.Option("--learn", help="Learn from what `llmswitch wrong` corrected.")] = False,
    unlearn: Annotated[bool, typer.Option("--unlearn", help="Undo the last --learn.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Ask the local model about known prompts; a cascade then knows its worth.")
    ] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Say which task a prompt is: its label decides which models are tried."""
    from llmswitch import classify as classifiers

    if mode is not None and mode not in MODES:
        raise UsageError(f"--mode must be linear, model or cascade, not {mode!r}")
    one = prompt is not None or bool(file)
    if sum((batch, evaluate is not None, one, learn, unlearn, trust)) > 1:
        raise UsageError("a prompt or files, --batch, --eval, --learn, --unlearn and --trust exclude each other")
    if picture is not None and evaluate is None:
        raise UsageError("--eval-picture needs --eval FILE")
    if learn or unlearn or trust:
        from llmswitch.commands import classify_teach as teach

        if trust:
            teach.trust(profile_of(ctx, profile, no_project=no_project))
        else:
            teach.learn() if learn else teach.unlearn()
        return
    chosen = profile_of(ctx, profile, no_project=no_project)
    classifier = classifiers.build(chosen, mode)
    if evaluate is not None:
        _evaluate(classifier, evaluate, picture)
    elif batch:
        from llmswitch.commands.classify_batch import label_lines

        label_lines(classifier, classifiers.build(chosen, "linear"))
    else:
        if not one and sys.stdin.isatty():
            typer.echo(ctx.get_help())
            raise typer.Exit(2)
        _one(classifier, _given(prompt, file or []), as_json=as_json)


def _given(prompt: str | None, files: list[Path]) -> PromptInput:
    """What is to be labelled. Beside a prompt standard input is only read where `-f -` asks for it: a loop in a shell script
    keeps its own."""
    from llmswitch.commands import prompt_input

    def say(text: str) -> None:
        typer.echo(f"llmswitch: {text}", err=True)

    words = () if prompt is None else (prompt,)
    use_stdin = not (words or files) or "-" in words or Path("-") in files
    return prompt_input.read(words, files, use_stdin=use_stdin, say=say)


def _one(classifier: Classifier, given: PromptInput, *, as_json: bool) -> None:
    from llmswitch.tokens import estimate_text

    if not (given.words.strip() or given.attachment.strip()):
        raise InputError("the prompt is empty", hint='llmswitch classify "your question", or pipe text in')
    tokens = estimate_text(given.words) + estimate_text(given.attachment)
    label = classifier.label(given.words, given.attachment, tokens)
    sys.stdout.write(as_line(label) if as_json else as_text(label))


def as_line(label: Label) -> str:
    """One JSON object and a newline."""
    import json

    return json.dumps(as_object(label), ensure_ascii=False) + "\n"


def as_object(label: Label) -> dict[str, Any]:
    """The agreed keys, probabilities to four digits; with all opinions where more than one was heard."""
    said: dict[str, Any] = {
        "task": label.task,
        "confidence": round(label.confidence, 4),
        "difficulty": label.difficulty,
        "mode": label.mode,
        "scores": {task: round(chance, 4) for task, chance in label.scores.items()},
    }
    if len(label.opinions) > 1:
        said["opinions"] = [
            {**one._asdict(), "confidence": round(one.confidence, 4), "ms": round(one.ms, 3)} for one in label.opinions
        ]
    return said


def as_text(label: Label) -> str:
    """The label on one line, the runners-up under it, and a note of a model that was asked in vain."""
    lines = [f"{label.task}  {label.confidence:.2f}  {label.difficulty}"]
    others = sorted(((chance, task) for task, chance in label.scores.items() if task != label.task), reverse=True)
    if shown := [f"{task} {chance:.2f}" for chance, task in others[:MOST_SHOWN] if chance >= 0.05]:
        lines.append("  or " + ", ".join(shown))
    if len(label.opinions) > 1:
        for opinion in label.opinions:
            note = f" ({opinion.note})" if opinion.note else ""
            said = f"{opinion.task} {opinion.confidence:.2f}" if opinion.confidence else "no answer"
            lines.append(f"  {opinion.by}: {said}{note}, {opinion.ms:.1f} ms")
    return "\n".join(lines) + "\n"


def _evaluate(classifier: Classifier, file: Path, picture: Path | None) -> None:
    from llmswitch.classify import evaluation
    from llmswitch.classify.confusion_picture import svg
    from llmswitch.commands.classify_report import report

    if picture is not None and picture.suffix.lower() != ".svg":
        raise UsageError("--eval-picture writes SVG: name a file that ends in .svg")
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from None
    measured = evaluation.measure(classifier, evaluation.examples(content.splitlines(), str(file)))
    sys.stdout.write(report(measured, sys.stdout))
    if picture is not None:
        try:
            picture.write_text(svg(measured.confusion), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{picture} can't be written: {error.strerror}") from None
