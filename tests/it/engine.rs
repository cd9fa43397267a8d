//! The engine: a snapshot goes in, a plan comes out. Tables of the rules of `behaviour.md` sections 1 to 8, one test a
//! sentence, and properties over random worlds. No clouds, no database.

/// A table of worlds and what the plan says of people in them; each line is a test of its own.
macro_rules! cases {
    ($($name:ident: $world:expr => $($user:literal: $says:literal),+;)*) => {$(
        #[test]
        fn $name() {
            let plan = $world.plan();
            $(assert_eq!(super::words::says(&plan, $user), $says, "{}", $user);)+
        }
    )*};
}

mod active;
mod apply;
mod back;
mod cover;
mod debug;
mod effect;
mod example;
mod fields;
mod filters;
mod finding;
mod holds;
mod left;
mod looks;
mod messy;
mod names;
mod properties;
mod table;
mod wanted;
mod words;
mod world;
