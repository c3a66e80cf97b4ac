"""Rules about when things happened and when they were written down."""

from typing import Final

import polars as pl

from workbench.contracts import Handoffs, Opportunities, Touches
from workbench.quality import words
from workbench.quality.grains import Histories
from workbench.quality.rule import Rule, Threshold

_days_to_log = words.days_between("touch_day", "logged_day")
_is_closed = pl.col("status") != "open"
_entered_early = pl.col("first_entered_day") < pl.col("created_day")
_entered_late = _is_closed & (pl.col("last_entered_day") > pl.col("closed_day"))


def _touch_logged_late(days: float = 14) -> Rule:
    return Rule(
        id="touch_logged_late",
        table=Touches,
        severity="warning",
        title="Touch logged late",
        meaning=f"The touch was logged more than {days:g} days after its day.",
        why="What is written down from memory is contested, and definitions may refuse it.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Attach evidence that bears the touch's own date, and log within "
        f"{days:g} days from now on.",
        applies=pl.col("logged_day").is_not_null(),
        fails=_days_to_log > days,
        message=words.sentence(
            "{} was logged on {}, {} later.",
            words.touch(),
            "logged_day",
            words.day_count(_days_to_log),
        ),
        thresholds=(Threshold("days", days, "calendar days"),),
        made_by=_touch_logged_late,
    )


def _touch_day_month_doubtful(days: float = 14, within: float = 7) -> Rule:
    exchanged_to_log = words.days_between("swapped_day", "logged_day")
    return Rule(
        id="touch_day_month_doubtful",
        table=Touches,
        severity="info",
        title="Touch with day and month perhaps exchanged",
        meaning=f"The touch was logged more than {days:g} days after its day, and with day and "
        f"month exchanged it would have been logged within {within:g} days.",
        why="A touch that seems to be logged late may only bear a wrong date.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Look at the date before asking why the touch was logged so late.",
        applies=(pl.col("touch_day") <= pl.col("logged_day")) & pl.col("swapped_day").is_not_null(),
        fails=(_days_to_log > days) & exchanged_to_log.is_between(0, within),
        message=words.sentence(
            "{} was logged on {}, {} later; with day and month exchanged it took place on {}.",
            words.touch(),
            "logged_day",
            words.day_count(_days_to_log),
            "swapped_day",
        ),
        thresholds=(
            Threshold("days", days, "calendar days to the log, as dated"),
            Threshold("within", within, "calendar days to the log, exchanged"),
        ),
        made_by=_touch_day_month_doubtful,
    )


def _touch_appeared_after_report(days: float = 14) -> Rule:
    unseen = words.days_between("touch_day", "read_before_day")
    return Rule(
        id="touch_appeared_after_report",
        table=Touches,
        severity="warning",
        title="Touch that an earlier report did not have",
        meaning=f"An earlier run read the sources more than {days:g} days after the touch's day, "
        "and did not find it.",
        why="Figures that were reported change, and nobody has seen the touch when it happened.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Attach evidence that bears the touch's own date, and say with the figures why "
        "they moved.",
        applies=pl.col("read_before_day").is_not_null(),
        fails=unseen > days,
        message=words.sentence(
            "{} was not there when the sources were read on {}, {} later; it was first read on {}.",
            words.touch(),
            "read_before_day",
            words.day_count(unseen),
            "first_seen_day",
        ),
        thresholds=(Threshold("days", days, "calendar days"),),
        made_by=_touch_appeared_after_report,
    )


