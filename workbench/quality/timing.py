"""Rules about when things happened and when they were written down."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities, Touches
from workbench.quality import words
from workbench.quality.rule import Rule

LATE_AFTER_DAYS: Final = 14

_days_to_log = words.days_between("touch_day", "logged_day")
_is_closed = pl.col("status") != "open"

TIMING_RULES: Final = (
    Rule(
        id="touch_logged_late",
        table=Touches,
        severity="warning",
        title="Touch logged late",
        meaning=f"The touch was logged more than {LATE_AFTER_DAYS} days after its day.",
        why="What is written down from memory is contested, and definitions may refuse it.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Attach evidence that bears the touch's own date, and log within "
        f"{LATE_AFTER_DAYS} days from now on.",
        applies=pl.col("logged_day").is_not_null(),
        fails=_days_to_log > LATE_AFTER_DAYS,
        message=words.sentence(
            "{} was logged on {}, {} later.",
            words.touch(),
            "logged_day",
            words.day_count(_days_to_log),
        ),
    ),
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
)
