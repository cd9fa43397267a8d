//! Which company a name on the command line means, and what is said where it means none.

use super::output::complain;
use crate::app::App;
use crate::db::companies;
use crate::model::Company;

/// So many names are suggested.
const SUGGESTED: usize = 3;

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
        (None, _) => complain(&unknown(name, &nearest(name, &names))),
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
    let near: Vec<String> = near.iter().map(|name| format!("\"{name}\"")).collect();
    match &near[..] {
        [] => format!(
            "There is no company \"{name}\": `rollcall fleet export` shows those that there are"
        ),
        [one] => format!("There is no company \"{name}\": did you mean {one}?"),
        [most @ .., last] => format!(
            "There is no company \"{name}\": did you mean {} or {last}?",
            most.join(", ")
        ),
    }
}

/// The names that may have been meant: those that contain the words, and those a few letters away, the nearest first.
fn nearest<'a>(wanted: &str, names: &[&'a str]) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let near = |name: &&'a str| {
        let folded = name.trim().to_lowercase();
        let letters = distance(&wanted, &folded);
        let bearable = (wanted.chars().count() / 3).max(1);
        if folded.contains(&wanted) {
            Some((0, *name))
        } else {
            (letters <= bearable).then_some((letters, *name))
        }
    };
    let mut found: Vec<(usize, &str)> = names.iter().filter_map(near).collect();
    found.sort_unstable();
    found.truncate(SUGGESTED);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How many letters have to be put in, taken out or exchanged to make one text the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, wanted) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_letter_away_or_within_is_suggested_and_a_stranger_is_not() {
        let names = ["Contoso", "Contoso Labs", "Fabrikam", "Tailspin Toys"];
        assert_eq!(nearest("Contso", &names), ["Contoso"]);
        assert_eq!(nearest("contoso", &names), ["Contoso", "Contoso Labs"]);
        assert_eq!(nearest("tailspin toyz", &names), ["Tailspin Toys"]);
        assert_eq!(nearest("Northwind", &names), [""; 0]);
    }

    #[test]
    fn a_distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
