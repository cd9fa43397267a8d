DROP TABLE company_notices;
DROP TABLE deliveries;
DROP TABLE notices;
