//! The fleet file: what is wrong with it, what it changes, and what is printed of it.

mod apply;
mod check;
mod clouds;
mod credentials;
mod parse;
mod places;
mod stage;
mod told;
mod world;
