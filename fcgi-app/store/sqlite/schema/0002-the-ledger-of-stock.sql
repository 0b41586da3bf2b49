-- Stock belongs to orders. A product's quantity is at any moment the sum of its adjustments, less what
-- orders took, plus what cancelled orders gave back.

-- When the order was cancelled; NULL: it holds.
ALTER TABLE orders ADD COLUMN cancelled_us INTEGER;

-- What changed a product's stock and was no order. reason and run_as are '' where nobody gave them.
CREATE TABLE adjustments (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    product_id INTEGER NOT NULL REFERENCES products (id),
    made_us INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    change INTEGER NOT NULL,
    reason TEXT NOT NULL,
    run_as TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX adjustments_by_product ON adjustments (product_id);

-- What was there before the ledger.
INSERT INTO adjustments (product_id, change, reason)
SELECT p.id, p.quantity + coalesce(s.sold, 0), 'opening'
FROM products AS p LEFT JOIN (
    SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY product_id
) AS s ON s.product_id = p.id;

-- Whoever writes a product whole writes its ledger. Orders, cancellations and adjustments name the
-- quantity alone.
CREATE TRIGGER products_open AFTER INSERT ON products
BEGIN
    INSERT INTO adjustments (product_id, change, reason) VALUES (new.id, new.quantity, 'opening');
END;

CREATE TRIGGER products_import AFTER UPDATE OF name ON products WHEN new.quantity <> old.quantity
BEGIN
    INSERT INTO adjustments (product_id, change, reason)
    VALUES (new.id, new.quantity - old.quantity, 'import');
END;
