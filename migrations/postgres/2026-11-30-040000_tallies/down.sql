DROP INDEX events_in_order;
DROP TABLE tallies;
