//! Which company a name on the command line means, and what is said where it means none.

use super::output::complain;
use crate::app::App;
use crate::db::companies;
use crate::model::Company;
use crate::model::meant::{did_you_mean, nearest};

/// What to do where no user has the name that was given.
pub const CHECK_THE_USER: &str = "check the user principal name or object id";

/// The company of this name; says so where there is none. An exact name wins; else upper and lower case do not matter, as
/// long as one company alone is meant.
pub async fn find(app: &App, name: &str) -> anyhow::Result<Option<Company>> {
    let name = name.trim();
    if name.is_empty() {
        complain("The company's name is empty: name one after --company");
        return Ok(None);
    }
    let mut all = app.db().read(companies::list).await?;
    if let Some(at) = all.iter().position(|company| company.name.trim() == name) {
        return Ok(Some(all.swap_remove(at)));
    }
    let folded = name.to_lowercase();
    let names: Vec<&str> = all.iter().map(|company| company.name.as_str()).collect();
    let mut same = (0..all.len()).filter(|&at| names[at].trim().to_lowercase() == folded);
    match (same.next(), same.next()) {
        (Some(at), None) => return Ok(Some(all.swap_remove(at))),
        (Some(one), Some(other)) => complain(&format!(
            "Several companies have the name \"{name}\" but for upper and lower case, such as {} and {}: write it exactly",
            names[one], names[other]
        )),
        (None, _) => complain(&unknown(
            name,
            &nearest(name, names.iter().map(|name| (*name, [Some(*name), None]))),
        )),
    }
    Ok(None)
}

/// The company of this name, for a command about one of its users; says so where there is no such company, or no user is named.
pub async fn find_with_user(app: &App, name: &str, user: &str) -> anyhow::Result<Option<Company>> {
    let company = find(app, name).await?;
    if company.is_some() && user.trim().is_empty() {
        complain("The user is empty: give a user principal name or object id after --user");
        return Ok(None);
    }
    Ok(company)
}

fn unknown(name: &str, near: &[&str]) -> String {
    let then = did_you_mean(near)
        .unwrap_or_else(|| "`rollcall fleet export` shows those that there are".to_owned());
    format!("There is no company \"{name}\": {then}")
}
