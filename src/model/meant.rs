//! What was probably meant by a word that nothing has: the names that come near. Pure.

use strsim::osa_distance;

use super::text::folded;

/// So many names are suggested at most.
const SUGGESTED: usize = 3;

/// So many letters tell something of a name that has them in it.
const SHORTEST_PART: usize = 3;

/// How far a name is from what was written, in letters; 0 where it has the very words in it, `None` where it is far off.
pub fn likeness(wanted: &str, name: &str) -> Option<usize> {
    let (wanted, name) = (folded(wanted), folded(name));
    if wanted.is_empty() {
        return None;
    }
    // A sign of Chinese says as much as a word.
    let tells = wanted.chars().count() >= SHORTEST_PART || !wanted.is_ascii();
    if tells && name.contains(&*wanted) {
        return Some(0);
    }
    let letters = osa_distance(&wanted, &name);
    let bearable = (name.chars().count() / 3).clamp(1, 3);
    (letters <= bearable).then_some(letters)
}

/// The names that may have been meant, none nearer than another, and so few that they can be read in a sentence. Each comes with
/// the words that may have been written for it.
pub fn nearest<'n>(
    wanted: &str,
    names: impl IntoIterator<Item = (&'n str, [Option<&'n str>; 2])>,
) -> Vec<&'n str> {
    let near = names.into_iter().filter_map(|(name, words)| {
        let words = words.into_iter().flatten();
        let letters = words.filter_map(|word| likeness(wanted, word)).min()?;
        Some((letters, name))
    });
    let mut found: Vec<(usize, &str)> = near.collect();
    found.sort_unstable();
    // Addresses of one domain are all alike for the most part: who is a letter away leaves no doubt about the others.
    if let Some(&(nearest, _)) = found.first() {
        found.retain(|(letters, _)| *letters == nearest);
    }
    found.truncate(SUGGESTED);
    found.into_iter().map(|(_, name)| name).collect()
}

/// `did you mean "one", "two" or "three"?`; `None` for no name.
pub fn did_you_mean<N: AsRef<str>>(near: &[N]) -> Option<String> {
    let near: Vec<String> = near
        .iter()
        .map(|name| format!("\"{}\"", name.as_ref()))
        .collect();
    match &near[..] {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [most @ .., last] => Some(format!("did you mean {} or {last}?", most.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near<'n>(wanted: &str, names: &[&'n str]) -> Vec<&'n str> {
        nearest(
            wanted,
            names.iter().map(|name| (*name, [Some(*name), None])),
        )
    }

    #[test]
    fn a_name_a_letter_away_or_within_is_suggested_and_a_stranger_is_not() {
        let names = ["Contoso", "Contoso Labs", "Fabrikam", "Tailspin Toys"];
        assert_eq!(near("Contso", &names), ["Contoso"]);
        assert_eq!(near("contoso", &names), ["Contoso", "Contoso Labs"]);
        assert_eq!(near("Contoso Lab", &names), ["Contoso Labs"]);
        assert_eq!(near("it", &["Fit", "Init"]), ["Fit"]);
        assert_eq!(near("tailspin toyz", &names), ["Tailspin Toys"]);
        assert_eq!(near("Northwind", &names), [""; 0]);
        assert_eq!(near(" ", &names), [""; 0]);
        assert_eq!(near("伟", &["Bert", "伟 陈"]), ["伟 陈"]);
    }

    #[test]
    fn somebody_is_found_by_either_of_two_names() {
        let people = [
            (
                "ada@contoso.example",
                [Some("ada@contoso.example"), Some("Ada Lindqvist")],
            ),
            ("ben@contoso.example", [Some("ben@contoso.example"), None]),
        ];
        assert_eq!(nearest("ada lindkvist", people), ["ada@contoso.example"]);
        assert_eq!(
            nearest("ben@contosso.example", people),
            ["ben@contoso.example"]
        );
    }

    #[test]
    fn the_question_reads_well_for_one_name_and_for_several() {
        assert_eq!(did_you_mean::<&str>(&[]), None);
        assert_eq!(did_you_mean(&["A"]).as_deref(), Some("did you mean \"A\"?"));
        let three = did_you_mean(&["A", "B", "C"]);
        assert_eq!(
            three.as_deref(),
            Some("did you mean \"A\", \"B\" or \"C\"?")
        );
    }
}
