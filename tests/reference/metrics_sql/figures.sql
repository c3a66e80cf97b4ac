-- Sums, counts, means, medians and rates of the rows; the table `figures` holds every metric.

CREATE MACRO z() AS 1.959963984540054;
-- E. B. Wilson, JASA 22, 1927, 209-212.
CREATE MACRO wilson_middle(hits, n) AS (hits + z() ** 2 / 2) / (n + z() ** 2);
CREATE MACRO wilson_half(hits, n) AS
    z() / (n + z() ** 2) * sqrt(hits * (n - hits) / n + z() ** 2 / 4);
CREATE MACRO wilson_low(hits, n) AS wilson_middle(hits, n) - wilson_half(hits, n);
CREATE MACRO wilson_high(hits, n) AS wilson_middle(hits, n) + wilson_half(hits, n);

CREATE TABLE figures AS
WITH keys AS (
    SELECT DISTINCT metric, period, classification, dimension, member FROM counted
    UNION
    SELECT metric, period, unnest(classifications), 'all', 'all' FROM catalogue CROSS JOIN periods
),
summed AS (
    SELECT
        keys.*,
        count(counted.metric) AS rows,
        count(value) AS n,
        sum(value) AS total,
        avg(value::DOUBLE) AS mean,
        median(value::DOUBLE) AS median
    FROM keys
    LEFT JOIN counted USING (metric, period, classification, dimension, member)
    GROUP BY ALL
)
SELECT
    metric,
    period,
    classification,
    dimension,
    member,
    CASE kind
        WHEN 'amount' THEN CASE WHEN rows = 0 THEN 0 ELSE round_even(total, 2)::DOUBLE END
        WHEN 'count' THEN n
        WHEN 'median' THEN median
        ELSE mean
    END AS value,
    CASE WHEN kind IN ('rate', 'wilson') THEN coalesce(total, 0)::DOUBLE END AS numerator,
    CASE WHEN kind IN ('rate', 'wilson') THEN n::DOUBLE END AS denominator,
    n,
    CASE WHEN kind = 'wilson' AND n > 0 THEN wilson_low(total::DOUBLE, n) END AS ci_low,
    CASE WHEN kind = 'wilson' AND n > 0 THEN wilson_high(total::DOUBLE, n) END AS ci_high
FROM summed
JOIN catalogue USING (metric)
JOIN periods USING (period)
WHERE metric <> 'weighted_pipeline' OR is_last
UNION ALL  -- nobody knows what a probability was on an earlier day
SELECT 'weighted_pipeline', period, unnest(apart()), 'all', 'all', NULL, NULL, NULL, NULL, NULL, NULL
FROM periods
WHERE NOT is_last;

INSERT INTO figures
SELECT
    'cost_per_sourced_opportunity', period, 'sourced', 'all', 'all',
    CASE WHEN cost.n > 0 AND created.n > 0 THEN cost.value / created.n END,
    cost.value, created.n, created.n, NULL, NULL
FROM (FROM figures WHERE metric = 'program_cost' AND dimension = 'all') AS cost
JOIN (
    SELECT period, count(opportunity_id) AS n
    FROM periods
    LEFT JOIN facts ON class = 'sourced' AND created_on BETWEEN starts_on AND ends_on
    GROUP BY period
) AS created USING (period);
