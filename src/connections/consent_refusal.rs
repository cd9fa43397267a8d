//! Why no tenant was connected by a consent, in sentences for whoever tried.

use thiserror::Error;

use crate::sync::failure::RunError;

/// Why no tenant was connected; each is one sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsentRefusal {
    /// There is no app to consent to.
    #[error("The Microsoft app is not set up: an administrator enters it in the settings first")]
    NoApp,
    /// The company is gone.
    #[error("The company does not exist any more")]
    NoCompany,
    /// The answer belongs to no question.
    #[error(
        "This answer of Microsoft was not asked for, or was used already: start again with Connect"
    )]
    Unknown,
    /// The question was asked in another browser session.
    #[error(
        "The connection was started in another session: start it again here, or finish it in the browser where you began"
    )]
    OtherSession,
    /// The answer came after an hour or more.
    #[error("The answer came too late: start again with Connect")]
    Expired,
    /// The administrator did not consent.
    #[error(
        "The administrator of the tenant did not accept: nothing was connected. Start again with Connect when they are ready to"
    )]
    Denied,
    /// Microsoft answered with another error.
    #[error(
        "Microsoft did not connect the tenant: sign in there as an administrator who may consent for the whole organization, then \
         start again with Connect"
    )]
    Failed,
    /// Another tenant than the one that is connected.
    #[error(
        "Another tenant answered than the one that is connected, so nothing was changed. If it is the right one, disconnect the \
         present tenant first: that says what becomes of the links"
    )]
    OtherTenant,
    /// The answer names no tenant.
    #[error("Microsoft's answer names no tenant: start again with Connect")]
    NoTenant,
    /// What was typed is no tenant's name.
    #[error("Type the tenant ID, or a domain of the tenant such as contoso.example")]
    NotATenant,
    /// The app is not in the tenant, or was not granted what it asks for.
    #[error(
        "Your app may not read this tenant: nobody there has accepted yet, or not as an administrator who may consent for the whole \
         organization, or Microsoft needs a minute more. Then try again"
    )]
    NoConsent,
    /// The tenant could not be read.
    #[error(
        "The tenant was not connected, because it could not be read: {message}. After a consent Microsoft may need a minute: then \
         try again"
    )]
    Unreadable {
        /// What happened, without a full stop.
        message: String,
    },
    /// Rollcall itself failed.
    #[error("{0}")]
    Rollcall(String),
}

impl From<RunError> for ConsentRefusal {
    fn from(error: RunError) -> Self {
        Self::Rollcall(error.message)
    }
}

impl From<crate::db::DbError> for ConsentRefusal {
    fn from(error: crate::db::DbError) -> Self {
        RunError::from(error).into()
    }
}
