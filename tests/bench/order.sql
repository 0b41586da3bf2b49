-- What pgbench runs: the call that an order over HTTP makes, for as random a product. The id is as
-- long as a real one and ascends like it: milliseconds (pgbench has no clock, so n starts as one and
-- counts), then random digits.
\set n :n + 1
\set random random(1, 9000000000000000000)
\set product random(1, :products)
SELECT * FROM place_order('local', NULL,
    lpad(to_hex(:n::BIGINT), 12, '0') || '-7000-' || lpad(to_hex(:random::BIGINT), 18, '0'),
    86400000000, ARRAY[:product::BIGINT], ARRAY[1::BIGINT], '', '');
