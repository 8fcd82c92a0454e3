"""What a statement says beside its table: the headline, and lines with a name and a text."""

from __future__ import annotations

from decimal import Decimal

from llmswitch.commands.cost_query import Statement
from llmswitch.commands.cost_table import cash, change, count
from llmswitch.ledger.month import CONFIDENCE, FEWEST_DAYS, Glance, PlanUse
from llmswitch.ledger.report import Report
from llmswitch.terminal.currency import Currency
from llmswitch.terminal.named_lines import Note


def headline(report: Report, show: Currency) -> str:
    """The period in one line."""
    figures = report.total
    label = f"{report.period.label:<9} "
    if not figures.calls:
        return f"{label} no calls{_hits(report)}{_narrowed(report)}"
    worth = f" · imputed {show.text(figures.imputed)}" if figures.imputed_calls else ""
    tokens = f"{count(figures.tokens.prompt_tokens)} in, {count(figures.tokens.output_tokens)} out"
    calls = _number(figures.calls, "call")
    return f"{label} {cash(figures, show)} · {calls} · {tokens}{worth}{_hits(report)}{_narrowed(report)}"


def notes(statement: Statement) -> list[Note]:
    """What stands below the table."""
    report, show = statement.report, statement.currency
    found: list[Note] = [("budget", state.text) for state in statement.budget]
    if statement.before:
        found += _comparison(report, statement.before, show)
    elif statement.glance is None:
        found += _sums(report, show)
    if unknown := report.total.unknown_cost_calls:
        calls = "1 call has" if unknown == 1 else f"{unknown} calls have"
        found.append((None, f"? {calls} no known cost and no part in these amounts; more may be owed"))
    if show.code != "USD":
        found.append(
            (None, f"amounts in {show.code} at {show.rate} for a US dollar, for display; budgets are in dollars")
        )
    return found


def glance_lines(statement: Statement, glance: Glance) -> list[Note]:
    """The month at a glance."""
    show = statement.currency
    lines = _bill(statement.report, glance, show)
    lines += [("plan use" if number == 0 else "", _plan(plan, show)) for number, plan in enumerate(glance.plans)]
    lines += _savings(statement.report, glance.savings, show)
    lines += _cache(glance, show)
    if glance.tiers:
        lines.append(("tiers", _tiers(glance)))
    lines += _forecast(glance, show)
    if glance.incomplete_calls:
        spent = show.text(glance.incomplete_cash) if glance.incomplete_cash else "no cash"
        calls = _number(glance.incomplete_calls, "call")
        lines.append(("failed", f"{spent} on {calls} that gave no whole answer; a part of cash"))
    return lines


def _bill(report: Report, glance: Glance, show: Currency) -> list[Note]:
    each = ", ".join(f"{plan.name} {show.text(Decimal(plan.fee_usd))}" for plan in report.plans.values())
    more = " + ?" if report.total.unknown_cost_calls else ""
    if not glance.fees:
        return [("to be paid", f"{show.text(glance.cash)}{more}: cash; the profile has no plan with a fee")]
    return [
        ("fees", f"{show.text(glance.fees)} fixed ({each})"),
        ("cash", f"{show.text(glance.cash)}{more} owed for calls"),
        ("to be paid", f"{show.text(glance.to_be_paid)}{more}: fees and cash"),
    ]


def _plan(plan: PlanUse, show: Currency) -> str:
    """`claude-max: $340.00 of use for $200.00 (170% of the fee)`."""
    if not plan.calls:
        return f"{plan.plan}: not used" + (f", for {show.text(plan.fee)}" if plan.fee else "")
    least = "at least " if plan.unpriced else ""
    use = "use of unknown worth" if plan.imputed is None else f"{least}{show.text(plan.imputed)} of use"
    if plan.fee is None:
        return f"{plan.plan}: {use}; the profile says no fee"
    share = f" ({plan.imputed / plan.fee:.0%} of the fee)" if plan.imputed is not None and plan.fee else ""
    return f"{plan.plan}: {use} for {show.text(plan.fee)}{share}"


