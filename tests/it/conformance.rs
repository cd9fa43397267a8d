//! Tests of the conformance.
