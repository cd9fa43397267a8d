//! Tests of the seal.
