//! How many requests a run sends: counted by the clouds, compared with the report.
