-- The credit under the model $model, by largest remainder, from what timing.sql left in `weights`.
COPY (
    WITH shares AS (
        SELECT *, $model / sum($model) OVER (PARTITION BY opportunity_id) AS share, $parts AS part
        FROM weights
        WHERE $model > 0
    ),
    split AS (
        SELECT
            *,
            (abs(amount_reporting) * 100)::HUGEINT AS cents,
            sum(part) OVER (PARTITION BY opportunity_id) AS parts,
            cents * part // parts AS whole_cents,
            ((cents * part % parts) * 131072 + parts // 2) // parts AS remainder
        FROM shares
    ),
    placed AS (
        SELECT
            *,
            cents - sum(whole_cents) OVER (PARTITION BY opportunity_id) AS left_over,
            row_number() OVER (PARTITION BY opportunity_id ORDER BY remainder DESC, first_turn) AS place
        FROM split
    )
    SELECT
        opportunity_id,
        partner_id,
        classification,
        '$name' AS model,
        share::DOUBLE AS share,
        (sign(amount_reporting) * (whole_cents + (place <= left_over)::HUGEINT)::DECIMAL(20, 0) * 0.01)
            ::DECIMAL(18, 2) AS credited_amount
    FROM placed
    ORDER BY opportunity_id, partner_id
) TO '$output/partner_credit_$name.parquet' (COMPRESSION zstd);
