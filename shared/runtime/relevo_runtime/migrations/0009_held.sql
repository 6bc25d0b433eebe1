-- A shop that is being moved to another cell, or was: nothing is taken for it here. Written by `relevo shops move`.
alter table catalog.shop
    add column held_at  timestamptz,                 -- clock time since which senders are told to try again later
    add column moved_to text not null default '';    -- host, port and database where it is now; empty: it is here
