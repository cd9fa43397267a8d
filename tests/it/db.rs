//! Tests of the db.
