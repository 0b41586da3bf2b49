-- A product that is retired is not for sale: no list shows it and no order takes it. What was ordered
-- before keeps it. A list reads past those that are retired: an index without them would make each
-- row of a list a search of its own.
ALTER TABLE products ADD COLUMN retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1));

-- Unique only so that the planner knows it, as orders_by_consumer. An order without a reference, which
-- is '', is not in it and costs it nothing.
CREATE UNIQUE INDEX orders_by_reference ON orders (consumer, reference, id) WHERE reference <> '';
