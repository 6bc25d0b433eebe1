-- What is left of a shop whose customers are erased, a page ($2 rows) of each table at a time.

-- name: staff
-- The staff.
delete from engine.staff where (shop, name) in (select shop, name from engine.staff where shop = $1 limit $2)

-- name: notices
-- What they were still to hear.
delete from engine.notice where (shop, id) in (select shop, id from engine.notice where shop = $1 limit $2)

-- name: reports
-- The reports that they get.
delete from engine.report where (shop, name) in (select shop, name from engine.report where shop = $1 limit $2)

-- name: tasks
-- What they were asked, and said.
delete from engine.task where (shop, task_id) in (select shop, task_id from engine.task where shop = $1 limit $2)

-- name: products
-- What is known of products. That the shop was erased stays known.
delete from engine.customer where (shop, key) in (
    select shop, key from engine.customer
    where shop = $1 and left(key, 4) = 'prd_'
    limit $2)

-- name: latest_events
-- The newest events of products.
delete from engine.latest_event where (shop, event_key, event_type, part) in (
    select shop, event_key, event_type, part from engine.latest_event where shop = $1 limit $2)

-- name: catalogue
-- Its catalogue.
delete from engine.product where (shop, product_id) in (
    select shop, product_id from engine.product where shop = $1 limit $2);

-- name: results
-- What its workflows came to.
delete from engine.result where ctid in (select ctid from engine.result where shop = $1 limit $2);

-- name: sales
-- What was bought.
delete from engine.sale where (shop, category, product_id) in (
    select shop, category, product_id from engine.sale where shop = $1 limit $2);

-- name: pairs
-- What was bought together.
delete from engine.co_purchase where (shop, product_id, other_id) in (
    select shop, product_id, other_id from engine.co_purchase where shop = $1 limit $2);

-- name: refreshed
-- For which workflows its customers were looked at last.
delete from engine.refreshed where shop = $1 and $2::int > 0
