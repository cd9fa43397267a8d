//! Microsoft Graph: tokens, users, groups and licences of a tenant, as words of `model`. Never decides.
