"""The pages of the rhythm: the monthly review and the weekly pulse; docs/reviews.md."""

from workbench.reviews.monthly import monthly_review
from workbench.reviews.movement import Earlier
from workbench.reviews.view import Review, review_page
from workbench.reviews.weekly import weekly_pulse

__all__ = ["Earlier", "Review", "monthly_review", "review_page", "weekly_pulse"]
