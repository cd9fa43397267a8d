//! Cuts a condition into words, signs and values. It knows no names and no rules of order.

/// One piece of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// Text between quotes; no escape is known for a quote inside.
    Quoted(String),
    /// A whole number.
    Number(i64),
    /// What stands in square brackets.
    Bracketed(String),
    /// An operator, a parenthesis or a comma.
    Sign(String),
}

/// The pieces, or why there are none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or("A quote is not closed.")?;
                (Token::Quoted(rest[1..=end].to_owned()), end + 2)
            }
            '[' => {
                let end = rest.find(']').ok_or("A bracket is not closed.")?;
                (Token::Bracketed(rest[1..end].to_owned()), end + 1)
            }
            '(' | ')' | ',' | '=' => (Token::Sign(first.to_string()), 1),
            '<' | '>' | '!' => {
                let length = if rest[1..].starts_with('=') { 2 } else { 1 };
                (Token::Sign(rest[..length].to_owned()), length)
            }
            '0'..='9' | '-' => {
                let length = span(rest, |c| c.is_ascii_digit() || c == '-');
                let number = rest[..length]
                    .parse()
                    .map_err(|_| format!("{} is not a number.", &rest[..length]))?;
                (Token::Number(number), length)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = span(rest, |c| c.is_ascii_alphanumeric() || "_/.".contains(c));
                (Token::Word(rest[..length].to_owned()), length)
            }
            other => return Err(format!("Unexpected character {other:?}.")),
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    if found.is_empty() {
        return Err("The condition is empty.".into());
    }
    Ok(found)
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}