TIMING_RULES: Final = (
    _touch_logged_late(),
    Rule(
        id="touch_logged_after_close",
        table=Touches,
        severity="warning",
        title="Touch logged after the close",
        meaning="The touch took place by the day on which its opportunity was won or lost, and "
        "was logged after it.",
        why="A tag that appears once the outcome is known is the first that a reviewer doubts.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Attach evidence from before the close; without any, let the touch not count.",
        applies=pl.col("logged_day").is_not_null()
        & (pl.col("touch_day") <= pl.col("opportunity_closed_day")).fill_null(value=False),
        fails=pl.col("logged_day") > pl.col("opportunity_closed_day"),
        message=words.sentence(
            "{} was logged on {}, {} after opportunity {} closed on {}.",
            words.touch(),
            "logged_day",
            words.day_count(words.days_between("opportunity_closed_day", "logged_day")),
            "opportunity_id",
            "opportunity_closed_day",
        ),
    ),
    Rule(
        id="touch_without_log_date",
        table=Touches,
        severity="warning",
        title="Touch without a log date",
        meaning="Nothing says when the touch was logged.",
        why="Nobody can tell whether it was known before the opportunity closed.",
        owner="RevOps",
        days_to_mend=14,
        suggestion="Map the creation date of the touch's record to `logged_at`.",
        fails=pl.col("logged_day").is_null(),
        message=words.sentence("{} does not say when it was logged.", words.touch()),
    ),
    Rule(
        id="touch_in_future",
        table=Touches,
        severity="error",
        title="Touch dated in the future",
        meaning="The touch is dated after the day on which the sources were read.",
        why="It has not happened: it is a plan or a slip, and counts for nothing until then.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=7,
        suggestion="Correct the date, or delete the touch and log it once it has happened.",
        fails=pl.col("touch_day") > pl.col("read_day"),
        message=words.sentence(
            "{} is dated {} after the sources were read on {}.",
            words.touch(),
            words.day_count(words.days_between("read_day", "touch_day")),
            "read_day",
        ),
    ),
    Rule(
        id="touch_day_month_swapped",
        table=Touches,
        severity="warning",
        title="Touch with day and month probably exchanged",
        meaning="The touch is dated after it was logged, and would not be with day and month "
        "exchanged.",
        why="A wrong date moves a touch from before the opportunity to after it, or back.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=7,
        suggestion="Correct the date, and check the date format of the file that it came from.",
        applies=pl.col("logged_day").is_not_null() & pl.col("swapped_day").is_not_null(),
        fails=(pl.col("touch_day") > pl.col("logged_day"))
        & (pl.col("swapped_day") <= pl.col("logged_day")),
        message=words.sentence(
            "{} was logged before that, on {}; with day and month exchanged it took place on {}.",
            words.touch(),
            "logged_day",
            "swapped_day",
        ),
    ),
    _touch_day_month_doubtful(),
    Rule(
        id="touch_appeared_after_close",
        table=Touches,
        severity="warning",
        title="Touch that appeared after the close",
        meaning="By its dates the touch took place and was logged by the day on which its "
        "opportunity was won or lost; yet a run that read the sources after that day did not find "
        "it.",
        why="A date that the log gives itself proves nothing; this one was probably set back.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Attach evidence from before the close; without any, let the touch not count.",
        applies=pl.col("read_before_day").is_not_null()
        & (
            pl.max_horizontal("touch_day", "logged_day") <= pl.col("opportunity_closed_day")
        ).fill_null(value=False),
        fails=pl.col("read_before_day") > pl.col("opportunity_closed_day"),
        message=words.sentence(
            "{} was not there when the sources were read on {}, {} after opportunity {} closed; it "
            "was first read on {}.",
            words.touch(),
            "read_before_day",
            words.day_count(words.days_between("opportunity_closed_day", "read_before_day")),
            "opportunity_id",
            "first_seen_day",
        ),
    ),
    _touch_appeared_after_report(),
    Rule(
        id="opportunity_closed_before_created",
        table=Opportunities,
        severity="error",
        title="Opportunity closed before it was created",
        meaning="The opportunity was won or lost on a day before the one it was created on.",
        why="No touch can fall between the two, and the days to close are negative.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=7,
        suggestion="Correct the close date. If the sale was entered afterwards, set the creation "
        "date to the day on which it began.",
        applies=_is_closed,
        fails=pl.col("closed_day") < pl.col("created_day"),
        message=words.sentence(
            "{} was {} on {}, {} before it was created on {}.",
            words.opportunity(),
            "status",
            "closed_day",
            words.day_count(words.days_between("closed_day", "created_day")),
            "created_day",
        ),
    ),
    Rule(
        id="opportunity_open_past_close",
        table=Opportunities,
        severity="warning",
        title="Open opportunity whose close date is past",
        meaning="The opportunity is open, and its close date lies before the day on which the "
        "sources were read.",
        why="It stands in the pipeline although it was lost, was won, or will come later.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=7,
        suggestion="Close the opportunity, or set the close date that is expected now.",
        applies=~_is_closed & pl.col("closed_day").is_not_null(),
        fails=pl.col("closed_day") < pl.col("read_day"),
        message=words.sentence(
            "{} is open in stage {}, and was to close on {}, {} before the sources were read.",
            words.opportunity(),
            "stage",
            "closed_day",
            words.day_count(words.days_between("closed_day", "read_day")),
        ),
    ),
    Rule(
        id="opportunity_history_outside_life",
        table=Histories,
        severity="warning",
        title="Stage entered before the creation or after the close",
        meaning="The stage history has an entry on a day before the opportunity was created, or "
        "after it was won or lost.",
        why="Days per stage come out wrong, and one of the dates that decide a class may be, too.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Correct the creation or close date where the history is right.",
        fails=_entered_early | _entered_late,
        message=words.sentence(
            "{} was created on {}{}, but {}.",
            words.opportunity(),
            "created_day",
            pl.when(_is_closed)
            .then(words.sentence(" and {} on {}", "status", "closed_day"))
            .otherwise(pl.lit("")),
            pl.when(_entered_early)
            .then(words.sentence("entered a stage on {}", "first_entered_day"))
            .otherwise(words.sentence("entered a stage on {}", "last_entered_day")),
        ),
    ),
    Rule(
        id="opportunity_history_ends_elsewhere",
        table=Histories,
        severity="warning",
        title="Stage history that ends in another stage",
        meaning="The last entry of the stage history is not the stage that the opportunity has.",
        why="One of the two is out of date, and with it the status or the days per stage.",
        owner="RevOps",
        days_to_mend=14,
        suggestion="Export opportunities and stage history at the same time, from one system.",
        fails=~pl.col("stage").is_in(pl.col("last_stages")),
        message=words.sentence(
            "{} is in stage {}; its history ends in {} on {}.",
            words.opportunity(),
            "stage",
            pl.col("last_stages").list.join(" and "),
            "last_entered_day",
        ),
    ),
    Rule(
        id="handoff_answered_before_sent",
        table=Handoffs,
        severity="error",
        title="Handoff answered before it was sent",
        meaning="The day of the answer lies before the day on which the handoff was sent.",
        why="The days to the answer are negative, and one of the two dates is wrong.",
        owner="the person in `seller`",
        owner_column="seller",
        days_to_mend=7,
        suggestion="Correct the date that is wrong.",
        applies=pl.col("responded_day").is_not_null(),
        fails=pl.col("responded_day") < pl.col("sent_day"),
        message=words.sentence(
            "The handoff with {} sent on {} was {} on {}, {} before.",
            pl.coalesce("partner_name", "partner_id"),
            "sent_day",
            "response",
            "responded_day",
            words.day_count(words.days_between("responded_day", "sent_day")),
        ),
    ),
    Rule(
        id="handoff_answer_undated",
        table=Handoffs,
        severity="warning",
        title="Handoff whose answer and date disagree",
        meaning="The handoff is accepted or rejected without a date, or pending with one.",
        why="It is missing from the days to an answer, or counted as open although it is not.",
        owner="the person in `seller`",
        owner_column="seller",
        days_to_mend=14,
        suggestion="Enter the day of the answer, or the answer of that day.",
        fails=(pl.col("response") == "pending") == pl.col("responded_day").is_not_null(),
        message=words.sentence(
            "The handoff with {} sent on {} is {}{}.",
            pl.coalesce("partner_name", "partner_id"),
            "sent_day",
            "response",
            pl.when(pl.col("responded_day").is_null())
            .then(pl.lit(", and nothing says since when"))
            .otherwise(words.sentence(", but was answered on {}", "responded_day")),
        ),
    ),
)
