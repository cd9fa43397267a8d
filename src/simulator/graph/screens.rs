//! The admin centre's pages of a user and of an app, as far as links lead to them. The address names them behind a `#`, which no
//! server gets to see: the page has everything of the tenant, and the browser shows what is named.

use std::fmt::Write as _;

use super::State;
use super::data::UserData;
use crate::simulator::kit::{Reply, Request, escaped, fields, screen};

/// Answers where the path is that of a tenant; `None` where it is another. Whoever looks counts as its administrator.
pub(super) fn answer(state: &State, request: &Request) -> Option<Reply> {
    let segments = request.segments();
    let [tenant] = segments.as_slice() else {
        return None;
    };
    if request.method != "GET" {
        return None;
    }
    let tenant = state.tenant(tenant)?;
    let mut sections = String::new();
    for user in &tenant.users {
        write!(
            sections,
            "<section id=\"view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{}\"><h2>{}</h2>{}</section>",
            escaped(&user.id),
            escaped(user.display_name.as_deref().unwrap_or_default()),
            fields(&rows(user))
        )
        .expect("writing to a string cannot fail");
    }
    for (client_id, app) in &tenant.apps {
        write!(
            sections,
            "<section id=\"view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/{0}\"><h2>App {0}</h2>{1}</section>",
            escaped(client_id),
            fields(&[("Client secrets", app.secrets.len().to_string())])
        )
        .expect("writing to a string cannot fail");
    }
    Some(screen(200, &tenant.display_name, &sections))
}

fn rows(user: &UserData) -> Vec<(&'static str, String)> {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let enabled = match user.account_enabled {
        Some(true) => "Yes",
        Some(false) => "No",
        None => "",
    };
    vec![
        ("User principal name", user.user_principal_name.clone()),
        ("Email", of(&user.mail)),
        ("Title", of(&user.job_title)),
        ("Department", of(&user.department)),
        ("Phone", user.business_phones.join(", ")),
        ("Mobile", of(&user.mobile_phone)),
        ("Account enabled", enabled.to_owned()),
        (
            "Licences",
            user.assigned_licenses
                .as_ref()
                .map(|all| all.len().to_string())
                .unwrap_or_default(),
        ),
    ]
}
