//! Tests of the psa connectwise.
