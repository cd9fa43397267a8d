//! Portal: what all requests share.

use std::sync::Arc;

use super::templates::Templates;
use crate::app::App;

/// What all requests share; cheap to clone.
#[derive(Clone)]
pub struct Portal(Arc<Inner>);

struct Inner {
    app: App,
    templates: Templates,
    demo: bool,
}

impl Portal {
    /// The portal of this program.
    ///
    /// # Errors
    /// Where a template is wrong.
    pub fn new(app: App) -> anyhow::Result<Self> {
        let demo = app.config().is_simulated();
        Ok(Self(Arc::new(Inner {
            app,
            templates: Templates::load()?,
            demo,
        })))
    }

    /// The program's state.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The templates.
    pub fn templates(&self) -> &Templates {
        &self.0.templates
    }

    /// Whether every cloud is simulated, which every page then says.
    pub fn is_demo(&self) -> bool {
        self.0.demo
    }

    /// Where people see a user of the simulated Microsoft 365; `None` where it is the real one.
    pub fn simulated_centre(&self) -> Option<String> {
        let login = self.0.app.config().login_url.clone();
        login.filter(|_| self.0.demo)
    }

    /// Whether browsers reach the portal by https, so that cookies may be bound to it.
    pub fn is_secure(&self) -> bool {
        let url = &self.0.app.config().public_url;
        url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}
