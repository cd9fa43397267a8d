//! Settings from the environment: `behaviour.md` section 10.
