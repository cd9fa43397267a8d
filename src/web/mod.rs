//! The portal in the browser. It draws pages and takes forms; it decides nothing about contacts.

pub mod assets;
