//! Microsoft Graph and its login as servers with state.
