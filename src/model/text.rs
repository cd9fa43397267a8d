//! How text is compared and cut (`behaviour.md` section 7), and how sentences are put together.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text in Unicode NFC.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The value trimmed, in NFC and on one line; `None` where it is missing, empty or only white space.
pub fn present(value: Option<&str>) -> Option<Cow<'_, str>> {
    let trimmed = value?.trim();
    if trimmed.is_empty() {
        None
    } else {
        Some(line(trimmed))
    }
}

/// The value trimmed, in NFC and on one line: a PSA turns line breaks into spaces.
pub fn line(value: &str) -> Cow<'_, str> {
    let value = nfc(value.trim());
    if value.contains(['\r', '\n']) {
        let lines: Vec<&str> = value
            .split(['\r', '\n'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        Cow::Owned(lines.join(" "))
    } else {
        value
    }
}

/// The form in which addresses and filter values are compared: trimmed, NFC, case ignored.
pub fn folded(text: &str) -> Cow<'_, str> {
    let text = nfc(text.trim());
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            text
        }
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// The text's first `limit` UTF-16 units without splitting a character, white space at the ends trimmed again.
pub fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut units = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > limit {
            return text[..at].trim();
        }
    }
    text
}

/// A phone number's digits, by which numbers are compared; empty where it has none.
pub fn digits(text: &str) -> String {
    text.chars()
        .filter_map(|character| character.to_digit(10).and_then(|d| char::from_digit(d, 10)))
        .collect()
}

/// Whether both texts have the same digits in the same order.
pub fn same_digits(one: &str, other: &str) -> bool {
    one.chars()
        .filter(char::is_ascii_digit)
        .eq(other.chars().filter(char::is_ascii_digit))
}

/// The part of an address after its last `@`, folded; `None` where there is no `@`.
pub fn domain(address: &str) -> Option<Cow<'_, str>> {
    address.rsplit_once('@').map(|(_, domain)| folded(domain))
}

/// The text with a capital in front.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A sentence: with a capital at the beginning and a full stop at the end, unless it ends as a sentence already. An address is none,
/// and stays as it is.
pub fn sentence(text: &str) -> String {
    if text.contains('@') && !text.trim().contains(char::is_whitespace) {
        return text.trim().to_owned();
    }
    let mut whole = capital(text.trim());
    if !whole.is_empty() && !whole.ends_with(['.', '!', '?', '…', ':']) {
        whole.push('.');
    }
    whole
}

/// What somebody is called: their name as displayed, without white space around it; where it is blank, their user principal name.
pub fn called<'a>(name: &'a str, upn: &'a str) -> &'a str {
    match name.trim() {
        "" => upn,
        name => name,
    }
}

/// A moment in full, where it cannot be shown in the reader's own zone: "31 Jan 2026, 02:30 UTC".
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

/// "1 person", "2 people".
pub fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_is_no_sentence() {
        assert_eq!(
            sentence(" chloe@proseware.example "),
            "chloe@proseware.example"
        );
        assert_eq!(
            sentence("asked by chloe@proseware.example"),
            "Asked by chloe@proseware.example."
        );
    }

    #[test]
    fn a_cut_never_splits_a_character_and_counts_utf16_units() {
        assert_eq!(cut("abcdef", 3), "abc");
        assert_eq!(cut("ab cdef", 3), "ab");
        assert_eq!(cut("a😀b", 2), "a");
        assert_eq!(cut("a😀b", 3), "a😀");
        assert_eq!(cut("éééé", 2), "éé");
        assert_eq!(cut("short", 30), "short");
    }

    #[test]
    fn text_is_compared_in_nfc() {
        assert_eq!(present(Some(" Rene\u{301} ")).as_deref(), Some("Ren\u{e9}"));
        assert_eq!(present(Some(" \t ")), None);
        assert_eq!(
            folded(" JOSE\u{301}@Contoso.Example "),
            "jos\u{e9}@contoso.example"
        );
    }

    #[test]
    fn phones_are_compared_by_their_digits() {
        assert!(same_digits("+44 (0)20 7946 0000", "4402079460000"));
        assert!(!same_digits("123", "124"));
        assert_eq!(digits("ext."), "");
    }
}
