"""Rules about how touches are logged, seen together: bursts, and a single hand behind all."""

from typing import Any, Final

import polars as pl

from workbench.contracts import Opportunities, Partners
from workbench.quality import words
from workbench.quality.grains import People
from workbench.quality.rule import Rule, Threshold


def _in_last(days: float, column: str) -> pl.Expr:
    """How many numbers of a list column are below `days`; a day itself is 0 before it."""
    return pl.col(column).list.eval((pl.element() < days).cast(pl.Int64)).list.sum()


def _opportunity_touches_before_close(
    share: float = 0.75, days: float = 5, touches: float = 4, lived: float = 30
) -> Rule:
    logged = pl.col("log_days_before_close")
    late = _in_last(days, "log_days_before_close")
    return Rule(
        id="opportunity_touches_before_close",
        table=Opportunities,
        severity="warning",
        title="Touches logged just before the close",
        meaning=f"At least {share:.0%} of the touches on the opportunity that were logged by its "
        f"close were logged in its last {days:g} days, there are at least {touches:g}, and it was "
        f"open for {lived:g} days or more.",
        why="Partners that are tagged when the outcome is in sight moved nothing.",
        owner="partner operations",
        days_to_mend=14,
        suggestion="Ask whoever logged them for evidence from the days that the touches bear.",
        applies=(logged.list.len() >= touches)
        & (words.days_between("created_day", "closed_day") >= lived),
        fails=late >= share * logged.list.len(),
        message=words.sentence(
            f"{{}} was {{}} on {{}}, and {{}} of {{}} on it were logged in its last {days:g} days.",
            words.opportunity(),
            "status",
            "closed_day",
            late,
            words.counted(logged.list.len(), "touch"),
        ),
        thresholds=(
            Threshold("share", share, "of its touches logged by the close"),
            Threshold("days", days, "days, the close included"),
            Threshold("touches", touches, "touches, at least"),
            Threshold("lived", lived, "days that it was open, at least"),
        ),
        made_by=_opportunity_touches_before_close,
    )


def _partner_touches_at_quarter_end(
    share: float = 0.5, days: float = 7, touches: float = 8
) -> Rule:
    return Rule(
        id="partner_touches_at_quarter_end",
        table=Partners,
        title="Touches of a partner logged at the quarter's end",
        message=_logged_at_quarter_end(pl.coalesce("name", "partner_id"), days),
        made_by=_partner_touches_at_quarter_end,
        **_at_quarter_end("partner", share, days, touches),
    )


def _person_touches_at_quarter_end(share: float = 0.5, days: float = 7, touches: float = 8) -> Rule:
    return Rule(
        id="person_touches_at_quarter_end",
        table=People,
        title="Touches that a person logged at the quarter's end",
        message=_logged_at_quarter_end(pl.col("logged_by"), days),
        made_by=_person_touches_at_quarter_end,
        **_at_quarter_end("person who logged them", share, days, touches),
    )


def _at_quarter_end(whose: str, share: float, days: float, touches: float) -> dict[str, Any]:
    """What the two rules about the quarter's end share."""
    logged = pl.col("log_days_to_quarter_end")
    return {
        "severity": "warning",
        "meaning": f"At least {share:.0%} of the touches of one {whose} were logged in the last "
        f"{days:g} days of a fiscal quarter, and there are at least {touches:g}.",
        "why": "Touches that are logged for the report, not when they happen, are contested first.",
        "owner": "partner operations",
        "days_to_mend": 14,
        "suggestion": "Agree that touches are logged within days, and ask for dated evidence.",
        "applies": logged.list.len() >= touches,
        "fails": _in_last(days, "log_days_to_quarter_end") >= share * logged.list.len(),
        "thresholds": (
            Threshold("share", share, "of the touches"),
            Threshold("days", days, "days, the last one included"),
            Threshold("touches", touches, "touches, at least"),
        ),
    }


def _logged_at_quarter_end(whose: pl.Expr, days: float) -> pl.Expr:
    return words.sentence(
        f"{{}} of {{}} of {{}} were logged in the last {days:g} days of a fiscal quarter.",
        _in_last(days, "log_days_to_quarter_end"),
        words.counted(pl.col("log_days_to_quarter_end").list.len(), "touch"),
        whose,
    )


def _person_logs_most(share: float = 0.8, touches: float = 50) -> Rule:
    logged = pl.col("log_days_to_quarter_end").list.len()
    return Rule(
        id="person_logs_most",
        table=People,
        severity="info",
        title="One person logs almost all touches",
        meaning=f"One person logged at least {share:.0%} of all touches that say who logged "
        f"them and when, and there are at least {touches:g}.",
        why="The log then shows what that person knows and wants, and nobody else vouches for it.",
        owner="partner operations",
        days_to_mend=None,
        suggestion="Let sellers and partner managers log what they took part in.",
        applies=pl.col("touches_of_all") >= touches,
        fails=logged >= share * pl.col("touches_of_all"),
        message=words.sentence(
            "{} logged {} of {} that say who logged them and when.",
            "logged_by",
            logged,
            words.counted("touches_of_all", "touch"),
        ),
        thresholds=(
            Threshold("share", share, "of all touches"),
            Threshold("touches", touches, "touches in all, at least"),
        ),
        made_by=_person_logs_most,
    )


PATTERN_RULES: Final = (
    _opportunity_touches_before_close(),
    _partner_touches_at_quarter_end(),
    _person_touches_at_quarter_end(),
    _person_logs_most(),
)
