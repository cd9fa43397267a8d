//! Files of comma-separated values. A cell that a spreadsheet would take for a formula is shown as text.

use anyhow::Context;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::WebError;

/// A part of a file's name is no longer than this.
const LONGEST_PART: usize = 60;
/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The bytes of a file with a head and rows, in UTF-8 with a mark that spreadsheets know it by.
///
/// # Errors
/// Where a row has more or fewer cells than the head.
pub fn file<R, C>(head: &[&str], rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, WebError>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(head).context("a file's head")?;
    write(writer, rows)
}

/// The bytes of further rows, for a file that is made piece by piece.
///
/// # Errors
/// Where one row has more or fewer cells than another.
pub fn rows<R, C>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, WebError>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    write(csv::Writer::from_writer(Vec::new()), rows)
}

fn write<R, C>(
    mut writer: csv::Writer<Vec<u8>>,
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<u8>, WebError>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    for row in rows {
        let cells = row.into_iter().map(|one| cell(one.as_ref()));
        writer.write_record(cells).context("a file's row")?;
    }
    let bytes = writer.into_inner();
    Ok(bytes.map_err(|error| anyhow::anyhow!("a file: {error}"))?)
}

/// The text as a cell: with a `'` in front where it would be a formula.
pub fn cell(text: &str) -> String {
    if text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A name as a part of a file's name: in lower case, of ASCII letters and digits with hyphens between. Where none is left, `instead`.
pub fn part_of_name(name: &str, instead: &str) -> String {
    let mut part = String::new();
    // Of a letter with an accent the letter stays.
    for letter in name.nfd().filter(|letter| !is_combining_mark(*letter)) {
        if letter.is_ascii_alphanumeric() {
            part.push(letter.to_ascii_lowercase());
        } else if !part.is_empty() && !part.ends_with('-') {
            part.push('-');
        }
        if part.len() >= LONGEST_PART {
            break;
        }
    }
    match part.trim_end_matches('-') {
        "" => instead.to_owned(),
        part => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_is_text() {
        for text in ["=1+1", "+49", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("Contoso"), "Contoso");
        assert_eq!(cell(""), "");
    }

    #[test]
    fn quotes_and_line_ends_stay_in_their_cell() {
        let bytes = file(&["Name", "Why"], [["A \"B\", C", "one\ntwo"]]).expect("a file");
        let text = String::from_utf8(bytes).expect("text");
        assert_eq!(text, "\u{feff}Name,Why\n\"A \"\"B\"\", C\",\"one\ntwo\"\n");
    }

    #[test]
    fn a_company_is_a_part_of_a_files_name_in_plain_letters() {
        for (name, part) in [
            ("Tailspin Toys", "tailspin-toys"),
            (" M\u{fc}ller & S\u{f6}hne, \"Ltd.\" ", "muller-sohne-ltd"),
            ("../../etc\r\nX: y", "etc-x-y"),
            ("\u{682a}\u{5f0f}\u{4f1a}\u{793e}", "company-7"),
            ("", "company-7"),
        ] {
            assert_eq!(part_of_name(name, "company-7"), part);
        }
        assert_eq!(part_of_name(&"long ".repeat(80), "x").len(), 59);
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        assert!(file(&["Name", "Why"], [["one"]]).is_err());
    }
}
