DROP INDEX runs_by_status;
DROP INDEX links_of_a_user;
DROP INDEX writes_of_a_company;
