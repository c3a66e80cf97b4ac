-- Concentration, like with like, and how long a decision takes.

-- Bookings by group of partners with one parent: one row per period, class and group.
CREATE TABLE booked AS
SELECT period, class AS classification, partner_id,
    CASE WHEN partner_id IS NOT NULL THEN coalesce(top, partner_id) END AS top, credits.amount
FROM credits
JOIN taken USING (opportunity_id, class)
WHERE metric = 'bookings';

INSERT INTO figures
WITH by_partner AS (
    SELECT period, classification, sum(amount) AS amount
    FROM booked
    WHERE partner_id IS NOT NULL
    GROUP BY period, classification, partner_id
),
largest AS (
    SELECT period, classification, coalesce(max(amount), 0)::DOUBLE AS amount
    FROM by_partner
    GROUP BY ALL
)
SELECT
    'partner_concentration', period, classification, 'all', 'all',
    CASE WHEN bookings.value > 0 THEN largest.amount / bookings.value END,
    largest.amount, bookings.value, bookings.n, NULL, NULL
FROM figures AS bookings
LEFT JOIN largest USING (period, classification)
WHERE metric = 'bookings' AND dimension = 'all' AND classification <> 'direct';

INSERT INTO figures
WITH by_group AS (
    SELECT period, classification, sum(amount)::DOUBLE AS amount
    FROM booked
    WHERE top IS NOT NULL
    GROUP BY period, classification, top
    HAVING sum(amount) > 0
),
whole AS (
    SELECT
        period,
        classification,
        count(*) AS n,
        sum(amount) AS amount,
        list_sum(list_slice(list_reverse_sort(list(amount)), 1, 5)) AS of_five,
        sum(amount ** 2) AS of_squares
    FROM by_group
    GROUP BY ALL
)
SELECT unnest([
    {
        metric: 'top_partners_share', period: period, classification: classification,
        dimension: 'all', member: 'all', value: of_five / amount,
        numerator: of_five, denominator: amount, n: coalesce(n, 0), low: NULL, high: NULL
    },
    {
        metric: 'partner_concentration_index', period: period, classification: classification,
        dimension: 'all', member: 'all', value: of_squares / amount ** 2,
        numerator: NULL, denominator: NULL, n: coalesce(n, 0), low: NULL, high: NULL
    }
], recursive := true)
FROM periods
CROSS JOIN (VALUES ('sourced'), ('influenced')) AS classes(classification)
LEFT JOIN whole USING (period, classification);

-- R. G. Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10.
INSERT INTO figures
WITH sides AS (
    SELECT
        period,
        count(opportunity_id) FILTER (class <> 'direct') AS n1,
        count(opportunity_id) FILTER (class = 'direct') AS n0,
        count(opportunity_id) FILTER (class <> 'direct' AND status = 'won') AS won1,
        count(opportunity_id) FILTER (class = 'direct' AND status = 'won') AS won0,
        won1 / n1 AS p1,
        won0 / n0 AS p0
    FROM periods
    LEFT JOIN facts
        ON status IN ('won', 'lost') AND closed_on BETWEEN starts_on AND ends_on
    GROUP BY period
),
said AS (SELECT *, least(n1, n0) >= 20 AS is_said FROM sides)
SELECT
    'win_rate_difference', period, 'co_sell', 'all', 'all',
    CASE WHEN is_said THEN p1 - p0 END, NULL, NULL, n1 + n0,
    CASE WHEN is_said THEN p1 - p0
        - sqrt((p1 - wilson_low(won1, n1)) ** 2 + (wilson_high(won0, n0) - p0) ** 2) END,
    CASE WHEN is_said THEN p1 - p0
        + sqrt((wilson_high(won1, n1) - p1) ** 2 + (p0 - wilson_low(won0, n0)) ** 2) END
FROM said;

-- What is held against direct, and within which strata: one row per metric, period, side and opportunity.
CREATE TABLE compared AS
WITH closed AS (
    SELECT 'win_rate_difference_adjusted' AS metric, period, facts.*,
        (status = 'won')::INTEGER::DOUBLE AS y
    FROM facts
    JOIN periods ON status IN ('won', 'lost') AND closed_on BETWEEN starts_on AND ends_on
    UNION ALL
    SELECT 'days_to_close_difference_adjusted', period, facts.*, closed_on - created_on
    FROM facts
    JOIN periods ON status = 'won' AND closed_on BETWEEN year_starts_on AND ends_on
),
-- The third of an amount: how many of the amounts are smaller, in thirds of all of them.
banded AS (
    SELECT *,
        CASE WHEN amount IS NOT NULL THEN
            3 * (rank() OVER (PARTITION BY metric, period, amount IS NULL ORDER BY amount) - 1)
            // count(amount) OVER (PARTITION BY metric, period)
        END AS third
    FROM closed
)
SELECT metric, period, 'co_sell' AS classification, class <> 'direct' AS is_one, y,
    {segment: segment, kind: opportunity_type, third: third} AS stratum
FROM banded
UNION ALL
SELECT 'won_amount_ratio_adjusted', period, one.classification, class <> 'direct', ln(amount),
    {segment: segment, kind: opportunity_type, third: NULL}
FROM facts
JOIN periods ON status = 'won' AND closed_on BETWEEN year_starts_on AND ends_on
JOIN (VALUES ('sourced'), ('influenced')) AS one(classification)
    ON class IN ('direct', one.classification)
WHERE amount > 0;

