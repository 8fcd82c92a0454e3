"""What a weights file says of the strangers' prompts.

    python -m benchmarks.classifier.strangers.measure WEIGHTS

Of weights that were not trained on them: a file that was is right on nearly all. The figures of the release before, in
docs/classifier.md, are those of `git show a61ff3b:llmswitch/classify/linear.weights`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.classifier.strangers.stored import strangers
from llmswitch.classify.evaluation import Figures, Said, figures
from llmswitch.classify.linear import Linear


def measured(weights: Path) -> Figures:
    """The figures of `weights` on all rows."""
    linear = Linear(path=weights)
    labelled = [(row, linear.of(row.features)) for row in strangers()]
    return figures([Said(row.label, label.task, label.confidence) for row, label in labelled])


def main() -> None:
    """Parse the command line, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    one = measured(parser.parse_args().weights)
    print(
        f"{one.count:,} prompts: accuracy {one.accuracy:.3f}, macro-F1 {one.macro_f1:.3f}, right tier {one.right_tier:.0%}"
    )
    print(
        f"strong sent lower {one.strong_sent_lower or 0:.0%}, surer half {one.sure_half:.0%}, off by {one.calibration_error:.3f}"
    )


if __name__ == "__main__":
    main()
