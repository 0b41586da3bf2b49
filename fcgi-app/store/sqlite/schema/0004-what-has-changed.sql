-- Tells whoever shows products that they have changed. Writers come one after the other, so the ids
-- have no gap, and their order is that of the commits. The newest entry is never forgotten, so no id
-- comes twice.
CREATE TABLE product_changes (
    id INTEGER NOT NULL PRIMARY KEY,
    product_id INTEGER NOT NULL
) STRICT;

CREATE TRIGGER products_inserted AFTER INSERT ON products
BEGIN
    INSERT INTO product_changes (product_id) VALUES (new.id);
END;

CREATE TRIGGER products_updated AFTER UPDATE ON products
BEGIN
    INSERT INTO product_changes (product_id) VALUES (new.id);
END;

CREATE TRIGGER products_deleted AFTER DELETE ON products
BEGIN
    INSERT INTO product_changes (product_id) VALUES (old.id);
END;