-- Strata with both sides; `y` of a side is summed and squared.
CREATE TABLE strata AS
SELECT
    metric,
    period,
    classification,
    count(*) FILTER (is_one)::DOUBLE AS n1,
    count(*) FILTER (NOT is_one)::DOUBLE AS n0,
    n1 + n0 AS size,
    n1 * n0 / size AS weight,
    sum(y) FILTER (is_one) AS sum1,
    sum(y) FILTER (NOT is_one) AS sum0,
    sum1 / n1 - sum0 / n0 AS difference,
    var_pop(y) * size AS squares
FROM compared
GROUP BY metric, period, classification, stratum
HAVING n1 > 0 AND n0 > 0;

-- The pooled difference, and its variance: for the win rate of T. Sato, S. Greenland, J. M. Robins,
-- Biometrics 45, 1989, 1323-1324; for days and logarithms that of least squares with a constant for
-- each stratum, whose residuals are what is left within the strata.
CREATE TABLE pooled AS
WITH sums AS (
    SELECT
        metric,
        period,
        classification,
        sum(n1)::BIGINT AS n1,
        sum(n0)::BIGINT AS n0,
        count(*) AS strata,
        sum(weight) AS weights,
        sum(weight * difference) / weights AS difference,
        sum((n1 ** 2 * sum0 - n0 ** 2 * sum1 + n1 * n0 * (n0 - n1) / 2) / size ** 2) AS p,
        sum((sum1 * (n0 - sum0) + sum0 * (n1 - sum1)) / (2 * size)) AS q,
        sum(squares) - weights * (sum(weight * difference) / weights) ** 2 AS rest
    FROM strata
    GROUP BY metric, period, classification
)
SELECT *,
    n1 + n0 - strata - 1 AS freedom,
    CASE metric
        WHEN 'win_rate_difference_adjusted' THEN sqrt(difference * p + q) / weights
        ELSE sqrt(rest / freedom / weights)
    END AS standard_error
FROM sums;

INSERT INTO figures
WITH known AS (
    SELECT *, least(n1, n0) >= 20 AS is_said, metric = 'won_amount_ratio_adjusted' AS is_ratio
    FROM pooled
),
ends AS (
    SELECT *, unnest([-1, 0, 1]) AS side, difference + side * z() * standard_error AS place
    FROM known
)
SELECT
    asked.metric,
    period,
    asked.classification,
    'all',
    'all',
    max(CASE WHEN is_said THEN if(is_ratio, exp(place), place) END) FILTER (side = 0),
    NULL,
    NULL,
    coalesce(max(n1 + n0), 0),
    max(CASE WHEN is_said THEN if(is_ratio, exp(place), place) END) FILTER (side = -1),
    max(CASE WHEN is_said THEN if(is_ratio, exp(place), place) END) FILTER (side = 1)
FROM periods
CROSS JOIN (VALUES
    ('win_rate_difference_adjusted', 'co_sell'),
    ('days_to_close_difference_adjusted', 'co_sell'),
    ('won_amount_ratio_adjusted', 'sourced'),
    ('won_amount_ratio_adjusted', 'influenced')
) AS asked(metric, classification)
LEFT JOIN ends USING (metric, period, classification)
GROUP BY ALL;

-- E. L. Kaplan, P. Meier, JASA 53, 1958, 457-481; the interval after R. Brookmeyer, J. Crowley,
-- Biometrics 38, 1982, 29-41, with Greenwood's variance on the scale of the logarithm.
INSERT INTO figures
WITH waits AS (
    SELECT
        period,
        classification,
        coalesce(closed_on <= ends_on, false) AS is_over,
        CASE WHEN is_over THEN closed_on ELSE ends_on END - created_on AS age
    FROM facts
    JOIN periods ON created_on BETWEEN year_starts_on AND ends_on
    JOIN classifications USING (class)
    WHERE list_contains(of_days(), classification)
),
ages AS (
    SELECT
        period,
        classification,
        age,
        count(*) FILTER (is_over)::DOUBLE AS decided,
        sum(count(*)) OVER (PARTITION BY period, classification ORDER BY age DESC)::DOUBLE AS at_risk
    FROM waits
    GROUP BY period, classification, age
),
survival AS (
    SELECT
        period,
        classification,
        age,
        product(1 - decided / at_risk) OVER so_far AS going_on,
        sum(CASE WHEN decided < at_risk THEN decided / (at_risk * (at_risk - decided)) ELSE 0 END)
            OVER so_far AS greenwood,
        exp(z() * sqrt(greenwood)) AS spread
    FROM ages
    WINDOW so_far AS (PARTITION BY period, classification ORDER BY age)
),
half AS (SELECT 0.5 + 1e-9 AS half),
medians AS (
    SELECT
        period,
        classification,
        min(age) FILTER (going_on <= half) AS median,
        min(age) FILTER (going_on / spread <= half) AS low,
        min(age) FILTER (going_on * spread <= half AND going_on > 0) AS high
    FROM survival, half
    GROUP BY ALL
),
numbers AS (
    SELECT period, classification, count(*) AS n, count(*) FILTER (is_over) >= 20 AS is_said
    FROM waits
    GROUP BY ALL
)
SELECT
    'days_to_decision', period, classification, 'all', 'all',
    CASE WHEN is_said THEN median END, NULL, NULL, coalesce(n, 0),
    CASE WHEN is_said AND median IS NOT NULL THEN low END,
    CASE WHEN is_said AND median IS NOT NULL THEN high END
FROM periods
CROSS JOIN (SELECT unnest(of_days()) AS classification)
LEFT JOIN numbers USING (period, classification)
LEFT JOIN medians USING (period, classification);
