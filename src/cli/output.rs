//! How the command line prints: results to standard output, everything else to standard error.

use std::io::Write as _;

use comfy_table::{Cell, ContentArrangement, Table};
use console::Style;

/// Prints a line of results. A closed pipe is no error: whoever read has read enough.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line about what goes on, or went wrong.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The text with a capital letter in front.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `1 person`, `2 people`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A table without lines that fits the terminal's width.
pub fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    let bold = Style::new().bold();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(head.map(|title| Cell::new(bold.apply_to(title))));
    table
}

/// Prints a table, moved in by two spaces.
pub fn say_table(table: &Table) {
    for line in table.lines() {
        say(&format!(" {}", line.trim_end()));
    }
}

/// Green, where colours are shown.
pub fn good(text: &str) -> String {
    Style::new().green().apply_to(text).to_string()
}

/// Yellow, where colours are shown.
pub fn warning(text: &str) -> String {
    Style::new().yellow().apply_to(text).to_string()
}

/// Red, where colours are shown.
pub fn bad(text: &str) -> String {
    Style::new().red().apply_to(text).to_string()
}

/// Faint, where colours are shown.
pub fn faint(text: &str) -> String {
    Style::new().dim().apply_to(text).to_string()
}