def _savings(report: Report, savings: Decimal | None, show: Currency) -> list[Note]:
    if savings is None or not report.total.baseline:
        return []
    model = report.baseline_model.rpartition("/")[2]
    less = "cash and fees" if report.plan_fees else "cash"
    text = (
        f"about {show.text(savings)}, an estimate: the tokens of the successful calls would have cost "
        f"{show.text(report.total.baseline)} on {model} over the API, at each day's list price; less {less}"
    )
    return [("savings", text)]


def _cache(glance: Glance, show: Currency) -> list[Note]:
    cache, parts = glance.cache, []
    if cache.answers:
        saved = [f"{show.text(cache.cash)} of cash"] if cache.cash else []
        saved += [f"{show.text(cache.imputed)} of imputed cost"] if cache.imputed else []
        about = "about " if cache.estimated else ""
        how = "" if not cache.estimated else " (at the mean answer's)"
        if 0 < cache.estimated < cache.answers:
            how = f" ({cache.estimated} of them at the mean answer's)"
        worth = f" saved {about}{' and '.join(saved)}{how}" if saved else ""
        parts.append(f"{_number(cache.answers, 'answer')} from the cache{worth}")
    if cache.read_share:
        parts.append(f"{cache.read_share:.0%} of the prompts' tokens were read from the providers' caches")
    return [("cache", "; ".join(parts))] if parts else []


def _tiers(glance: Glance) -> str:
    total = sum(calls for _, calls in glance.tiers)
    shares = []
    for tier, calls in glance.tiers:
        name = "no tier" if tier is None else f"tier {tier}" + (" (strongest)" if tier == 0 else "")
        shares.append(f"{name} {calls / total:.0%}")
    return " · ".join(shares) + " of the answered calls"


def _forecast(glance: Glance, show: Currency) -> list[Note]:
    if not glance.running:
        return []
    forecast = glance.forecast
    if forecast is None:
        return [("forecast", f"none yet: it needs {FEWEST_DAYS} whole days of calls")]
    text = (
        f"about {show.text(forecast.cash)} of cash by the month's end, {show.text(forecast.low)} to "
        f"{show.text(forecast.high)} ({CONFIDENCE:.0%} range), by the last {forecast.days} days"
    )
    if glance.fees:
        text += f"; {show.text(glance.fees + forecast.cash)} with the fees"
    return [("forecast", text)]


def _sums(report: Report, show: Currency) -> list[Note]:
    """Fees, baseline and savings, where the month is not shown at a glance."""
    found: list[Note] = []
    if report.plan_fees:
        each = ", ".join(f"{plan.name} {show.text(Decimal(plan.fee_usd))}" for plan in report.plans.values())
        found.append(("plan fees", f"{show.text(report.plan_fees)} a month ({each}); not a part of cash"))
    if report.total.baseline:
        model = report.baseline_model.rpartition("/")[2]
        text = f"about {show.text(report.total.baseline)}: the same successful calls on {model} over the API, at list price"
        found.append(("baseline", text))
        savings = report.savings(report.total, report.plan_fees)
        if savings is not None:
            less = "cash and plan fees" if report.plan_fees else "cash"
            found.append(("savings", f"about {show.text(savings)}: an estimate, baseline less {less}"))
    return found


def _comparison(now: Report, before: Report, show: Currency) -> list[Note]:
    """The two periods in one line each, and the change of each total."""
    changes = (
        f"cash {change(now.total.cash, before.total.cash)} · imputed {change(now.total.imputed, before.total.imputed)}"
    )
    if now.total.baseline or before.total.baseline:
        changes += f" · calls {change(Decimal(now.total.calls), Decimal(before.total.calls))}"
    ends = f"{before.period.since:%Y-%m-%d} to {before.period.until:%Y-%m-%d %H:%M}"
    return [
        ("change", changes),
        ("before", f"{ends}: {cash(before.total, show)}, {_number(before.total.calls, 'call')}"),
    ]


def _hits(report: Report) -> str:
    return f" · {report.cache_hits} from the cache" if report.cache_hits else ""


def _narrowed(report: Report) -> str:
    parts = [f"{name} {' or '.join(values)}" for name, values in report.where.asked.items()]
    return f" · only {', '.join(parts)}" if parts else ""


def _number(count_: int, what: str) -> str:
    return f"{count_:,} {what}{'' if count_ == 1 else 's'}"
