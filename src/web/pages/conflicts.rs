//! TODO conflicts

use crate::web::Samples;
use crate::web::routes::{Entry, routes};

/// The routes.
pub const ROUTES: &[Entry] = routes! {};

/// The samples.
pub fn samples(_all: &mut Samples) {}
