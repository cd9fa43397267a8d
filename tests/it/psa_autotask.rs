//! Tests of the psa autotask.
